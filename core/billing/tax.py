"""The built-in tax engine: a dated table, who is registered where, and which ids shift the duty to the buyer.

Tax is rounded half up per line and jurisdiction; the sum of the lines is the document's tax.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from stdnum import exceptions as stdnum_exceptions
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat

from core.billing.rounding import round_minor
from core.billing.tax_rates import CANADA, EU_VAT, NATIONAL, UNITED_STATES, TaxRate, rate_on
from core.kit.money import to_decimal
from core.ports import LineTax, Place, TaxAnswer, TaxQuestion

EU = frozenset(EU_VAT)
_REMARKS = {
    "reverse_charge": "Reverse charge: the customer accounts for the VAT.",
    "export": "Supplied to a business outside the seller's tax area: no tax is charged.",
    "exempt": "The customer is exempt from tax.",
    "no_nexus": "The seller is not registered for tax where the customer is.",
    "not_taxable": "Software as a service is not taxed where the customer is.",
}


@lru_cache(maxsize=50_000)
def is_valid_tax_id(country: str, tax_id: str) -> bool:
    """Whether a VAT id has the form and check digits of its country (not whether it is registered)."""
    if country not in EU and country != "GB":
        return bool(tax_id.strip())
    try:
        if country == "GB":
            gb_vat.validate(tax_id)
            return True
        prefix = "EL" if country == "GR" else country
        compact = tax_id.replace(" ", "").upper()
        eu_vat.validate(compact if compact.startswith(prefix) else prefix + compact)
    except stdnum_exceptions.ValidationError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Ruling:
    """Which tax a sale bears: the jurisdiction, its rate, and the reason when there is none."""

    jurisdiction: str
    name: str
    percent: Decimal
    reason: str
    taxable_percent: Decimal = Decimal(100)


@dataclass(frozen=True)
class TaxTable:
    """The port TaxEngine without a network. `registrations`: regions per country where the house collects although
    the country taxes by region (US states); other countries count as registered where a seller resides."""

    registrations: Mapping[str, frozenset[str]]

    def calculate(self, question: TaxQuestion) -> TaxAnswer:
        ruling = self.ruling(question)
        taxes = tuple(_line_tax(line.key, line.net_minor, question.currency, ruling) for line in question.lines)
        return TaxAnswer(taxes, tuple(_sentences(question, ruling)))

    def ruling(self, question: TaxQuestion) -> Ruling:
        """The one rate that every line of the document bears: all that is sold is software as a service."""
        buyer, seller, day = question.buyer, question.seller, question.tax_date
        if question.is_exempt:
            return _untaxed(buyer, "exempt")
        if seller.country in ("US", "CA"):
            return self._by_region(seller, buyer, day)
        if buyer.country == seller.country:
            return _taxed(buyer.country, NATIONAL.get(buyer.country, ()), day, buyer)
        if seller.country in EU and buyer.country in EU:
            # Without a valid id the buyer counts as a consumer: the tax of where it belongs is charged.
            is_business = is_valid_tax_id(buyer.country, question.buyer_tax_id or "")
            if is_business:
                return Ruling(buyer.country, "VAT", Decimal(0), "reverse_charge")
            return _taxed(buyer.country, EU_VAT[buyer.country], day, buyer)
        return _untaxed(buyer, "export")

    def _by_region(self, seller: Place, buyer: Place, day: date) -> Ruling:
        if buyer.country != seller.country:
            return _untaxed(buyer, "export")
        region = (buyer.region or "").upper()
        if seller.country == "CA":
            return _taxed(f"CA-{region}" if region in CANADA else "CA", CANADA.get(region, CANADA["AB"]), day, buyer)
        if region not in self.registrations.get("US", frozenset()):
            return _untaxed(buyer, "no_nexus")
        return _taxed(f"US-{region}", UNITED_STATES.get(region, ()), day, buyer)


def _taxed(jurisdiction: str, rates: tuple[TaxRate, ...], day: date, buyer: Place) -> Ruling:
    rate = rate_on(rates, day)
    if rate is None:
        return _untaxed(buyer, "not_taxable")
    return Ruling(jurisdiction, rate.name, rate.percent, "standard", rate.taxable_percent)


def _untaxed(buyer: Place, reason: str) -> Ruling:
    jurisdiction = f"{buyer.country}-{buyer.region}" if buyer.region else buyer.country
    return Ruling(jurisdiction, "No tax", Decimal(0), reason)


def _line_tax(key: str, net_minor: int, currency: str, ruling: Ruling) -> LineTax:
    taxable = round_minor(to_decimal(net_minor, currency) * ruling.taxable_percent / 100, currency)
    tax = round_minor(to_decimal(taxable, currency) * ruling.percent / 100, currency)
    return LineTax(key, ruling.jurisdiction, ruling.name, ruling.percent, taxable, tax, ruling.reason)


def _sentences(question: TaxQuestion, ruling: Ruling) -> Iterable[str]:
    if ruling.reason in _REMARKS:
        yield _REMARKS[ruling.reason]
    given = question.buyer_tax_id
    if given and not is_valid_tax_id(question.buyer.country, given):
        yield f"The tax id {given} is not a valid one of {question.buyer.country}."
