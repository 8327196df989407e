"""Time: aware UTC instants; the clock is a value that is passed in, so that tests can move it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

Clock = Callable[[], datetime]

# No document of this trade is older; a date before it is a slip of the pen.
EARLIEST = date(1990, 1, 1)
_YEARS_AHEAD = 10


def utc_now() -> datetime:
    return datetime.now(UTC)


def ensure_aware(instant: datetime) -> datetime:
    """The same instant in UTC. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError(f"naive instant {instant!r}")
    return instant.astimezone(UTC)


def from_unix(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def month_start(day: date) -> date:
    return day.replace(day=1)


def previous_month(day: date) -> date:
    """First day of the month before the month of `day`."""
    first = month_start(day)
    return date(first.year - 1, 12, 1) if first.month == 1 else date(first.year, first.month - 1, 1)


def latest_plausible(today: date) -> date:
    """No date of a document lies further ahead."""
    return date(today.year + _YEARS_AHEAD, 12, 31)


def is_plausible(day: date, today: date | None = None) -> bool:
    """Whether a document may bear the date; without `today` only a date in the far past is implausible."""
    return day >= EARLIEST and (today is None or day <= latest_plausible(today))
