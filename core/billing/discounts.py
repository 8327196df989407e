"""Discounts: the charge's own, else the agreement's, up to and including its last day.

Of a line whose days go beyond the last day, the discount is taken for the covered days only: amount × percent ×
covered days / days of the line, rounded once. Credits and true-ups are not discounted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from core.billing import wording
from core.billing.holding import Unpriceable
from core.billing.model import Agreement, Charge, Span
from core.billing.rounding import nearest

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Discount:
    """`ends_on` is the first day without it; None = it does not end."""

    percent: Decimal
    ends_on: date | None

    def covered(self, span: Span) -> int:
        """Days of the span with the discount."""
        if not self.percent:
            return 0
        if self.ends_on is None or self.ends_on >= span.ends_on:
            return span.days
        return max((self.ends_on - span.starts_on).days, 0)

    def share(self, span: Span) -> Fraction:
        """What part of an amount for the span is taken off."""
        return Fraction(self.percent) * self.covered(span) / (100 * span.days)

    def minor(self, amount_minor: int, span: Span) -> int:
        top, bottom = self.percent.as_integer_ratio()
        return nearest(amount_minor * top * self.covered(span), bottom * 100 * span.days)

    def words(self, discount_minor: int, span: Span, digits: int) -> str:
        """What the sentence of a line says of it; "" without a discount."""
        covered = self.covered(span)
        if not covered:
            return ""
        part = "" if covered == span.days else f" for {covered} of {wording.days(span.days)}"
        return f"; less {wording.percent(self.percent)}{part} = {wording.amount(discount_minor, digits)}"


def discount_of(agreement: Agreement, charge: Charge) -> Discount:
    """Raises Unpriceable for a percentage that is none."""
    terms = charge.terms
    if terms.discount_percent is not None:
        percent, last = terms.discount_percent, terms.discount_ends_on
    else:
        percent, last = agreement.discount_percent, terms.discount_ends_on or agreement.discount_ends_on
    if not 0 <= percent <= 100:
        sentence = f"A discount of {wording.percent(percent)} on {charge.description} cannot be."
        raise Unpriceable(charge.key, "discount.out_of_range", sentence)
    return Discount(percent, None if last is None else last + _DAY)
