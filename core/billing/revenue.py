"""Over which months an amount is earned."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from core.billing.anchors import anchored, month_of
from core.billing.model import Span
from core.billing.rounding import split


def slices(net_minor: int, span: Span) -> list[tuple[date, int]]:
    """(First day of a calendar month, what is earned in it) by days, earliest first; they sum to the net exactly.

    What has no days is earned in the month of its first day.
    """
    first = month_of(span.starts_on)
    if span.days <= 0:
        return [(anchored(first, 1), net_minor)]
    months = range(first, month_of(span.ends_on) + 1)
    covered = [span.overlap(Span(anchored(month, 1), anchored(month + 1, 1))) for month in months]
    earned = [(month, days.days) for month, days in zip(months, covered, strict=True) if days is not None]
    amounts = split(net_minor, [Decimal(days) for _, days in earned])
    return [(anchored(month, 1), amount) for (month, _), amount in zip(earned, amounts, strict=True)]
