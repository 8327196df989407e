"""Loads the contracts that the product bills into the emulators, beside the older company."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from .. import (
    to_netsuite,
    to_netsuite_ledger,
    to_salesforce,
    to_stripe,
    to_stripe_cash,
    to_stripe_invoices,
)
from ..model import Customer, World
from ..truth import keep
from ..vendor import Doc, Emulator
from . import to_salesforce as crm
from .generate import House, house
from .truth import FILE as TRUTH_FILE
from .truth import entry

ORIGIN_FILE = "house.json"
LIFE_FILE = "house_life.json"
AFTER = 5_000_000
"""Ledger numbers of these begin here, far from the others and from what the ledger will number itself."""


def populate_house(emulators: Mapping[str, Emulator], scale: Decimal, seed: int, anchor: date, *, folder: Path) -> None:
    """After `populate`. The same scale, seed and anchor give the same records; scale 0 loads nothing."""
    (folder / LIFE_FILE).unlink(missing_ok=True)
    if scale <= 0:
        return
    made = house(scale, seed, anchor)
    for name, kinds in _records(made).items():
        if name in emulators:
            for kind, docs in kinds.items():
                if kind in emulators[name].kinds:
                    emulators[name].load(kind, docs)
    keep(folder / TRUTH_FILE, truth_of(made))
    keep(folder / ORIGIN_FILE, {"scale": str(scale), "seed": seed, "anchor": anchor.isoformat()})


def truth_of(made: House) -> list[dict[str, Any]]:
    deals = {deal.number: deal for deal in made.deals}
    currencies = {contract.number: contract.currency for contract in made.leaks.contracts}
    found = []
    for label in made.labels:
        deal = deals.get(label.number)
        references = [crm.item_id(made.seed, deal, place) for place in range(len(deal.items))] if deal else []
        currency = deal.currency if deal else currencies.get(label.number, label.currency)
        found.append(entry(label, currency, references))
    return found


def payer(seed: int, customer: Customer) -> Doc:
    """The customer in Stripe; who pays by card has one on file."""
    doc = to_stripe.customer(seed, customer)
    if customer.behaviour.method != "card":
        return doc
    settings = {**doc["invoice_settings"], "default_payment_method": "pm_card_visa"}
    return doc | {"invoice_settings": settings}


def debtors(seed: int, anchor: date, customers: Iterable[Customer]) -> list[Doc]:
    """The customers in the ledger."""
    return list(to_netsuite.customers(World(anchor, seed, tuple(customers), (), (), (), (), (), ())))


def _records(made: House) -> dict[str, dict[str, list[Doc]]]:
    seed, leaks = made.seed, made.leaks
    customers = [deal.customer for deal in made.deals]
    opportunities, quotes = made.sales.docs(seed, made.anchor)
    return {
        "salesforce": {
            "Account": [*(crm.account(seed, deal) for deal in made.deals), *to_salesforce.accounts(leaks)],
            "Contact": [*(crm.contact(seed, deal) for deal in made.deals), *to_salesforce.contacts(leaks)],
            "Opportunity": opportunities,
            "Quote": quotes,
            "Contract": [*(crm.contract(seed, deal) for deal in made.deals), *to_salesforce.contracts(leaks)],
            "Order": [
                *(order for deal in made.deals for order in crm.orders(seed, deal)),
                *to_salesforce.orders(leaks),
            ],
            "OrderItem": [
                *(item for deal in made.deals for item in crm.order_items(seed, deal)),
                *to_salesforce.order_items(leaks),
            ],
        },
        "stripe": {
            "price": _prices(leaks),
            "customer": [*(payer(seed, one) for one in customers), *(payer(seed, one) for one in leaks.customers)],
            "subscription": list(to_stripe.subscriptions(leaks)),
            "invoice": list(to_stripe_invoices.invoices(leaks)),
            "payment_record": list(to_stripe_cash.payment_records(leaks)),
            "invoice_payment": list(to_stripe_cash.invoice_payments(leaks)),
        },
        "netsuite": {
            "customer": debtors(seed, made.anchor, [*customers, *leaks.customers]),
            "transaction": [_moved(row, "id") for row in to_netsuite_ledger.transactions(leaks)],
            "transactionline": [_moved(row, "transaction") for row in to_netsuite_ledger.transaction_lines(leaks)],
            "previoustransactionlinelink": [
                _moved(row, "id", "previousdoc", "nextdoc") for row in to_netsuite_ledger.links(leaks)
            ],
        },
    }


def _prices(leaks: World) -> list[Doc]:
    """Each price that one of the invoices has, also where the contract has another."""
    used = {(line.product, one.currency, line.unit_minor): one for one in leaks.invoices for line in one.lines}
    return [to_stripe.price(code, currency, unit, one.created) for (code, currency, unit), one in used.items()]


def _moved(row: Doc, *numbers: str) -> Doc:
    moved = {name: str(int(row[name]) + AFTER) for name in numbers}
    if str(row.get("tranid", "")).startswith("PYMT"):
        moved["tranid"] = f"PYMT{moved['id']}"
    return row | moved
