"""Salesforce opportunities and quotes: one won per contract, some deals still open, and some won only just now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from .billing import line
from .catalogue import USAGE
from .ids import add_months, midnight, salesforce_id
from .model import Billing, Contract, Customer, World
from .to_salesforce import account_id, contract_id, decimal, stamped, user_id
from .vendor import Doc

OPEN_STAGES = ("Prospecting", "Qualification", "Proposal/Price Quote", "Negotiation/Review")
OFFERED = ("Proposal/Price Quote", "Negotiation/Review")
WON = "Closed Won"
OPEN_PERCENT = 8
JUST_WON_PERCENT = 3
FIRST_QUOTE = 70_001
QUOTE_DAYS = 30


@dataclass(frozen=True, slots=True)
class Sale:
    """A deal before Salesforce's spelling; `amount` is sold over the whole term, net of tax."""

    key: str
    name: str
    stage: str
    close: date
    amount: int
    currency: str
    contract: str | None = None
    """Salesforce id."""
    quote: str | None = None
    """Number of the quote that was made for it."""
    po_number: str | None = None

    @property
    def is_won(self) -> bool:
        return self.stage == WON


def opportunities(made: World) -> Iterator[Doc]:
    for customer, sale in _sales(made):
        yield opportunity(made.seed, customer, sale, made.anchor)


def quotes(made: World) -> Iterator[Doc]:
    for customer, sale in _sales(made):
        if sale.quote is not None:
            yield quote(made.seed, customer, sale, made.anchor)


def _sales(made: World) -> Iterator[tuple[Customer, Sale]]:
    for contract in made.contracts:
        customer = made.customers[contract.customer]
        yield customer, sale_of(made.seed, contract, customer)
    rng = Random(f"{made.seed}:pipeline")
    for customer in made.customers:
        if rng.randrange(100) < OPEN_PERCENT:
            yield customer, _open(rng, made.anchor, customer)
    for customer in made.customers:
        if rng.randrange(100) < JUST_WON_PERCENT:
            yield customer, _just_won(rng, made.anchor, customer)


def sale_of(seed: int, contract: Contract, customer: Customer) -> Sale:
    """What the contract was signed with. Every fourth deal was closed without a quote."""
    return Sale(
        key=contract.number,
        name=f"{customer.name}: contract {contract.number}",
        stage=WON,
        close=contract.start - timedelta(days=3),
        amount=worth(contract),
        currency=contract.currency,
        contract=contract_id(seed, contract),
        quote=f"{int(contract.number):08d}" if int(contract.number) % 4 else None,
        po_number=contract.po_number,
    )


def worth(contract: Contract) -> int:
    """Everything that was ordered at first, over the whole term; of usage what is usual."""
    total, turn = 0, 0
    while (start := add_months(contract.start, turn * contract.months)) <= contract.end:
        span = Billing(contract.index, turn, start, add_months(start, contract.months))
        for code, unit in contract.prices.items():
            quantity = contract.usage_mean if code == USAGE else contract.quantity(code, contract.start)
            if quantity > 0:
                priced = line(contract, 0, (code, quantity, unit), span)
                total += priced.amount - priced.discount
        turn += 1
    return total


def _open(rng: Random, anchor: date, customer: Customer) -> Sale:
    close = anchor + timedelta(days=rng.randrange(5, 120))
    amount = rng.randrange(20, 900) * 10_000
    stage = rng.choice(OPEN_STAGES)
    number = f"{FIRST_QUOTE + customer.index:08d}" if stage in OFFERED else None
    return Sale(
        f"open:{customer.index}", f"{customer.name}: expansion", stage, close, amount, customer.currency, quote=number
    )


def _just_won(rng: Random, anchor: date, customer: Customer) -> Sale:
    """Its contract is being written: nothing is wrong yet."""
    close = anchor - timedelta(days=rng.randrange(1, 6))
    amount = rng.randrange(20, 300) * 10_000
    return Sale(f"won:{customer.index}", f"{customer.name}: second team", WON, close, amount, customer.currency)


def opportunity_id(seed: int, sale: Sale) -> str:
    return salesforce_id("006", f"{seed}:deal:{sale.key}")


def opportunity(seed: int, customer: Customer, sale: Sale, today: date) -> Doc:
    fields = {
        "AccountId": account_id(seed, customer),
        "Name": sale.name,
        "StageName": sale.stage,
        "CloseDate": sale.close.isoformat(),
        "Amount": decimal(sale.amount),
        "IsWon": sale.is_won,
        "IsClosed": sale.is_won,
        "CurrencyIsoCode": sale.currency,
        "OwnerId": user_id(customer.owner),
        "ContractId": sale.contract,
    }
    created = midnight(min(sale.close, today) - timedelta(days=40)) + 40_000
    return stamped(opportunity_id(seed, sale), created, fields, _closed(sale) if sale.is_won else created)


def quote(seed: int, customer: Customer, sale: Sale, today: date) -> Doc:
    """Without tax, which is determined when it is billed."""
    made = min(sale.close, today) - timedelta(days=14)
    fields = {
        "OpportunityId": opportunity_id(seed, sale),
        "AccountId": account_id(seed, customer),
        "Name": sale.name,
        "QuoteNumber": sale.quote,
        "Status": "Accepted" if sale.is_won else "Presented",
        "IsSyncing": True,
        "ContractId": sale.contract,
        "TotalPrice": decimal(sale.amount),
        "Tax": None,
        "GrandTotal": decimal(sale.amount),
        "ExpirationDate": (made + timedelta(days=QUOTE_DAYS)).isoformat(),
        "PO_Number__c": sale.po_number,
        "CurrencyIsoCode": sale.currency,
        "OwnerId": user_id(customer.owner),
    }
    created = midnight(made) + 41_000
    id = salesforce_id("0Q0", f"{seed}:quote:{sale.key}")
    return stamped(id, created, fields, _closed(sale) if sale.is_won else created)


def _closed(sale: Sale) -> int:
    return midnight(sale.close) + 45_000
