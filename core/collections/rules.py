"""Whom to chase first, and whom to leave alone today.

The score stands for expected benefit: money to win × how much a contact matters. The factors multiply, so their
logarithms add up: 20 points are ten times the benefit. 1,000 to chase gives 20 points, 10,000 gives 40.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from core.collections.model import LeaveAlone, LeaveCode, Points, Position, Verdict
from core.kit.money import format_minor, to_decimal
from core.kit.words import counted

# Nobody is contacted twice within this span.
CONTACT_SPACING = timedelta(days=3)
# A failed card charge is tried again by the payment platform for about this long after the due date.
CARD_RETRY_DAYS = 14
TREND_DAYS = 30

_MOST_FOR_AMOUNT = 100
_MOST_FOR_DAYS, _DAYS_FOR_MOST = 20, 90
_PER_BROKEN_PROMISE, _MOST_FOR_PROMISES = 5, 15
_TREND_POINTS = 5
_GROWING, _FALLING = Decimal("1.25"), Decimal("0.75")


def judge(position: Position, currency: str, now: datetime) -> Verdict:
    """What to do about a customer today."""
    left, reason = _to_chase(position, currency)
    if left <= 0:
        return Verdict(0, (), reason)
    return Verdict(left, tuple(_points(position, left, currency)), _spacing(position, now))


def _to_chase(position: Position, currency: str) -> tuple[int, LeaveAlone | None]:
    """Overdue money less what nobody chases; the reason is the last part that took the rest away."""
    left = position.overdue_minor
    reason = LeaveAlone("nothing_overdue", "Nothing is overdue.")
    for code, minor, sentence in _parts(position, currency):
        if left <= 0:
            break
        if minor > 0:
            left, reason = max(0, left - minor), LeaveAlone(code, sentence)
    return (left, None) if left > 0 else (0, reason)


def _parts(position: Position, currency: str) -> Iterator[tuple[LeaveCode, int, str]]:
    yield "disputed", position.disputed_minor, "All that is overdue is disputed."
    what = "What is overdue and not disputed" if position.disputed_minor > 0 else "What is overdue"
    held = f"{what} is held by an exception of ours; it has to be put right first."
    yield "on_hold", position.held_minor, held
    yield "card_retry", position.retried_minor, "The card is being charged again automatically."
    until = f" by {position.promised_until:%d %b %Y}" if position.promised_until else ""
    promised = f"{currency} {format_minor(position.promised_minor, currency)} is promised{until}."
    yield "promised", position.promised_minor, promised
    cash = f"{currency} {format_minor(position.unapplied_minor, currency)} was received and waits to be applied."
    yield "cash_waits", position.unapplied_minor, cash


def _spacing(position: Position, now: datetime) -> LeaveAlone | None:
    if position.contacted_at is None or now - position.contacted_at >= CONTACT_SPACING:
        return None
    again = position.contacted_at + CONTACT_SPACING
    sentence = f"Contacted on {position.contacted_at:%d %b}; wait until {again:%d %b}."
    return LeaveAlone("contacted", sentence)


def _points(position: Position, chase_minor: int, currency: str) -> Iterator[Points]:
    yield Points("Amount to chase", _for_amount(chase_minor, currency))
    yield Points(f"{counted(position.days_late, 'day')} late", _for_days(position.days_late))
    if position.broken_promises:
        points = min(_MOST_FOR_PROMISES, _PER_BROKEN_PROMISE * position.broken_promises)
        yield Points(counted(position.broken_promises, "broken promise"), points)
    if position.overdue_minor > position.before_minor * _GROWING:
        yield Points(f"More overdue than {TREND_DAYS} days ago", _TREND_POINTS)
    elif position.overdue_minor < position.before_minor * _FALLING:
        yield Points(f"Less overdue than {TREND_DAYS} days ago", -_TREND_POINTS)


def _for_amount(minor: int, currency: str) -> int:
    """20 points for each power of ten above 100."""
    hundreds = to_decimal(minor, currency) / 100
    return 0 if hundreds <= 1 else min(_MOST_FOR_AMOUNT, round(20 * hundreds.log10()))


def _for_days(days: int) -> int:
    return round(Decimal(_MOST_FOR_DAYS * min(max(days, 0), _DAYS_FOR_MOST)) / _DAYS_FOR_MOST)
