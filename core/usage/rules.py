"""Pure decisions about usage: what cannot be kept, what is late, what repeats, which days stand out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from uuid import UUID

from core.canonical import UsageRecord
from core.kit.errors import Refused
from core.usage.model import (
    DEFAULT_LATE_HOURS,
    DIGITS,
    HOUSE,
    EventRow,
    EventState,
    KeyScope,
    MeterTerms,
    Remark,
    Spike,
)

# So far may a sender's clock be ahead of ours.
SKEW = timedelta(minutes=5)
EARLIEST_YEAR = 2000
# A quantity has at most 14 digits before the point.
_TOO_LARGE = Decimal(10) ** 14
_STEP = Decimal(1).scaleb(-DIGITS)

SPIKE_DAYS, SPIKE_LEAST_DAYS, SPIKE_FACTOR = 28, 7, 6
# With days that are all alike the deviation is nothing: then this part of the median stands in for it.
_LEAST_DEVIATION = Decimal("0.05")
SPIKE_RULE = (
    f"A spike is a day above the median of the {SPIKE_DAYS} days before it by more than {SPIKE_FACTOR} times their "
    "median absolute deviation (at least 5 % of the median)."
)


def refusal(event: UsageRecord, terms: MeterTerms | None, now: datetime) -> Remark | None:
    """Why an event cannot be kept; None when it can."""
    if event.source == HOUSE:
        return Remark("source_reserved", f"The source “{HOUSE}” is for corrections made here; use a name of your own.")
    if event.at > now + SKEW:
        ahead = f"{event.at:%d %b %Y %H:%M} is more than {SKEW.seconds // 60} minutes in the future"
        return Remark("clock_skew", f"{ahead}. Check the sender's clock and send the event again.")
    if event.at.year < EARLIEST_YEAR:
        return Remark("too_old", f"The time is before {EARLIEST_YEAR}.")
    if terms is not None and terms.aggregation == "count":
        return None
    if event.value is None:
        return Remark("value_missing", "“data.value” is missing; only a meter that counts events needs none.")
    if event.value < 0:
        return Remark("negative_quantity", "A quantity cannot be negative. Take usage back by a correction.")
    if event.value >= _TOO_LARGE or weight_of(event, terms) >= _TOO_LARGE:
        return Remark("value_too_large", "The quantity has more than 14 digits before the point.")
    return None


def trespass(event: UsageRecord, customer: UUID | None, scope: KeyScope) -> Remark | None:
    """Why the key that an event came with does not cover it; None when it does. A key of some customers is not told
    which other names there are."""
    if scope.sources and not event.source.startswith(scope.sources):
        allowed = " or ".join(f"“{source}”" for source in scope.sources)
        told = f"This API key may send events only of sources that begin with {allowed}; “{event.source}” does not."
        return Remark("source_not_allowed", f"{told} The event was not kept.")
    if scope.customer_ids and customer not in scope.customer_ids:
        told = f"This API key may not send usage of “{event.subject}”"
        return Remark("customer_not_allowed", f"{told}, only of the customers that it was made for. It was not kept.")
    return None


def weight_of(event: UsageRecord, terms: MeterTerms | None) -> Decimal:
    """What an event counts for: 1 where events are counted, else its value to six digits after the point."""
    if event.value is None or (terms is not None and terms.aggregation == "count"):
        return Decimal(1)
    return event.value.quantize(_STEP, rounding=ROUND_HALF_UP)


def row_of(event: UsageRecord, terms: MeterTerms | None, customer: UUID | None, now: datetime) -> EventRow:
    return EventRow(
        source=event.source,
        event_id=event.source_ref,
        meter=event.meter,
        subject=event.subject,
        customer_id=customer,
        value=weight_of(event, terms),
        at=event.at,
        received_at=now,
        state=EventState.UNPLACED if customer is None else EventState.COUNTED,
        is_late=now - event.at > timedelta(hours=late_after(terms)),
    )


def late_after(terms: MeterTerms | None) -> int:
    return DEFAULT_LATE_HOURS if terms is None else terms.late_after_hours


def is_same(one: EventRow, other: EventRow) -> bool:
    """Whether two events of one key say the same."""
    return (one.meter, one.subject, one.value, one.at) == (other.meter, other.subject, other.value, other.at)


def check_span(terms: MeterTerms | None, since: datetime, until: datetime) -> None:
    """Raises Refused for a span that no correction can be made for."""
    if since >= until:
        raise Refused("usage.span", "The span must end after it begins.")
    window = terms.window if terms is not None else None
    if window is not None and not (is_boundary(since, window) and is_boundary(until, window)):
        raise Refused("usage.span", f"This meter counts by the {window}: the span must begin and end with a full one.")


def is_boundary(instant: datetime, window: str) -> bool:
    """Whether a window begins at the instant; windows are those of UTC."""
    is_hour = (instant.minute, instant.second, instant.microsecond) == (0, 0, 0)
    return is_hour and (window == "hour" or instant.hour == 0)


def spikes(series: Iterable[tuple[date, Decimal]]) -> tuple[Spike, ...]:
    """The days that stand out, by SPIKE_RULE. `series`: every day in order; days without usage are zero."""
    days = list(series)
    found = []
    for position, (day, quantity) in enumerate(days):
        before = [value for _, value in days[max(0, position - SPIKE_DAYS) : position]]
        if len(before) >= SPIKE_LEAST_DAYS and quantity > (limit := _limit(before)):
            found.append(Spike(day, quantity, median(before), limit))
    return tuple(found)


def _limit(before: Sequence[Decimal]) -> Decimal:
    middle = median(before)
    deviation = median([abs(value - middle) for value in before])
    return middle + SPIKE_FACTOR * max(deviation, middle * _LEAST_DEVIATION)
