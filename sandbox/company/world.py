"""The whole company from a seed: the same seed, scale and anchor always give the same world."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

from .billing import invoice as right_invoice
from .contracts import Window, contracts, periods, window
from .customers import customers
from .flaws import Scene, flaw, spoil
from .ids import midnight
from .model import Billing, Contract, Flaw, Invoice, World
from .plants import Plan, plan
from .settling import settle
from .support import support

CUSTOMERS_AT_SCALE_ONE = 1200
VOID_PER_MILLE = 3
RUN_SECONDS = 240
"""A day's invoices are issued within the first minutes after midnight, by one billing run."""


def world(scale: Decimal, seed: int, anchor: date) -> World:
    """Generate everything up to the start of the anchor day."""
    span = window(anchor)
    how_many = max(6, int(CUSTOMERS_AT_SCALE_ONE * scale))
    people = customers(Random(f"{seed}:customers"), how_many, span.start, anchor)
    agreed = contracts(Random(f"{seed}:contracts"), people, span)
    billings = [periods(contract, span) for contract in agreed]
    decided = plan(Random(f"{seed}:plants"), people, agreed, billings, span)
    invoices, flaws = _issue(decided, billings, span, seed)
    settled = settle(invoices, decided.customers, anchor, seed)
    extra = support(Random(f"{seed}:support"), decided.customers, span, len(settled.complaints))
    return World(
        anchor=anchor,
        seed=seed,
        customers=tuple(decided.customers),
        contracts=tuple(_aged(decided.contracts, billings, span)),
        invoices=tuple(_with_status(invoices, settled.open_places)),
        payments=tuple(settled.payments),
        credits=tuple(settled.credits),
        complaints=(*settled.complaints, *extra),
        flaws=tuple(flaws),
    )


def _aged(agreed: list[Contract], billings: list[list[Billing]], span: Window) -> list[Contract]:
    """A contract expires once its last invoice is posted; until then it counts as in force."""
    young = {spans[-1].contract for spans in billings if spans and spans[-1].start >= span.locked_month}
    return [
        replace(contract, status="Expired") if contract.end < span.anchor and contract.index not in young else contract
        for contract in agreed
    ]


def _issue(decided: Plan, billings: list[list[Billing]], span: Window, seed: int) -> tuple[list[Invoice], list[Flaw]]:
    """All invoices in the order of issue, numbered; and the labels of those that are wrong."""
    made: list[tuple[Invoice, Invoice, str]] = []
    for spans in billings:
        for billing in spans:
            made.extend(_issued(decided, billing, span, seed))
    made.sort(key=lambda entry: (entry[0].issued, entry[0].key))
    invoices: list[Invoice] = []
    flaws: list[Flaw] = []
    today, of_the_day = None, 0
    for place, (issued, right, detail) in enumerate(made):
        today, of_the_day = issued.issued, of_the_day + 1 if today == issued.issued else 0
        invoices.append(_stamped(issued, place, of_the_day))
        if issued.flaw is not None:
            flaws.append(flaw(issued, right, detail, place))
    return invoices, flaws


def _issued(decided: Plan, billing: Billing, span: Window, seed: int) -> list[tuple[Invoice, Invoice, str]]:
    contract = decided.contracts[billing.contract]
    customer = decided.customers[contract.customer]
    right = right_invoice(contract, customer, billing, seed)
    right = replace(right, posted=billing.start <= span.cutoff)
    kind = decided.kinds.get((contract.index, billing.turn))
    if kind is None:
        return [(right, right, ""), *((copy, right, "") for copy in _voided(right, seed))]
    spoiled, detail = spoil(kind, Scene(right, contract, customer, span, seed))
    issued = [(spoiled, right, detail)]
    return [(right, right, ""), *issued] if kind == "duplicate_invoice" else issued


def _voided(right: Invoice, seed: int) -> list[Invoice]:
    """Now and then somebody issues an invoice twice, and voids the second the day after: the period stays billed."""
    if not right.posted or Random(f"{seed}:void:{right.key}").randrange(1000) >= VOID_PER_MILLE:
        return []
    return [replace(right, key=right.key[:-1] + "v", status="void")]


def _stamped(invoice: Invoice, place: int, of_the_day: int) -> Invoice:
    return replace(
        invoice,
        number=number(place, invoice.issued),
        created=midnight(invoice.issued) + of_the_day % RUN_SECONDS,
    )


def number(place: int, day: date) -> str:
    return f"HC-{day.year}-{place + 1:06d}"


def _with_status(invoices: list[Invoice], open_places: set[int]) -> list[Invoice]:
    return [
        invoice if invoice.status == "void" or place in open_places else replace(invoice, status="paid")
        for place, invoice in enumerate(invoices)
    ]
