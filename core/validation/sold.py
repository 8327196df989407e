"""What was sold beside what the contract comes to. Pure: facts in, the difference out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from core.validation.model import Tolerance

# A deal that closes so long after its contract began is not the one that it was signed with.
SIGNED_WITHIN = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class Sale:
    """A deal that was won; of what it says, the quote is what the customer has agreed to."""

    name: str
    closes_on: date
    currency: str
    amount_minor: int | None
    quote_number: str | None = None
    quote_currency: str | None = None
    quote_minor: int | None = None

    @property
    def is_quoted(self) -> bool:
        return self.quote_minor is not None

    @property
    def sold_minor(self) -> int | None:
        return self.quote_minor if self.is_quoted else self.amount_minor

    @property
    def sold_currency(self) -> str:
        return (self.quote_currency if self.is_quoted else None) or self.currency


@dataclass(frozen=True, slots=True)
class Value:
    """What the contract comes to over its term, in words and net of tax."""

    words: str
    net_minor: int


@dataclass(frozen=True, slots=True)
class SoldSide:
    """The deals of one contract, the first one first; `values`: as signed, and with all that was agreed since."""

    starts_on: date
    sales: tuple[Sale, ...]
    values: Iterable[Value]
    tolerance: Tolerance
    # Something is paid by usage, of which a deal states an estimate and a contract nothing.
    has_usage: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """What was sold by these deals, and the value of the contract that comes nearest."""

    sales: tuple[Sale, ...]
    sold_minor: int
    value: Value

    @property
    def effect_minor(self) -> int:
        return self.sold_minor - self.value.net_minor


def is_comparable(side: SoldSide) -> bool:
    """Whether the deal that the contract was signed with is known."""
    return bool(side.sales) and side.sales[0].closes_on <= side.starts_on + SIGNED_WITHIN


def other_currency(side: SoldSide, currency: str) -> Sale | None:
    return next((sale for sale in side.sales if sale.sold_currency != currency), None)


def gap(side: SoldSide) -> Gap | None:
    """Either the first deal is what was signed, or all deals together are what is agreed by now: None when one of
    these holds, or when nothing can be compared. Otherwise the smaller of the differences."""
    gaps: list[Gap] = []
    for value in side.values:
        for found in _gaps(side, value):
            is_estimate = side.has_usage and found.effect_minor > 0
            if is_estimate or side.tolerance.allows(found.effect_minor, found.sold_minor):
                return None
            gaps.append(found)
    return min(gaps, key=lambda each: abs(each.effect_minor), default=None)


def _gaps(side: SoldSide, value: Value) -> Iterator[Gap]:
    for sales in dict.fromkeys((side.sales[:1], side.sales)):
        sums = [sale.sold_minor for sale in sales if sale.sold_minor is not None]
        if len(sums) == len(sales):
            yield Gap(sales, sum(sums), value)
