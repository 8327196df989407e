"""Contracts with their orders and amendments, renewed year by year until the customer leaves."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from .catalogue import ANALYTICS, CORE, SEGMENT, STORAGE, SUPPORT, USAGE, Segment, list_price
from .ids import add_months
from .model import Billing, Contract, Customer, Order
from .money import rounded

FIRST_NUMBER = 10_001
RENEWAL_PERCENT = 86
USAGE_SHARE = (8, 14)
"""Usage is this many percent of the monthly amount: little enough that it alone never moves a total by a quarter."""


@dataclass(frozen=True, slots=True)
class Window:
    """The history that exists: invoices issued from `start` to `anchor`; those after `cutoff` are not yet posted."""

    start: date
    anchor: date
    cutoff: date
    locked_month: date
    """First day of the youngest month that the ledger has locked."""


def window(anchor: date) -> Window:
    """18 months back; posted is what is 30 days old, or lies in a locked month."""
    this_month = anchor.replace(day=1)
    previous = add_months(this_month, -1)
    return Window(
        start=add_months(this_month, -17),
        anchor=anchor,
        cutoff=max(anchor - timedelta(days=30), previous - timedelta(days=1)),
        locked_month=add_months(this_month, -2),
    )


def contracts(rng: Random, customers: list[Customer], span: Window) -> list[Contract]:
    """All contracts that run inside the window."""
    made: list[Contract] = []
    for customer in customers:
        segment = SEGMENT[customer.segment]
        how_many = rng.choices(range(1, len(segment.contracts) + 1), segment.contracts)[0]
        for place in range(how_many):
            for one in _chain(rng, customer, _first_start(rng, customer, place, span), span):
                made.append(replace(one, index=len(made), number=f"{FIRST_NUMBER + len(made):08d}"))
    return made


def periods(contract: Contract, span: Window) -> list[Billing]:
    """The billing periods that have begun inside the window: billed in advance, on their first day."""
    found = []
    for turn in range(contract.term_months // contract.months):
        start = add_months(contract.start, turn * contract.months)
        if span.start <= start <= min(span.anchor, contract.end):
            found.append(Billing(contract.index, turn, start, add_months(start, contract.months)))
    return found


def _first_start(rng: Random, customer: Customer, place: int, span: Window) -> date:
    """The first contract soon after the customer came, others within a year or so; never on days 29 to 31."""
    start = customer.since + timedelta(days=rng.randrange(2, 9) if place == 0 else rng.randrange(5, 400))
    start = min(start, span.anchor - timedelta(days=rng.randrange(0, 25)))
    if start > span.cutoff:
        return start.replace(day=min(start.day, 28))
    return start.replace(day=1 if rng.random() < 0.3 else rng.randrange(1, 29))


def _chain(rng: Random, customer: Customer, start: date, span: Window) -> Iterator[Contract]:
    """One contract after another, each the renewal of the one before; not yet numbered."""
    segment = SEGMENT[customer.segment]
    months = rng.choices((1, 3, 12), segment.frequencies)[0]
    prices = _prices(rng, customer, segment)
    seats = _seats(rng, segment)
    while start <= span.anchor:
        term = rng.choices((12, 24, 36), (70, 20, 10))[0]
        end = add_months(start, term) - timedelta(days=1)
        if end >= span.start:
            yield _contract(rng, customer, (start, end, term, months), (prices, seats), span)
        if rng.randrange(100) >= RENEWAL_PERCENT:
            return
        raise_percent = rng.choice((0, 3, 4, 5, 6))
        prices = {code: rounded(price * (100 + raise_percent), 100) for code, price in prices.items()}
        start = end + timedelta(days=1)


def _prices(rng: Random, customer: Customer, segment: Segment) -> dict[str, int]:
    """Negotiated prices of the products in this contract."""
    codes = [CORE] + [
        code
        for code, percent in zip((ANALYTICS, STORAGE, SUPPORT, USAGE), segment.extras, strict=True)
        if rng.randrange(100) < percent
    ]
    level = rng.randint(*segment.price_percent)
    return {code: max(1, rounded(list_price(code, customer.currency) * level, 100)) for code in codes}


def _seats(rng: Random, segment: Segment) -> int:
    low, high = segment.seats
    return round(rng.triangular(low, high, low + (high - low) / 4))


def _quantities(rng: Random, prices: dict[str, int], seats: int) -> dict[str, int]:
    wanted = {
        CORE: seats,
        ANALYTICS: max(1, seats * rng.randint(15, 40) // 100),
        STORAGE: max(1, seats * rng.randint(20, 60) // 100),
        SUPPORT: 1,
        USAGE: 0,
    }
    return {code: wanted[code] for code in prices}


def _contract(
    rng: Random,
    customer: Customer,
    terms: tuple[date, date, int, int],
    offer: tuple[dict[str, int], int],
    span: Window,
) -> Contract:
    start, end, term, months = terms
    prices, seats = offer
    if months > 1:
        prices = {code: price for code, price in prices.items() if code != USAGE}
    quantities = _quantities(rng, prices, seats)
    percent, discount_end, ends_at_turn = _discount(rng, start, term, months)
    first = Order("New", start, tuple(quantities.items()))
    later = _amendments(rng, (start, term, months), quantities, span, ends_at_turn)
    return Contract(
        index=0,
        number="",
        customer=customer.index,
        start=start,
        end=end,
        term_months=term,
        months=months,
        currency=customer.currency,
        po_number=f"PO-{rng.randrange(10_000, 999_999)}" if customer.po_required else None,
        terms_days=customer.terms_days,
        discount_percent=percent,
        discount_end=discount_end,
        prices=prices,
        orders=(first, *later),
        usage_mean=_usage_mean(rng, prices, quantities),
    )


def _discount(rng: Random, start: date, term: int, months: int) -> tuple[int, date | None, int | None]:
    """Percent, last day, and the first turn without it. It never ends before the third invoice."""
    if rng.randrange(100) >= 30:
        return 0, None, None
    percent = rng.choice((5, 8, 10, 12, 15))
    turns = term // months
    if turns < 4 or rng.randrange(100) >= 45:
        return percent, None, None
    turn = rng.randrange(3, turns)
    return percent, add_months(start, turn * months) - timedelta(days=rng.randrange(1, 11)), turn


def _amendments(
    rng: Random,
    terms: tuple[date, int, int],
    quantities: dict[str, int],
    span: Window,
    not_at: int | None,
) -> tuple[Order, ...]:
    start, term, months = terms
    now = dict(quantities)
    orders = []
    for turn in range(2, term // months):
        effective = add_months(start, turn * months)
        if effective > span.anchor:
            break
        if turn == not_at or months == 12 or rng.randrange(1000) >= 25 * months:
            continue
        code = rng.choice([code for code in now if code in (CORE, ANALYTICS, STORAGE)])
        change = max(1, now[code] * rng.randint(4, 25) // 100)
        if rng.random() < 0.25 and now[code] > change:
            change = -change
        now[code] += change
        orders.append(Order("Amendment", effective, ((code, change),)))
    return tuple(orders)


def _usage_mean(rng: Random, prices: dict[str, int], quantities: dict[str, int]) -> int:
    if USAGE not in prices:
        return 0
    rest = sum(prices[code] * count for code, count in quantities.items())
    share = rng.randint(*USAGE_SHARE)
    return max(10, rest * share // ((100 - share) * prices[USAGE]))
