"""Salesforce opportunities: one won per contract, and some deals still open."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from .ids import midnight, salesforce_id
from .model import Contract, Customer, World
from .to_salesforce import account_id, decimal, stamped, user_id
from .vendor import Doc

OPEN_STAGES = ("Prospecting", "Qualification", "Proposal/Price Quote", "Negotiation/Review")
OPEN_PERCENT = 8


def opportunities(made: World) -> Iterator[Doc]:
    for contract in made.contracts:
        customer = made.customers[contract.customer]
        name = f"{customer.name}: contract {contract.number}"
        yield _deal(made, customer, contract.number, (name, "Closed Won", contract.start, _yearly(contract)))
    rng = Random(f"{made.seed}:pipeline")
    for customer in made.customers:
        if rng.randrange(100) < OPEN_PERCENT:
            close = made.anchor + timedelta(days=rng.randrange(5, 120))
            amount = rng.randrange(20, 900) * 10_000
            stage = rng.choice(OPEN_STAGES)
            yield _deal(made, customer, f"open:{customer.index}", (f"{customer.name}: expansion", stage, close, amount))


def _yearly(contract: Contract) -> int:
    return 12 * sum(contract.quantity(code, contract.start) * unit for code, unit in contract.prices.items())


def _deal(made: World, customer: Customer, key: str, deal: tuple[str, str, date, int]) -> Doc:
    name, stage, close, amount = deal
    won = stage == "Closed Won"
    fields = {
        "AccountId": account_id(made.seed, customer),
        "Name": name,
        "StageName": stage,
        "CloseDate": close.isoformat(),
        "Amount": decimal(amount),
        "IsWon": won,
        "IsClosed": won,
        "CurrencyIsoCode": customer.currency,
        "OwnerId": user_id(customer.owner),
    }
    created = midnight(min(close, made.anchor) - timedelta(days=40)) + 40_000
    closed = midnight(close - timedelta(days=3)) + 45_000 if won else created
    return stamped(salesforce_id("006", f"{made.seed}:deal:{key}"), created, fields, closed)
