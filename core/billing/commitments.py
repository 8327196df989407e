"""What a period costs at least, and what has been paid in advance.

- Minimum: what the net of a period lacks of it is billed as a true-up; for a part of a period, the part of the minimum
  by day. It is held against what the period cost, also where a commitment has paid for it.
- Commitment: paid in advance by a charge of its own, which is sold beside (one-off or recurring); here it is only
  drawn down. The net of usage is shown in full, and what the commitment still pays is a line against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from core.billing import wording
from core.billing.model import Agreement, RatedLine, Span
from core.billing.proration import Deal
from core.billing.renewing import renewals_by
from core.billing.rounding import half_up
from core.kit.money import to_decimal, to_minor

_ONE = Decimal(1)


def drawn_in_term(agreement: Agreement, draws: Iterable[tuple[date, int]], day: date) -> int:
    """Of what a commitment has paid, by the first day of each period, that which is of the term of the day: a
    commitment is made for a term, and made anew with it."""
    term = renewals_by(agreement, day)
    return sum(minor for first, minor in draws if renewals_by(agreement, first) == term)


def true_up(deal: Deal, lines: Sequence[RatedLine], span: Span, whole: Span) -> RatedLine | None:
    """What the net of the lines lacks of the minimum for the days of the span."""
    minimum = deal.charge.terms.minimum_amount
    if minimum is None:
        return None
    exact = Fraction(minimum.scaleb(deal.digits))
    words = f"minimum {deal.money.price(minimum)}"
    if span.days < whole.days and deal.charge.terms.proration == "daily":
        exact = exact * span.days / whole.days
        part = wording.amount(half_up(exact), deal.digits)
        words += f" × {span.days} of {wording.days(whole.days)} = {part}"
    net = sum(line.net_minor for line in lines)
    missing = half_up(exact) - net
    if missing <= 0:
        return None
    words += f" − {wording.amount(net, deal.digits)} = {wording.amount(missing, deal.digits)}"
    return _line(deal, f"{deal.charge.description}: up to the minimum", missing, span, words)


def _line(deal: Deal, description: str, minor: int, span: Span, words: str) -> RatedLine:
    return RatedLine(
        charge_key=deal.charge.key,
        product_code=deal.charge.product_code,
        description=description,
        quantity=_ONE,
        unit_price=to_decimal(minor, deal.money.currency),
        amount_minor=minor,
        discount_minor=0,
        span=span,
        arithmetic=words,
        kind="true_up" if minor > 0 else "drawdown",
    )


def drawdown(deal: Deal, lines: Sequence[RatedLine], span: Span, drawn_minor: int) -> RatedLine | None:
    """What the commitment still pays of the lines, after `drawn_minor` of it went before."""
    commitment = deal.charge.terms.commit_amount
    if commitment is None:
        return None
    left = max(to_minor(commitment, deal.money.currency) - drawn_minor, 0)
    paid = min(left, sum(line.net_minor for line in lines))
    if paid <= 0:
        return None
    words = (
        f"commitment {deal.money.price(commitment)} − {wording.amount(drawn_minor, deal.digits)} drawn before = "
        f"{wording.amount(left, deal.digits)} left, of which {wording.amount(paid, deal.digits)} pays for this"
    )
    return _line(deal, f"{deal.charge.description}: paid from the commitment", -paid, span, words)
