"""Generate the company and load it into the emulators."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path

from . import (
    pipeline,
    to_netsuite,
    to_netsuite_ledger,
    to_salesforce,
    to_stripe,
    to_stripe_cash,
    to_stripe_credits,
    to_stripe_invoices,
    to_stripe_payouts,
)
from .model import World
from .positions import positions
from .truth import FILE as TRUTH_FILE
from .truth import keep, write_truth
from .vendor import Doc, Emulator
from .world import world

CHUNK = 2000
ORIGIN_FILE = "origin.json"
LIFE_FILE = "life.json"
Projection = Callable[[World], Iterable[Doc]]


def _stripe_customers(made: World) -> Iterator[Doc]:
    balances: dict[int, int] = {}
    for place, position in positions(made).items():
        if position.excess:
            customer = made.invoices[place].customer
            balances[customer] = balances.get(customer, 0) + position.excess
    return to_stripe.customers(made, balances)


PROJECTIONS: dict[str, dict[str, Projection]] = {
    "salesforce": {
        "User": to_salesforce.users,
        "Product2": to_salesforce.products,
        "Pricebook2": to_salesforce.pricebooks,
        "PricebookEntry": to_salesforce.pricebook_entries,
        "Account": to_salesforce.accounts,
        "Contact": to_salesforce.contacts,
        "Opportunity": pipeline.opportunities,
        "Quote": pipeline.quotes,
        "Contract": to_salesforce.contracts,
        "Order": to_salesforce.orders,
        "OrderItem": to_salesforce.order_items,
        "Case": to_salesforce.cases,
    },
    "stripe": {
        "product": to_stripe.products,
        "price": to_stripe.prices,
        "tax_rate": to_stripe.tax_rates,
        "billing.meter": to_stripe.meters,
        "customer": _stripe_customers,
        "subscription": to_stripe.subscriptions,
        "invoice": to_stripe_invoices.invoices,
        "payment_intent": to_stripe_cash.payment_intents,
        "charge": to_stripe_cash.charges,
        "payment_record": to_stripe_cash.payment_records,
        "invoice_payment": to_stripe_cash.invoice_payments,
        "refund": to_stripe_credits.refunds,
        "dispute": to_stripe_cash.disputes,
        "credit_note": to_stripe_credits.credit_notes,
        "payout": to_stripe_payouts.payouts,
        "balance_transaction": to_stripe_payouts.balance_transactions,
    },
    "netsuite": {
        "subsidiary": to_netsuite.subsidiaries,
        "subsidiarymainaddress": to_netsuite.addresses,
        "currency": to_netsuite.currencies,
        "currencyrate": to_netsuite.currency_rates,
        "account": to_netsuite.accounts,
        "accountingperiod": to_netsuite.periods,
        "term": to_netsuite.terms,
        "salestaxitem": to_netsuite.tax_items,
        "item": to_netsuite.items,
        "customer": to_netsuite.customers,
        "transaction": to_netsuite_ledger.transactions,
        "transactionline": to_netsuite_ledger.transaction_lines,
        "previoustransactionlinelink": to_netsuite_ledger.links,
    },
}


def populate(emulators: Mapping[str, Emulator], scale: Decimal, seed: int, anchor: date, *, folder: Path) -> None:
    """Fill the emulators with history up to the start of the anchor day, and write truth.json into `folder`.

    The same scale, seed and anchor give the same records, byte for byte. Kinds that an emulator does not know are
    left out. Scale 0 loads nothing.
    """
    (folder / LIFE_FILE).unlink(missing_ok=True)
    if scale <= 0:
        keep(folder / TRUTH_FILE, [])
        return
    made = world(scale, seed, anchor)
    for name, emulator in emulators.items():
        for kind, project in PROJECTIONS.get(name, {}).items():
            if kind in emulator.kinds:
                _load(emulator, kind, project(made))
    write_truth(folder, made)
    keep(folder / ORIGIN_FILE, {"scale": str(scale), "seed": seed, "anchor": anchor.isoformat()})


def _load(emulator: Emulator, kind: str, docs: Iterable[Doc]) -> None:
    """In pieces, so that neither memory nor the emulator's lock is held for all of it."""
    rest = iter(docs)
    for first in rest:
        emulator.load(kind, chain((first,), islice(rest, CHUNK - 1)))
