"""What the living company knows: the generated world, and what has happened since, kept in a file over restarts."""

import json
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from .ids import add_months
from .model import Contract, Customer, Invoice, Order
from .plants import OF_THE_CUSTOMER
from .populate import LIFE_FILE, ORIGIN_FILE
from .truth import keep
from .world import world

FIRST_ADDON_NUMBER = 60_001


@dataclass(slots=True)
class Journal:
    """The part that is written down."""

    steps: int = 0
    next_place: int = 0
    next_case: int = 0
    turns: dict[str, int] = field(default_factory=dict)
    """Last billed turn by contract number, where it is not the generated one."""
    orders: list[tuple[str, str, str, int]] = field(default_factory=list)
    """Amendments: contract number, first day, product, change."""
    addons: list[tuple[int, str, str, int, int]] = field(default_factory=list)
    """New contracts: customer, first day, product, quantity, unit price."""
    rates_until: str = ""
    cases: dict[str, int] = field(default_factory=dict)
    """The latest dispute of an invoice: its case by the invoice's number."""


@dataclass(slots=True)
class Company:
    """Customers, contracts in force with their last billed turn, and invoices that may still be paid."""

    seed: int
    anchor: date
    folder: Path
    customers: tuple[Customer, ...]
    contracts: dict[str, Contract]
    turns: dict[str, int]
    cases: dict[str, int]
    """The latest dispute of an invoice, generated ones included: the number of its case by that of the invoice."""
    open_invoices: list[Invoice]
    flawed: set[int]
    """Customers with a planted discrepancy of their own: they buy nothing more, as that would be wrong as well.
    Contracts with one are not in `contracts` at all."""
    journal: Journal

    def next_start(self, contract: Contract) -> date | None:
        """First day of the next period, or None when the contract has no more."""
        turn = self.turns[contract.number] + 1
        if turn >= contract.term_months // contract.months:
            return None
        return add_months(contract.start, turn * contract.months)

    def billed(self, contract: Contract, turn: int) -> None:
        self.turns[contract.number] = turn
        self.journal.turns[contract.number] = turn

    def disputed(self, invoice: Invoice, case: int) -> None:
        self.cases[invoice.number] = case
        self.journal.cases[invoice.number] = case

    def amend(self, contract: Contract, order: Order) -> Contract:
        """The contract with one more order of one line."""
        product, change = order.lines[0]
        self.journal.orders.append((contract.number, order.effective.isoformat(), product, change))
        self.contracts[contract.number] = grown = replace(contract, orders=(*contract.orders, order))
        return grown

    def add_on(self, customer: Customer, first_day: date, offer: tuple[str, int, int]) -> Contract:
        """A new yearly contract of (product, quantity, unit price), billed monthly."""
        product, quantity, unit = offer
        self.journal.addons.append((customer.index, first_day.isoformat(), product, quantity, unit))
        contract = addon_contract(customer, first_day, offer, len(self.journal.addons) - 1)
        self.contracts[contract.number] = contract
        self.turns[contract.number] = -1
        return contract

    def save(self) -> None:
        names = Journal.__dataclass_fields__
        keep(self.folder / LIFE_FILE, {name: getattr(self.journal, name) for name in names})


def addon_contract(customer: Customer, first_day: date, offer: tuple[str, int, int], place: int) -> Contract:
    product, quantity, unit = offer
    return Contract(
        index=FIRST_ADDON_NUMBER + place,
        number=f"{FIRST_ADDON_NUMBER + place:08d}",
        customer=customer.index,
        start=first_day,
        end=add_months(first_day, 12) - timedelta(days=1),
        term_months=12,
        months=1,
        currency=customer.currency,
        po_number=f"PO-{800_000 + place}" if customer.po_required else None,
        terms_days=customer.terms_days,
        discount_percent=0,
        discount_end=None,
        prices={product: unit},
        orders=(Order("New", first_day, ((product, quantity),)),),
        usage_mean=0,
    )


def reopen(folder: Path) -> Company:
    """The company as it is now: generated again from its origin, with the journal played over it."""
    origin: dict[str, Any] = json.loads((folder / ORIGIN_FILE).read_text())
    anchor = date.fromisoformat(origin["anchor"])
    made = world(Decimal(origin["scale"]), origin["seed"], anchor)
    turns = {invoice.contract: invoice.turn for invoice in made.invoices}
    wrong = {made.invoices[label.invoice].contract for label in made.flaws}
    flawed = {made.invoices[x.invoice].customer for x in made.flaws if x.kind in OF_THE_CUSTOMER}
    path = folder / LIFE_FILE
    journal = Journal(**json.loads(path.read_text())) if path.exists() else _first(made.anchor, made.invoices)
    journal.next_case = max(journal.next_case, len(made.complaints))
    company = Company(
        seed=origin["seed"],
        anchor=anchor,
        folder=folder,
        customers=made.customers,
        contracts={c.number: c for c in made.contracts if c.index in turns and c.index not in wrong},
        turns={made.contracts[index].number: turn for index, turn in turns.items()},
        cases={made.invoices[x.invoice].number: x.index for x in made.complaints if x.invoice is not None},
        open_invoices=[one for one in made.invoices if one.status == "open" and one.flaw is None],
        flawed=flawed,
        journal=journal,
    )
    _replay(company)
    return company


def _first(anchor: date, invoices: tuple[Invoice, ...]) -> Journal:
    return Journal(next_place=len(invoices), rates_until=anchor.isoformat())


def _replay(company: Company) -> None:
    for place, (customer, day, product, quantity, unit) in enumerate(company.journal.addons):
        offer = (product, quantity, unit)
        contract = addon_contract(company.customers[customer], date.fromisoformat(day), offer, place)
        company.contracts[contract.number] = contract
        company.turns[contract.number] = -1
    for number, day, product, change in company.journal.orders:
        if number in company.contracts:
            contract = company.contracts[number]
            order = Order("Amendment", date.fromisoformat(day), ((product, change),))
            company.contracts[number] = replace(contract, orders=(*contract.orders, order))
    company.turns |= company.journal.turns
    company.cases |= company.journal.cases
