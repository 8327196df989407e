"""Contracts that Stripe bills otherwise than was agreed: money that leaks until somebody compares the two.

Everything of theirs is posted and paid, so no rule looks at these invoices again; the difference is between contract
and payment platform only.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from ..billing import invoice as right_invoice
from ..catalogue import CORE, STORAGE, list_price
from ..ids import add_months, midnight
from ..model import Billing, Contract, Customer, Invoice, Order, Payment, World
from ..money import rounded, text
from ..pipeline import worth
from .model import Label
from .people import BANK, people

FIRST_NUMBER = 50_001
FIRST_PERSON = 60_000
FIRST_INVOICE = 900_000
MONTHS = 4
Billed = tuple[Contract, int, int]
"""The contract as Stripe sees it, the first turn that it bills so, and the days until its invoices are due."""


@dataclass(frozen=True, slots=True)
class Leak:
    """What Stripe does instead of what the contract says; `codes` are those of the watch."""

    kind: str
    codes: tuple[str, ...]
    agreed: Contract
    billed: Billed
    detail: str
    skipped: int | None = None
    sold: Contract | None = None
    """What the deal was won with, where that is not what was agreed."""


def leaking(seed: int, copies: int, anchor: date) -> tuple[World, list[Label], dict[str, int]]:
    """The contracts with all that Stripe and the ledger have of them; what is wrong, in money; and by contract what was
    sold, where it is not what was agreed."""
    how_many = copies * len(KINDS)
    customers = [
        replace(person, index=FIRST_PERSON + place, name=f"{person.name} & Co", behaviour=BANK)
        for place, person in enumerate(people(seed + 1, how_many, add_months(anchor, -9), anchor))
    ]
    invoices: list[Invoice] = []
    contracts, labels = [], []
    sold: dict[str, int] = {}
    for place, customer in enumerate(customers):
        rng = Random(f"{seed}:leak:{place}")
        contract = _agreed(rng, place, customer, anchor)
        leak = KINDS[place % len(KINDS)](rng, contract)
        contracts.append(leak.agreed)
        wrong, lost = _invoices(seed, leak, customer, anchor)
        invoices += [replace(each, customer=place) for each in wrong]
        more = None
        if leak.sold is not None:
            sold[contract.number] = worth(leak.sold)
            more = sold[contract.number] - worth(leak.agreed)
        labels.append(Label(leak.kind, contract.number, leak.detail, leak.codes, lost, sold=more))
    return _world(seed, anchor, customers, contracts, invoices), labels, sold


def _agreed(rng: Random, place: int, customer: Customer, anchor: date) -> Contract:
    """Monthly, and begun so that its last invoice is some days old."""
    start = add_months(anchor.replace(day=1), -MONTHS).replace(day=rng.randrange(1, 20))
    core, storage = list_price(CORE, customer.currency), list_price(STORAGE, customer.currency)
    first = Order("New", start, ((CORE, rng.randint(20, 90)), (STORAGE, rng.randint(5, 40))))
    return Contract(
        index=place,
        number=f"{FIRST_NUMBER + place:08d}",
        customer=place,
        start=start,
        end=add_months(start, 12) - timedelta(days=1),
        term_months=12,
        months=1,
        currency=customer.currency,
        po_number=f"PO-{600_000 + place}" if customer.po_required else None,
        terms_days=customer.terms_days,
        discount_percent=0,
        discount_end=None,
        prices={CORE: core, STORAGE: storage},
        orders=(first,),
        usage_mean=0,
    )


def _seats(rng: Random, agreed: Contract) -> Leak:
    more = rng.randint(5, 15)
    grown = replace(agreed, orders=(*agreed.orders, Order("Amendment", add_months(agreed.start, 2), ((CORE, more),))))
    detail = f"Stripe bills {more} seats too few since the amendment."
    return Leak("stripe_seats", ("drift.billed", "drift.subscription"), grown, (agreed, 2, agreed.terms_days), detail)


def _price(rng: Random, agreed: Contract) -> Leak:
    low = rounded(agreed.prices[CORE] * 90, 100)
    cheap = replace(agreed, prices=agreed.prices | {CORE: low})
    detail = f"Stripe has {CORE} at {text(low)}, the contract says {text(agreed.prices[CORE])}."
    return Leak("stripe_price", ("drift.billed", "drift.subscription"), agreed, (cheap, 1, agreed.terms_days), detail)


def _discount(rng: Random, agreed: Contract) -> Leak:
    last = add_months(agreed.start, 2) - timedelta(days=1)
    given = replace(agreed, discount_percent=15, discount_end=last)
    detail = f"Stripe's subscription keeps the discount of 15 % that ended on {last}."
    kept = replace(given, discount_end=None)
    return Leak("stripe_discount", ("drift.billed",), given, (kept, 2, agreed.terms_days), detail)


def _period(rng: Random, agreed: Contract) -> Leak:
    turn = rng.randint(1, 2)
    detail = f"Nothing was billed for the month from {add_months(agreed.start, turn)}."
    return Leak("stripe_period", ("drift.billed",), agreed, (agreed, 0, agreed.terms_days), detail, skipped=turn)


def _terms(rng: Random, agreed: Contract) -> Leak:
    given = 60 if agreed.terms_days < 60 else 30
    detail = f"Stripe's invoices are due after {given} days, the contract says {agreed.terms_days}."
    return Leak("stripe_terms", ("drift.terms",), agreed, (agreed, 1, given), detail)


def _undersold(rng: Random, agreed: Contract) -> Leak:
    """Stripe bills as agreed: it is the contract that has less than was sold."""
    (first,) = agreed.orders
    more = max(2, agreed.quantity(CORE, agreed.start) * rng.randint(10, 25) // 100)
    grown = replace(first, lines=tuple((code, n + more if code == CORE else n) for code, n in first.lines))
    detail = f"{more} seats more were sold than the contract has."
    billed = (agreed, 0, agreed.terms_days)
    return Leak("contract_undersold", ("drift.sold",), agreed, billed, detail, sold=replace(agreed, orders=(grown,)))


KINDS: tuple[Callable[[Random, Contract], Leak], ...] = (_seats, _price, _discount, _period, _terms, _undersold)


def _invoices(seed: int, leak: Leak, customer: Customer, anchor: date) -> tuple[list[Invoice], int | None]:
    """As they were issued, and what is missing on them, net; None when no money is."""
    found, lost = [], 0
    as_billed, since, days = leak.billed
    turn = 0
    while (start := add_months(leak.agreed.start, turn)) < anchor:
        span = Billing(leak.agreed.index, turn, start, add_months(start, 1))
        right = right_invoice(leak.agreed, customer, span, seed)
        wrong = right_invoice(as_billed, customer, span, seed) if turn >= since else right
        lost += right.subtotal - right.discount
        if turn != leak.skipped:
            lost -= wrong.subtotal - wrong.discount
            due = start + timedelta(days=days if turn >= since else leak.agreed.terms_days)
            found.append(replace(wrong, due=due, status="paid"))
        turn += 1
    return found, lost or None


def _world(
    seed: int, anchor: date, customers: list[Customer], contracts: list[Contract], issued: list[Invoice]
) -> World:
    ordered = sorted(issued, key=lambda each: (each.issued, each.key))
    invoices = [
        replace(each, number=f"HC-{each.issued.year}-{FIRST_INVOICE + place}") for place, each in enumerate(ordered)
    ]
    payments = [
        Payment(place, 0, min(each.created + 9 * 86_400, midnight(anchor) - 3600), each.total, "bank")
        for place, each in enumerate(invoices)
    ]
    return World(anchor, seed, tuple(customers), tuple(contracts), tuple(invoices), tuple(payments), (), (), ())
