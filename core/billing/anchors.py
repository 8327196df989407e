"""Days of the calendar on which periods begin.

Months are counted (year × 12 + month), so that "every n months from the 31st" needs no walk from the first period:
each beginning is found from its number alone, and the 31st is back after a shorter month.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from core.billing.model import Agreement, Charge, Span
from core.kit.errors import Refused


def month_of(day: date) -> int:
    return day.year * 12 + day.month - 1


@lru_cache(maxsize=16384)
def anchored(month: int, anchor_day: int) -> date:
    """The anchor day of a counted month; the last day of the month where it has no such day."""
    year, index = divmod(month, 12)
    return date(year, index + 1, min(anchor_day, monthrange(year, index + 1)[1]))


def add_months(day: date, months: int) -> date:
    return anchored(month_of(day) + months, day.day)


@dataclass(frozen=True, slots=True)
class Grid:
    """Periods of `months` months, numbered. Number 0 begins on the anchor day of `first_month`: the first anchor day
    on or after the start of the agreement. What lies before it is the end of period -1."""

    first_month: int
    anchor_day: int
    months: int

    def begins(self, number: int) -> date:
        return anchored(self.first_month + number * self.months, self.anchor_day)

    def period(self, number: int) -> Span:
        return Span(self.begins(number), self.begins(number + 1))

    def number(self, day: date) -> int:
        """Of the period that holds the day."""
        found = (month_of(day) - self.first_month) // self.months
        return found if day >= self.begins(found) else found - 1


def grid_of(agreement: Agreement, charge: Charge) -> Grid:
    """The periods of a charge: those of the agreement, or of the charge's own number of months."""
    months = charge.terms.frequency_months or agreement.frequency_months
    if months < 1 or not 1 <= agreement.anchor_day <= 31:
        raise Refused("period.unknown", f"{agreement.number} has no period that could be billed.")
    month = month_of(agreement.starts_on)
    if anchored(month, agreement.anchor_day) < agreement.starts_on:
        month += 1
    return Grid(month, agreement.anchor_day, months)


def own_grid(span: Span) -> Grid | None:
    """The periods of which a span of whole months is one; None when its months are not whole."""
    first, months = month_of(span.starts_on), month_of(span.ends_on) - month_of(span.starts_on)
    anchor_day = max(span.starts_on.day, span.ends_on.day)
    if months < 1 or Span(anchored(first, anchor_day), anchored(first + months, anchor_day)) != span:
        return None
    return Grid(first, anchor_day, months)
