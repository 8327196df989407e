"""NetSuite's view of everything but transactions: rows of the SuiteQL tables, with values as texts."""

from collections.abc import Iterator
from datetime import date, timedelta

from . import rates
from .catalogue import PRODUCTS
from .contracts import window
from .entities import CURRENCIES, CURRENCY_NAMES, ENTITIES, ENTITY, SEATS, TAX_RATES
from .ids import add_months
from .model import Customer, World
from .to_salesforce import account_id, account_number
from .vendor import Doc

RECEIVABLE = "1"
TERMS = (14, 30, 45, 60)
ACCOUNTS = (
    ("1", "1100", "AcctRec", "Accounts Receivable"),
    ("2", "1010", "Bank", "Operating Account"),
    ("3", "1200", "OthCurrAsset", "Stripe Clearing"),
    ("4", "1210", "OthCurrAsset", "Undeposited Funds"),
    ("5", "2200", "OthCurrLiab", "Sales Tax Payable"),
    ("6", "2400", "DeferRevenue", "Deferred Revenue"),
    ("7", "4010", "Income", "Subscription Revenue"),
    ("8", "4020", "Income", "Usage Revenue"),
    ("9", "4030", "Income", "Support Revenue"),
    ("10", "4900", "Income", "Discounts Given"),
    ("11", "6800", "Expense", "Payment Processing Fees"),
    ("12", "7200", "OthExpense", "Realized Exchange Gain or Loss"),
)
FIRST_CUSTOMER, FIRST_ADDRESS = 1001, 500
MONTHS_BACK, MONTHS_AHEAD = 17, 2


def currency_id(code: str) -> str:
    return str(1 + CURRENCIES.index(code))


def term_id(days: int) -> str:
    return str(1 + TERMS.index(days))


def tax_item_id(code: str) -> str:
    return str(1 + [rate.code for rate in TAX_RATES].index(code))


def item_id(code: str) -> str:
    """Raises ValueError for the product that the ledger does not know."""
    return str(101 + [product.code for product in PRODUCTS if product.mapped].index(code))


def customer_id(customer: Customer) -> str:
    return str(FIRST_CUSTOMER + customer.index)


def subsidiaries(made: World) -> Iterator[Doc]:
    for entity in ENTITIES:
        yield {
            "id": str(entity.subsidiary),
            "name": entity.name,
            "currency": currency_id(entity.currency),
            "country": entity.country,
            "externalid": entity.code,
            "email": f"billing-{entity.code.lower()}@halden.example",
            "federalidnumber": SEATS[entity.code].tax_number,
            "mainaddress": str(FIRST_ADDRESS + entity.subsidiary),
        }


def addresses(made: World) -> Iterator[Doc]:
    for entity in ENTITIES:
        seat = SEATS[entity.code]
        yield {
            "nkey": str(FIRST_ADDRESS + entity.subsidiary),
            "addr1": seat.street,
            "city": seat.city,
            "state": seat.state,
            "zip": seat.zip,
            "country": entity.country,
        }


def currencies(made: World) -> Iterator[Doc]:
    for code in CURRENCIES:
        yield {"id": currency_id(code), "name": CURRENCY_NAMES[code], "symbol": code}


def currency_rates(made: World) -> Iterator[Doc]:
    first = window(made.anchor).start
    for number, (day, currency, rate) in enumerate(rates.daily(made.seed, first, made.anchor), start=1):
        yield rate_row(number, day, currency, rate)


def rate_row(number: int, day: date, currency: str, millionths: int) -> Doc:
    return {
        "id": str(number),
        "basecurrency": currency_id("USD"),
        "transactioncurrency": currency_id(currency),
        "exchangerate": rates.text(millionths),
        "effectivedate": day.isoformat(),
    }


def accounts(made: World) -> Iterator[Doc]:
    for id, number, kind, name in ACCOUNTS:
        yield {"id": id, "acctnumber": number, "accttype": kind, "fullname": name}


def periods(made: World) -> Iterator[Doc]:
    """20 months; locked are those before the previous month."""
    locked_until = window(made.anchor).locked_month
    first = add_months(made.anchor.replace(day=1), -MONTHS_BACK)
    for place in range(MONTHS_BACK + MONTHS_AHEAD + 1):
        start = add_months(first, place)
        flag = "T" if start <= locked_until else "F"
        yield {
            "id": str(place + 1),
            "periodname": f"{start:%b %Y}",
            "startdate": start.isoformat(),
            "enddate": (add_months(start, 1) - timedelta(days=1)).isoformat(),
            "isposting": "T",
            "closed": flag,
            "arlocked": flag,
            "aplocked": flag,
            "alllocked": flag,
        }


def period_id(made: World, day: date) -> str:
    first = add_months(made.anchor.replace(day=1), -MONTHS_BACK)
    return str((day.year - first.year) * 12 + day.month - first.month + 1)


def terms(made: World) -> Iterator[Doc]:
    for days in TERMS:
        yield {"id": term_id(days), "name": f"Net {days}", "daysuntilnetdue": str(days)}


def tax_items(made: World) -> Iterator[Doc]:
    for rate in TAX_RATES:
        yield {"id": tax_item_id(rate.code), "itemid": rate.code, "rate": str(rate.basis_points // 100)}


def items(made: World) -> Iterator[Doc]:
    for product in PRODUCTS:
        if product.mapped:
            yield {
                "id": item_id(product.code),
                "itemid": product.code,
                "displayname": product.name,
                "itemtype": "Service",
            }


def customers(made: World) -> Iterator[Doc]:
    for customer in made.customers:
        since = f"{customer.since.isoformat()} 10:00:00"
        yield {
            "id": customer_id(customer),
            "entityid": account_number(customer),
            "companyname": customer.name,
            "email": customer.email,
            "subsidiary": str(ENTITY[customer.entity].subsidiary),
            "currency": currency_id(customer.currency),
            "terms": term_id(customer.terms_days),
            "externalid": account_id(made.seed, customer),
            "isinactive": "F",
            "datecreated": since,
            "lastmodifieddate": since,
        }
