"""What a period costs, by each way in which a fair biller may read the same agreement.

The house bills by the day. A platform may bill a period as things stand on its first day, and let changes take effect
from the next one; or as they stand on its last. It may also have periods of its own, which begin on another day or have
other months than the agreement's. All these readings are of the same days: none goes beyond the term.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from core.billing import lines as made
from core.billing.anchors import Grid, grid_of, month_of, own_grid
from core.billing.holding import held
from core.billing.model import Agreement, Charge, Slot, Span, Step
from core.billing.proration import deal_of
from core.billing.renewing import term_end

_DAY = timedelta(days=1)
# In words, for people.
BY_DAY, AT_FIRST, AT_LAST = "by the day", "as on its first day", "as on its last day"
_As = Callable[[Charge], tuple[Agreement, Charge] | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """The net of some charges for one period; `lines`: how often something was rounded for it."""

    way: str
    net_minor: int
    lines: int


def readings(agreement: Agreement, charges: Sequence[Charge], span: Span, ways: Iterable[str]) -> Iterator[Reading]:
    """The recurring charges together, one reading after the other, each made only when it is asked for. Of each way
    the first is that in the span's own months.

    Raises Unpriceable.
    """
    recurring = [charge for charge in charges if charge.terms.kind == "recurring"]
    for way in ways:
        as_read = _reader(agreement, span, way)
        pairs = [pair for charge in recurring if (pair := as_read(charge)) is not None]
        grids = [_grids(agreement, charge, span) for charge in recurring]
        for place in range(max((len(each) for each in grids), default=1)):
            yield _read(way, pairs, span, place)


def _read(way: str, pairs: Iterable[tuple[Agreement, Charge]], span: Span, place: int) -> Reading:
    net_minor = count = 0
    for agreement, charge in pairs:
        grids = _grids(agreement, charge, span)
        deal = deal_of(agreement, charge, grids[min(place, len(grids) - 1)])
        found = made.recurring(deal, Slot(charge.key, "recurring", span, span.starts_on))
        net_minor += sum(line.net_minor for line in found)
        count += len(found)
    return Reading(way, net_minor, count)


def _grids(agreement: Agreement, charge: Charge, span: Span) -> list[Grid]:
    """The periods that the span may be counted in. One that the agreement has itself is a period of no other."""
    grid = grid_of(agreement, charge)
    if span == _within(agreement, grid.period(grid.number(span.starts_on))):
        return [grid]
    own = own_grid(span)
    begun = Grid(month_of(span.starts_on), span.starts_on.day, grid.months)
    ended = Grid(month_of(span.ends_on), span.ends_on.day, grid.months)
    found = [own, grid, begun, ended]
    return list(dict.fromkeys(each for each in found if each is not None))


def _within(agreement: Agreement, period: Span) -> Span:
    """The days of a period that are in the term."""
    end = term_end(agreement)
    last = period.ends_on if end is None else min(period.ends_on, end)
    return Span(max(period.starts_on, agreement.starts_on), last)


def _reader(agreement: Agreement, span: Span, way: str) -> _As:
    if way == BY_DAY:
        return lambda charge: (agreement, charge)
    days = _within(agreement, span)
    day = days.starts_on if way == AT_FIRST else days.ends_on - _DAY
    return lambda charge: _frozen(agreement, charge, span, day)


def _frozen(agreement: Agreement, charge: Charge, span: Span, day: date) -> tuple[Agreement, Charge] | None:
    """Quantity, price and discount of the day on all days of the span; None when nothing is charged on that day."""
    holds = held(agreement, charge, Span(day, day + _DAY))
    if not holds or holds[0].is_free:
        return None
    discount = deal_of(agreement, charge).discount
    percent = discount.percent if discount.covered(Span(day, day + _DAY)) else discount.percent * 0
    terms = charge.terms.model_copy(
        update={
            "ramp": (),
            "tiers": holds[0].tiers or charge.terms.tiers,
            "free_until": None,
            "discount_percent": percent,
            "discount_ends_on": None,
        }
    )
    steps = tuple(Step(span.starts_on, None, quantity, price) for price, quantity in holds[0].groups)
    frozen = replace(agreement, ends_on=term_end(agreement), auto_renews=False, discount_ends_on=None)
    return frozen, replace(charge, terms=terms, steps=steps)
