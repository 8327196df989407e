"""Billing errors planted in contracts that the product bills: each in a contract and with a customer of its own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from ..catalogue import CORE
from ..money import text
from .model import Deal, Item, Label, Pricing
from .people import in_country
from .shapes import Draft, graduated, included, per_seat, usage_terms

Planted = tuple[Deal, Label]


def _label(kind: str, deal: Deal, detail: str, *codes: str, leak: int | None = None) -> Planted:
    return replace(deal, fault=kind), Label(kind, deal.number, detail, codes, leak)


def _tiers_missing(draft: Draft) -> Planted:
    deal = draft.used("graduated", usage_terms("Graduated"))
    return _label("tiers_missing", deal, "The price is graduated, but no tiers are stated.", "record.unreadable")


def _package_unsized(draft: Draft) -> Planted:
    deal = draft.used("package", usage_terms("Package"))
    return _label("package_unsized", deal, "Sold in packages of no stated size.", "record.unreadable")


def _milestone_undated(draft: Draft) -> Planted:
    core = draft.core(pricing=Pricing(kind="Milestone", model="Flat"))
    return _label("milestone_undated", draft.deal("milestone", core), "The milestone has no date.", "record.unreadable")


def _currency_unknown(draft: Draft) -> Planted:
    deal = replace(per_seat(draft), currency="XBT")
    codes = ("contract.unbillable", "record.unreadable")
    return _label("currency_unknown", deal, "The contract is in XBT, which is no currency code.", *codes)


def _amendment_early(draft: Draft) -> Planted:
    deal = per_seat(draft)
    early = replace(deal.items[0], quantity=3, start=deal.start - timedelta(days=20), revises=0)
    detail = f"An amendment takes effect on {early.start}, the contract starts on {deal.start}."
    return _label("amendment_early", replace(deal, items=(*deal.items, early)), detail, "amendment.before_start")


def _po_missing(draft: Draft) -> Planted:
    customer = replace(draft.customer, po_required=True)
    deal = replace(per_seat(replace(draft, customer=customer)), po_number=None)
    return _label("po_missing", deal, f"{customer.name} wants a purchase order number, there is none.", "po.missing")


def _tax_id_missing(draft: Draft) -> Planted:
    customer = replace(in_country(draft.customer, "NL", "DE", draft.rng), has_tax_id=False)
    deal = per_seat(replace(draft, customer=customer))
    return _label("tax_id_missing", deal, f"{customer.name} in the Netherlands has no VAT id.", "tax_id.missing")


def _tax_id_invalid(draft: Draft) -> Planted:
    """The last digit of the number is another one."""
    customer = in_country(draft.customer, "PL", "DE", draft.rng)
    right = customer.tax_id or ""
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    deal = per_seat(replace(draft, customer=replace(customer, tax_id=wrong)))
    return _label("tax_id_invalid", deal, f"The VAT id {wrong} has wrong check digits.", "tax_id.invalid")


def _address_missing(draft: Draft) -> Planted:
    customer = replace(in_country(draft.customer, "US", "US", draft.rng), has_address=False, tax_id=None)
    deal = per_seat(replace(draft, customer=customer))
    return _label("address_missing", deal, f"{customer.name} has no postal address.", "address.missing")


def _on_hold(draft: Draft) -> Planted:
    customer = replace(draft.customer, on_hold=True)
    deal = per_seat(replace(draft, customer=customer))
    return _label("customer_on_hold", deal, f"{customer.name} is on credit hold.", "customer.on_hold")


def _entity_unknown(draft: Draft) -> Planted:
    deal = replace(per_seat(draft), entity="NZ")
    return _label(
        "entity_unknown", deal, "The account names the legal entity NZ, which there is not.", "billing.no_entity"
    )


def _credit_outweighs(draft: Draft) -> Planted:
    deal = per_seat(draft)
    core = deal.items[0]
    amount = core.quantity * core.unit * 40
    terms = Pricing(kind="Credit", model="Flat")
    credit = Item(CORE, 1, amount, draft.start, terms, "Goodwill")
    detail = f"A credit of {text(amount)} is larger than all that is billed."
    return _label("credit_outweighs", replace(deal, items=(*deal.items, credit)), detail, "billing.negative_total")


def _overuse(draft: Draft) -> Planted:
    """Twice what is included is used up in every month."""
    deal = included(draft)
    included_units = deal.items[-1].pricing.included or 0
    busy = replace(deal, hourly=included_units * 1000 * 2 // 720)
    detail = f"About twice the {included_units:,} thousand calls that are included are used."
    return _label("entitlement_overuse", busy, detail, "entitlement.breach")


def _spike(draft: Draft) -> Planted:
    """Not what a rule must find: the first invoice of a contract has nothing to be held against."""
    return _label("usage_spike", graduated(draft), "One day has twelve times the usual quantity.")


FAULTS: tuple[Callable[[Draft], Planted], ...] = (
    _tiers_missing,
    _currency_unknown,
    _amendment_early,
    _po_missing,
    _tax_id_invalid,
    _overuse,
    _tax_id_missing,
    _address_missing,
    _on_hold,
    _entity_unknown,
    _credit_outweighs,
    _package_unsized,
    _milestone_undated,
    _spike,
)
UNKNOWN_SUBJECT = "AC-99999"
STRANGER = Label(
    "usage_of_stranger",
    "",
    f"Usage comes for {UNKNOWN_SUBJECT}, which is no customer.",
    ("usage.unplaced",),
    subject=UNKNOWN_SUBJECT,
)
"""Belongs to no contract: planted by whoever sends the usage."""
