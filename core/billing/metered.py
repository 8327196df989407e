"""Lines of usage: what was measured in a period, beyond what is included.

- Included quantity and minimum of a part of a period are parts by day (the quantity rounded to four decimals).
- The price is the one in effect on the first charged day of the period; tiers begin anew in every period and count the
  units beyond what is included.
- Measured are the days from `usage_span`: those in effect and not free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from core.billing import wording
from core.billing.commitments import drawdown, true_up
from core.billing.holding import Held, Unpriceable, held
from core.billing.lines import free_line, line_of
from core.billing.model import Agreement, Charge, Measured, RatedLine, Slot, Span, Usage
from core.billing.pricing import Asked, Priced, priced
from core.billing.proration import Deal, Piece
from core.billing.rounding import half_up

_NOTHING = Decimal(0)
_FOUR_DECIMALS = Decimal("0.0001")


def usage_key(slot: Slot) -> str:
    """Under which the usage of one of several slots of the same charge is given to `rate`."""
    return f"{slot.charge_key}@{slot.span.starts_on.isoformat()}"


def usage_span(agreement: Agreement, charge: Charge, span: Span) -> Span | None:
    """The days of a slot whose usage is charged: from the first to the last on which the charge is in effect and not
    free. None when there are none, or when `rate` will say that its quantities cannot be."""
    try:
        return _charged(held(agreement, charge, span))
    except Unpriceable:
        return None


def _charged(holds: Sequence[Held]) -> Span | None:
    days = [hold.span for hold in holds if not hold.is_free]
    return Span(days[0].starts_on, days[-1].ends_on) if days else None


@dataclass(frozen=True, slots=True)
class Billed:
    """Lines of one slot of usage, and how much of a commitment is drawn after it."""

    lines: list[RatedLine]
    drawn_minor: int


def measured_for(slot: Slot, usage: Usage, is_alone: bool) -> Measured | None:
    """None when it cannot be told which of several slots the usage is of."""
    found = usage.get(usage_key(slot))
    if found is None:
        found = usage.get(slot.charge_key, Measured()) if is_alone else None
    return found


def metered(deal: Deal, slot: Slot, measured: Measured, drawn_minor: int) -> Billed:
    if measured.quantity < 0:
        sentence = f"The usage of {deal.charge.description} adds up to {measured.quantity:f}."
        raise Unpriceable(deal.charge.key, "usage.negative", sentence)
    holds = held(deal.agreement, deal.charge, slot.span)
    span = _charged(holds)
    if span is None:
        nothing = Priced(_NOTHING, _NOTHING, _NOTHING, "usage")
        return Billed([free_line(deal, "usage", slot.span, nothing)] if holds else [], drawn_minor)
    whole = deal.grid.period(deal.grid.number(slot.span.starts_on))
    hold = next(hold for hold in holds if not hold.is_free)
    lines = [_line(deal, hold, span, whole, measured.quantity)]
    paid = drawdown(deal, lines, span, drawn_minor)
    missing = true_up(deal, lines, span, whole)
    drawn_minor -= paid.amount_minor if paid else 0
    return Billed([*lines, *(line for line in (paid, missing) if line)], drawn_minor)


def _line(deal: Deal, hold: Held, span: Span, whole: Span, used: Decimal) -> RatedLine:
    included, words = _included(deal, span, whole)
    beyond = max(used - included, _NOTHING)
    cost = priced(deal.charge, Asked(beyond, hold.groups[0][0], hold.tiers), deal.money)
    exact = Fraction(cost.amount.scaleb(deal.digits))
    prefix = f"{wording.units(used)} used − {words} included: " if included else ""
    said = f"{prefix}{cost.words}"
    if deal.charge.terms.pricing == "flat" and span.days < whole.days and deal.charge.terms.proration == "daily":
        exact = exact * span.days / whole.days
        said += f" × {span.days} of {wording.days(whole.days)}"
    return line_of(deal, "usage", Piece(span, exact, cost, said), half_up(exact))


def _included(deal: Deal, span: Span, whole: Span) -> tuple[Decimal, str]:
    """What is included in the days of the span, with words."""
    included = deal.charge.terms.included_quantity
    if span.days >= whole.days or not included or deal.charge.terms.proration == "none":
        return included, wording.number(included)
    part = (included * span.days / whole.days).quantize(_FOUR_DECIMALS, ROUND_HALF_UP)
    return part, f"{wording.number(included)} × {span.days} of {wording.days(whole.days)} = {wording.number(part)}"
