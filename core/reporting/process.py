"""Counts of how the work went: billing accuracy, straight-through, open exceptions, approvals waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Float, Numeric, Select, and_, cast, exists, func, not_, or_, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.db.tables import Approval, Case, Dispute, Document, Transition
from core.documents.model import DocumentState
from core.reporting.formulas import window_start
from core.reporting.receivables import Scope, receivable

STRAIGHT_THROUGH_DAYS = 30
CYCLE_DAYS = 30
_A_MONDAY = datetime(2001, 1, 1, tzinfo=UTC)
_DAY_SECONDS = 86_400
_WEEK, _WORKING_WEEK = 7 * _DAY_SECONDS, 5 * _DAY_SECONDS
# Imported ledgers were decided elsewhere: they never walk the path.
_IMPORTED = "import"


@dataclass(frozen=True, slots=True)
class Portion:
    """`part` of `whole`, both counts."""

    part: int
    whole: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How long `count` things took, in hours of working days: the middle one, and what nine of ten stayed under.
    None when there were none."""

    median: Decimal | None
    p90: Decimal | None
    count: int


def close_of(day: date) -> datetime:
    """The instant at which the day is over, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _credited(as_of: date) -> Select[UUID | None]:
    """Invoices with a credit memo; memos are few, so they are where the search starts."""
    return select(Document.corrects_id).where(
        Document.corrects_id.is_not(None),
        Document.kind == "credit_memo",
        Document.state != DocumentState.VOID,
        Document.is_issued,
        Document.issue_date.between(window_start(as_of), as_of),
    )


def _upheld(as_of: date) -> Select[UUID | None]:
    return select(Dispute.document_id).where(
        Dispute.state == "upheld", Dispute.closed_at < close_of(as_of), Dispute.document_id.is_not(None)
    )


def _issued_in_window(as_of: date) -> ColumnElement[bool]:
    return and_(receivable(), Document.issue_date.between(window_start(as_of), as_of))


def billing_accuracy(session: Session, scope: Scope, as_of: date) -> Portion:
    """Invoices of the window that needed no credit memo, upheld dispute or correction, of all issued in it."""
    in_window = and_(_issued_in_window(as_of), scope.holds(Document.entity))
    issued = session.scalar(select(func.count()).select_from(Document).where(in_window)) or 0
    flawed = union(
        select(Document.id).where(in_window, Document.id.in_(_credited(as_of))),
        select(Document.id).where(in_window, Document.id.in_(_upheld(as_of))),
        select(Document.id).where(in_window, Document.corrections != {}),
    ).subquery()
    spoilt = session.scalar(select(func.count()).select_from(flawed)) or 0
    return Portion(issued - spoilt, issued)


def _entered(as_of: date) -> ColumnElement[bool]:
    """Invoices recorded in 30 days that were to go through: also what the house drafted, from the moment that it was
    told to release it. Left out: imported ledgers, and what was already in the ledger when it was first seen."""
    end = close_of(as_of)
    return and_(
        Document.kind == "invoice",
        Document.state.not_in((DocumentState.VOID, DocumentState.DRAFT)),
        Document.source != _IMPORTED,
        Document.recorded_at >= end - timedelta(days=STRAIGHT_THROUGH_DAYS),
        Document.recorded_at < end,
        not_(and_(Document.posted_at.is_not(None), Document.released_at.is_(None))),
    )


def straight_through(session: Session, scope: Scope, as_of: date) -> Portion:
    """Invoices that reached released or posted with no step by a person, of all that entered."""
    end = close_of(as_of)
    by_person = exists(
        select(Transition.id).where(
            Transition.subject_id == Document.id,
            Transition.subject == "document",
            Transition.actor.not_like("job:%"),
            Transition.at < end,
        )
    )
    statement = select(func.count().filter(Document.released_at < end, ~by_person), func.count()).where(
        _entered(as_of), scope.holds(Document.entity)
    )
    through, entered = session.execute(statement).one()
    return Portion(through, entered)


def _posted_here(as_of: date) -> ColumnElement[bool]:
    """Invoices posted in 30 days; imports and what was already in the ledger when it was first seen are left out."""
    end = close_of(as_of)
    return and_(
        Document.kind == "invoice",
        Document.source != _IMPORTED,
        Document.posted_at >= end - timedelta(days=CYCLE_DAYS),
        Document.posted_at < end,
        Document.released_at.is_not(None),
    )


# Which invoices a figure counts in all, as of a day.
COUNTED: dict[str, Callable[[date], ColumnElement[bool]]] = {
    "billing_accuracy": _issued_in_window,
    "straight_through_rate": _entered,
    "cycle_time": _posted_here,
}


def cycle_time(session: Session, scope: Scope, as_of: date) -> Spread:
    """From the moment an invoice was recorded to its posting, of those posted here."""
    hours = (_working_seconds(Document.posted_at) - _working_seconds(Document.recorded_at)) / 3600
    shares = func.percentile_cont(cast([0.5, 0.9], ARRAY(Float))).within_group(hours)
    statement = select(cast(shares, ARRAY(Numeric(12, 2))), func.count()).where(
        _posted_here(as_of), scope.holds(Document.entity)
    )
    found, count = session.execute(statement).one()
    median, p90 = found or (None, None)
    return Spread(median, p90, count)


def _working_seconds(at: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """Seconds of Mondays to Fridays (UTC) between a Monday long ago and the instant, to the microsecond."""
    passed = func.date_part("epoch", at) - _A_MONDAY.timestamp()
    weeks = func.floor(passed / _WEEK)
    return weeks * _WORKING_WEEK + func.least(passed - weeks * _WEEK, _WORKING_WEEK)


def open_cases(session: Session, scope: Scope, as_of: date) -> int:
    end = close_of(as_of)
    is_open = and_(Case.opened_at < end, or_(Case.state == "open", Case.closed_at >= end))
    return session.scalar(select(func.count()).select_from(Case).where(is_open, scope.holds(Case.entity))) or 0


def pending_approvals(session: Session, scope: Scope, as_of: date) -> int:
    end = close_of(as_of)
    is_pending = and_(Approval.requested_at < end, or_(Approval.state == "waiting", Approval.decided_at >= end))
    statement = select(func.count()).select_from(Approval).where(is_pending, scope.holds(Approval.entity))
    return session.scalar(statement) or 0
