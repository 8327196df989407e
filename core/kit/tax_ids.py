"""VAT ids: who needs one, and whether it has the form and the check digits of its country (not whether it is
registered)."""

from __future__ import annotations

from functools import lru_cache

from stdnum import exceptions as stdnum_exceptions
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat

# As VAT ids name them: Greece is EL there, and codes are as in ISO otherwise.
_EU = frozenset(code.upper() for code in eu_vat.MEMBER_STATES) - {"XI"}


@lru_cache(maxsize=50_000)
def is_valid_tax_id(country: str, tax_id: str) -> bool:
    """Of a country whose check digits are not known anything that is not blank is valid."""
    if country not in _EU and country != "GB":
        return bool(tax_id.strip())
    try:
        if country == "GB":
            gb_vat.validate(tax_id)
            return True
        compact = tax_id.replace(" ", "").upper()
        prefix = "EL" if country == "GR" else country
        if country == "GR" and compact.startswith("GR"):
            compact = prefix + compact.removeprefix("GR")
        eu_vat.validate(compact if compact.startswith(prefix) else prefix + compact)
    except stdnum_exceptions.ValidationError:
        return False
    return True


def is_reverse_charge(seller_country: str | None, buyer_country: str | None) -> bool:
    """A business in another member state accounts for the tax itself, if it has a VAT id."""
    return seller_country in _EU and buyer_country in _EU and seller_country != buyer_country


def needs_tax_id(seller_country: str | None, buyer_country: str | None) -> bool:
    """Whether an invoice to a business without a tax id is not a valid tax invoice."""
    return seller_country in _EU | {"GB"} and buyer_country in _EU | {"GB"}
