"""Dates and spans as people read them. Instants are shown in UTC, with the zone named."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from core.kit.words import counted

NOTHING = "—"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def day(value: date | None) -> str:
    """ "21 Nov 2026"."""
    return NOTHING if value is None else f"{value.day} {value:%b %Y}"


def period(first: date | None, end: date | None) -> str:
    """ "1 Nov 2026 to 30 Nov 2026"; `end` is the first day after it."""
    if first is None or end is None:
        return day(first)
    return f"{day(first)} to {day(max(first, end - timedelta(days=1)))}"


def instant(value: datetime | None) -> str:
    """ "21 Nov 2026, 14:05 UTC"."""
    return NOTHING if value is None else f"{day(value)}, {value:%H:%M} UTC"


def span(length: timedelta) -> str:
    """ "3 h", "12 min", "4 d": one unit, rounded down, never negative."""
    seconds = int(abs(length.total_seconds()))
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "less than a minute"


def ago(value: datetime | None, now: datetime) -> str:
    """ "3 h ago"; "never" for nothing."""
    if value is None:
        return "never"
    return "just now" if abs(now - value) < timedelta(minutes=1) else f"{span(now - value)} ago"


def in_words(deadline: datetime | None, now: datetime) -> str:
    """ "due in 3 h" or "2 d overdue"; a dash without deadline."""
    if deadline is None:
        return NOTHING
    return f"due in {span(deadline - now)}" if deadline > now else f"{span(now - deadline)} overdue"


def days_late(due: date | None, today: date) -> str:
    """ "12 days overdue", "due today", "due in 3 days"."""
    if due is None:
        return NOTHING
    late = (today - due).days
    if late == 0:
        return "due today"
    return f"{counted(late, 'day')} overdue" if late > 0 else f"due in {counted(-late, 'day')}"
