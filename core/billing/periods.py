"""Which periods a charge is billed for, and when.

- Periods begin on the anchor day; 29-31 fall on the last day of shorter months. Where the agreement starts elsewhere,
  the first period is short and ends at the first anchor day after the start, however many months a period has. The
  last one is short when the term ends inside it. Renewals go on in the same periods.
- A slot is a whole period (within the term), also when its charge begins or ends inside: the days that are charged
  are found when it is rated. So an amendment does not give a period a new name.
- Advance is billed on the first day on which something is held in the period; arrears and usage on the first day
  after the period; one-offs and credits on their first day; milestones on the day of the milestone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from core.billing.anchors import grid_of
from core.billing.holding import Unpriceable, held, lifetime
from core.billing.model import Agreement, Charge, Slot, SlotKind, Span
from core.billing.renewing import term_end

_DAY = timedelta(days=1)


def slots(agreement: Agreement, until: date, *, since: date | None = None) -> tuple[Slot, ...]:
    """Every slot to be billed from `since` (default: ever) up to and including `until`, by day, charge and period."""
    found: list[Slot] = []
    for charge in agreement.charges:
        if charge.terms.kind in ("recurring", "usage"):
            found.extend(_periodic(agreement, charge, until, since))
        else:
            found.extend(_once(agreement, charge, until, since))
    found.sort(key=lambda slot: (slot.bill_on, slot.charge_key, slot.kind, slot.span))
    return tuple(found)


def _periodic(agreement: Agreement, charge: Charge, until: date, since: date | None) -> Iterator[Slot]:
    life = lifetime(agreement, charge)
    if life is None:
        return
    starts_on, ends_on = life
    is_after = charge.terms.kind == "usage" or charge.terms.timing == "arrears"
    kind: SlotKind = "usage" if charge.terms.kind == "usage" else "recurring"
    for span in _spans(agreement, charge, starts_on if since is None else max(starts_on, since - _DAY)):
        if ends_on is not None and span.starts_on >= ends_on:
            return
        if (span.ends_on if is_after else span.starts_on) > until:
            return
        first = _first_day(agreement, charge, span)
        if first is None:
            continue
        bill_on = span.ends_on if is_after else first
        if bill_on <= until and (since is None or bill_on >= since):
            yield Slot(charge.key, kind, span, bill_on)


def _spans(agreement: Agreement, charge: Charge, day: date) -> Iterator[Span]:
    """The periods from the one that holds the day on, without end but that of the term."""
    grid, end = grid_of(agreement, charge), term_end(agreement)
    number = grid.number(day)
    while True:
        period = grid.period(number)
        first = max(period.starts_on, agreement.starts_on)
        last = period.ends_on if end is None else min(period.ends_on, end)
        if first >= last:
            return
        yield Span(first, last)
        number += 1


def _first_day(agreement: Agreement, charge: Charge, span: Span) -> date | None:
    """The first day of the span on which something is held."""
    if len(charge.steps) == 1 and charge.steps[0].quantity > 0:
        return max(span.starts_on, charge.steps[0].starts_on)
    try:
        days = held(agreement, charge, span)
    except Unpriceable:
        return span.starts_on  # rating says what is wrong with it
    return days[0].span.starts_on if days else None


def _once(agreement: Agreement, charge: Charge, until: date, since: date | None) -> Iterator[Slot]:
    day = once_on(agreement, charge)
    if day is None or day > until or (since is not None and day < since):
        return
    kind = charge.terms.kind
    if kind == "one_off" or kind == "milestone" or kind == "credit":
        yield Slot(charge.key, kind, Span(day, day + _DAY), day)


def once_on(agreement: Agreement, charge: Charge) -> date | None:
    """The day on which something is billed that is billed once; None when it is not (yet) known or outside the term."""
    if charge.terms.kind == "milestone":
        return charge.terms.milestone_on
    if not charge.steps:
        return None
    day = max(min(step.starts_on for step in charge.steps), agreement.starts_on)
    end = term_end(agreement)
    return day if end is None or day < end else None


def total_quantity(charge: Charge) -> Decimal:
    """Of something billed once: all its steps, whenever they take effect."""
    return sum((step.quantity for step in charge.steps), Decimal(0))
