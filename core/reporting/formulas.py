"""Formulas of receivables, as pure functions of amounts. None = undefined, never 0 in its place.

Amounts are in one currency (converted beforehand at the rate stated for the as-of day and not rounded: rounding would
make the same invoices another sum on the open and on the billed side), tax included on both sides, disputed invoices
included, credits and unapplied cash excluded. Percentages are 0-100.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

WINDOW_DAYS = 90
BUCKETS = ("current", "d1_30", "d31_60", "d61_90", "d90_plus")
_UPPER_EDGES = ((0, "current"), (30, "d1_30"), (60, "d31_60"), (90, "d61_90"))


@dataclass(frozen=True, slots=True)
class MonthBilled:
    """What was billed in a calendar month; the as-of month runs only to the as-of day and has as many days."""

    month: date
    days: int
    billed: Decimal


@dataclass(frozen=True, slots=True)
class CountedMonth:
    """One step of the walk back: the receivables left, what the month covers, and the days it counts for."""

    month: date
    billed: Decimal
    before: Decimal
    days: Decimal


@dataclass(frozen=True, slots=True)
class CountBack:
    """`is_lower_bound`: the receivables are larger than all billing known, so the days are "more than".

    `is_undefined`: nothing is open and nothing was billed, so there is nothing to count days of.
    """

    days: Decimal
    is_lower_bound: bool
    is_undefined: bool
    walk: tuple[CountedMonth, ...]

    @property
    def exact(self) -> Decimal | None:
        """The days where they are known."""
        return None if self.is_lower_bound or self.is_undefined else self.days


def bucket_of(days_past: int) -> str:
    """The ageing bucket of an item `days_past` its due (or invoice) date; due today is current."""
    return next((name for edge, name in _UPPER_EDGES if days_past <= edge), "d90_plus")


def window_start(as_of: date, days: int = WINDOW_DAYS) -> date:
    """First day of the `days` days that end with the close of `as_of`."""
    return as_of - timedelta(days=days - 1)


def dso_simple(receivables: Decimal, billed: Decimal, days: int = WINDOW_DAYS) -> Decimal | None:
    """Days sales outstanding, simple.

    Numerator: open receivables at the close of the day. Denominator: billed in the `days` days that end on it, by
    invoice date. Times `days`. Undefined when nothing was billed. Source: the field's usual definition, "DSO, simple".
    """
    return receivables / billed * days if billed > 0 else None


def count_back(receivables: Decimal, months: Iterable[MonthBilled]) -> CountBack:
    """Days sales outstanding, count-back; with the balance not yet due it is the best possible DSO.

    Takes the billing of each calendar month, by invoice date and latest first, off the receivables and counts the
    month's days; the month that cannot be covered counts in proportion (what is left / its billing x its days).
    A month without billing counts in full. Undefined when nothing is open and no month has
    billing. Source: the field's usual definition of count-back DSO.
    """
    left, days, walk = receivables, Decimal(0), []
    known = tuple(months)
    for month in known:
        if left <= 0:
            break
        is_covered = left >= month.billed
        counted = Decimal(month.days) if is_covered else left / month.billed * month.days
        walk.append(CountedMonth(month.month, month.billed, left, counted))
        left -= month.billed
        days += counted
    is_undefined = not receivables and not any(month.billed for month in known)
    return CountBack(days, left > 0, is_undefined, tuple(walk))


def average_days_delinquent(dso: Decimal | None, best_possible: Decimal | None) -> Decimal | None:
    """DSO less best possible DSO, both by count-back. Source: the field's usual definition."""
    return None if dso is None or best_possible is None else dso - best_possible


def collection_effectiveness(
    opening: Decimal, billed: Decimal, ending: Decimal, ending_current: Decimal
) -> Decimal | None:
    """Collection effectiveness index, percent.

    Numerator: opening receivables + billed in the window - ending total receivables. Denominator: opening + billed
    - ending receivables not yet due. Undefined when the denominator is 0. Source: the field's usual definition, "CEI".
    """
    collectable = opening + billed - ending_current
    return (opening + billed - ending) / collectable * 100 if collectable else None


def percent(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """`part` of `whole` in percent; undefined when the whole is 0.

    Overdue share: past due / open receivables, by due date. Billing accuracy: invoices issued in the last 90 days
    without credit memo, upheld dispute or correction / invoices issued in them. Straight-through rate: invoices
    recorded in the last 30 days that reached released or posted without a human step / invoices recorded in them
    (those still waiting stay in the denominator). Source: the field's usual definition.
    """
    return Decimal(part) / Decimal(whole) * 100 if whole else None
