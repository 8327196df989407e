"""Which rates of tax may stand on an invoice, as far as a table without a tax engine can say."""

from __future__ import annotations

from decimal import Decimal

EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)

# Percent per country of the selling entity, for customers in the same country (standard rates of 2025-2026).
_DOMESTIC: dict[str, tuple[Decimal, ...]] = {
    "US": (Decimal(0),),  # software as a service is untaxed in most states; others come from a tax engine
    "CA": (Decimal(5), Decimal(13), Decimal(15)),
    "GB": (Decimal(20),),
    "DE": (Decimal(19),),
    "FR": (Decimal(20),),
    "AU": (Decimal(10),),
}
_ZERO = (Decimal(0),)


def is_reverse_charge(entity_country: str | None, customer_country: str | None) -> bool:
    """A business in another member state accounts for the tax itself, if it has a VAT id."""
    return entity_country in EU and customer_country in EU and entity_country != customer_country


def allowed_rates(entity_country: str | None, customer_country: str | None) -> tuple[Decimal, ...] | None:
    """Percent rates that may be charged; None when the table cannot say."""
    if entity_country is None or customer_country is None:
        return None
    if is_reverse_charge(entity_country, customer_country):
        return _ZERO
    if entity_country == customer_country:
        return _DOMESTIC.get(entity_country)
    return _ZERO


def needs_tax_id(entity_country: str | None, customer_country: str | None) -> bool:
    """Whether an invoice to a business without a tax id is not a valid tax invoice."""
    return entity_country in EU | {"GB"} and customer_country in EU | {"GB"}
