"""The built-in tax engine: a dated table, who is registered where, and which ids shift the duty to the buyer.

Tax is rounded half up per line and jurisdiction; the sum of the lines is the document's tax.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from babel import Locale

from core.billing.rounding import round_minor
from core.billing.tax_rates import CANADA, EU_VAT, NATIONAL, UNITED_STATES, TaxRate, rate_on
from core.billing.tax_regions import REGIONS, region_code
from core.kit.money import to_decimal
from core.kit.tax_ids import is_reverse_charge, is_valid_tax_id
from core.ports import LineTax, Place, TaxAnswer, TaxQuestion

EU = frozenset(EU_VAT)
_ZERO = Decimal(0)
# A state where the house does not collect, whichever it is.
_ELSEWHERE = "--"
_REMARKS = {
    "reverse_charge": "Reverse charge: the customer accounts for the VAT.",
    "export": "Supplied to a business outside the seller's tax area: no tax is charged.",
    "exempt": "The customer is exempt from tax.",
    "no_nexus": "The seller is not registered for tax where the customer is.",
    "not_taxable": "Software as a service is not taxed where the customer is.",
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """Which tax a sale bears: the jurisdiction, its rate, and the reason when there is none."""

    jurisdiction: str
    name: str
    percent: Decimal
    reason: str
    taxable_percent: Decimal = Decimal(100)

    @property
    def whole_percent(self) -> Decimal:
        """Of the whole net amount, where only a part of it is taxable."""
        return self.percent * self.taxable_percent / 100


@dataclass(frozen=True)
class TaxTable:
    """The port TaxEngine without a network. `registrations`: regions per country where the house collects although
    the country taxes by region (US states); other countries count as registered where a seller resides."""

    registrations: Mapping[str, frozenset[str]]

    def calculate(self, question: TaxQuestion) -> TaxAnswer:
        if unclear := self.unclear(question):
            return TaxAnswer((), (unclear,))
        ruling = self.ruling(question)
        taxes = tuple(_line_tax(line.key, line.net_minor, question.currency, ruling) for line in question.lines)
        return TaxAnswer(taxes, tuple(_sentences(question, ruling)))

    def unclear(self, sale: TaxQuestion) -> str | None:
        """What is missing to say which tax is due, as the second half of a sentence; None when nothing is."""
        buyer = sale.buyer
        if sale.is_exempt or buyer.country != sale.seller.country:
            return None
        if self._unknown_regions(buyer):
            given, region = (buyer.region or "").strip(), REGIONS[buyer.country]
            missing = f"its address names no {region}"
            return f"“{given}” in its address is no {region} that we know" if given else missing
        if buyer.country in (*NATIONAL, *REGIONS):
            return None
        return f"the built-in table has no rates of {Locale('en').territories.get(buyer.country, buyer.country)}"

    def ruling(self, question: TaxQuestion) -> Ruling:
        """The one rate that every line of the document bears: all that is sold is software as a service."""
        buyer, seller, day = question.buyer, question.seller, question.tax_date
        if question.is_exempt:
            return _untaxed(buyer, "exempt")
        if seller.country in REGIONS:
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

    def percents(self, sale: TaxQuestion) -> tuple[Decimal, ...] | None:
        """What an invoice of somebody else may charge, in percent of the whole net amount: several where we do not
        know enough to say which; None where the table does not know the country."""
        buyer, seller = sale.buyer, sale.seller
        if not sale.is_exempt and buyer.country == seller.country:
            if buyer.country not in (*NATIONAL, *REGIONS):
                return None
            if regions := self._unknown_regions(buyer):
                places = (replace(buyer, region=region) for region in regions)
                return tuple(sorted({self.ruling(replace(sale, buyer=place)).whole_percent for place in places}))
        due = self.ruling(sale).whole_percent
        # Without a valid id both may stand: the rule about ids says what is wrong.
        return (_ZERO, due) if due and is_reverse_charge(seller.country, buyer.country) else (due,)

    def _unknown_regions(self, buyer: Place) -> tuple[str, ...]:
        """Regions that the buyer may be in, when it is not known and the tax depends on it; else none."""
        if region_code(buyer.country, buyer.region):
            return ()
        collecting = sorted(self.registrations.get(buyer.country, ()))
        if buyer.country == "US" and collecting:
            return (*collecting, _ELSEWHERE)
        return tuple(sorted(CANADA)) if buyer.country == "CA" else ()

    def _by_region(self, seller: Place, buyer: Place, day: date) -> Ruling:
        if buyer.country != seller.country:
            return _untaxed(buyer, "export")
        region = region_code(buyer.country, buyer.region) or ""
        if seller.country == "CA":
            return _taxed(f"CA-{region}", CANADA[region], day, buyer)
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
