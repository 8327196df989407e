"""Time: aware UTC instants; the clock is a value that is passed in, so that tests can move it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

Clock = Callable[[], datetime]


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
