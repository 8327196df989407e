"""What is known of a customer's overdue money, and what follows for today's work."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

LeaveCode = Literal["nothing_overdue", "disputed", "on_hold", "card_retry", "promised", "cash_waits", "contacted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One customer on one day. Amounts are minor units of one currency.

    `overdue_minor` counts every open invoice past its due date. The next three are parts of it that nobody chases, and
    do not overlap: disputed, held by an exception of ours, collected by card with retries still to come.
    `promised_minor`: promises that run (their day has not passed). `unapplied_minor`: money received, not yet put
    against an invoice. `before_minor`: what was overdue 30 days ago.
    """

    overdue_minor: int
    disputed_minor: int = 0
    held_minor: int = 0
    retried_minor: int = 0
    promised_minor: int = 0
    unapplied_minor: int = 0
    days_late: int = 0
    broken_promises: int = 0
    before_minor: int = 0
    promised_until: date | None = None
    contacted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """Why a customer stands where it stands, in points and words."""

    reason: str
    points: int


@dataclass(frozen=True, slots=True)
class LeaveAlone:
    code: LeaveCode
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`chase_minor` is what may be asked for today; `leave_alone` None = work on it now."""

    chase_minor: int
    points: tuple[Points, ...] = field(default=())
    leave_alone: LeaveAlone | None = None

    @property
    def score(self) -> int:
        return max(0, sum(each.points for each in self.points))
