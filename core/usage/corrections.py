"""Rows of corrections: events are archived and added, never deleted or changed in what they say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.db.bulk import is_one_of
from core.db.tables import UsageCorrection, UsageEvent
from core.usage.model import HOUSE, CorrectionKind, EventRow, EventState
from core.usage.store import insert_events


@dataclass(frozen=True, slots=True)
class Correction:
    """Usage of a meter by a customer in a half-open span, as a person says it was."""

    id: UUID
    kind: CorrectionKind
    meter: str
    customer_id: UUID
    since: datetime
    until: datetime
    quantity: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True)
class Author:
    """Who corrects: as the trail names them, and their id if it is a person."""

    label: str
    id: UUID | None


@dataclass(frozen=True, slots=True)
class Corrected:
    """A half-open span of usage that a person has corrected."""

    meter: str
    customer_id: UUID
    since: datetime
    until: datetime
    person_id: UUID
    made_at: datetime


def by_people(session: Session, customers: Iterable[UUID]) -> list[Corrected]:
    """What people have corrected of the usage of these customers."""
    columns = [
        getattr(UsageCorrection, name) for name in ("meter", "customer_id", "since", "until", "made_by_id", "made_at")
    ]
    statement = select(*columns).where(
        is_one_of(UsageCorrection.customer_id, customers), UsageCorrection.made_by_id.is_not(None)
    )
    return [Corrected(*row) for row in session.execute(statement.order_by(UsageCorrection.made_at))]


def apply(session: Session, correction: Correction, subject: str, by: Author, now: datetime) -> int:
    """Archives and adds what the correction says; answers how many events were archived."""
    archived = 0 if correction.kind == "add" else _archive(session, correction)
    if correction.kind != "take_out" and correction.quantity is not None:
        insert_events(session, [_added(correction, correction.quantity, subject, now)])
    session.add(
        UsageCorrection(
            id=correction.id,
            meter=correction.meter,
            customer_id=correction.customer_id,
            kind=correction.kind,
            since=correction.since,
            until=correction.until,
            quantity=correction.quantity,
            archived=archived,
            reason=correction.reason,
            made_by=by.label,
            made_by_id=by.id,
            made_at=now,
        )
    )
    session.flush()
    return archived


def _archive(session: Session, correction: Correction) -> int:
    statement = update(UsageEvent).where(
        UsageEvent.meter == correction.meter,
        UsageEvent.customer_id == correction.customer_id,
        UsageEvent.state == EventState.COUNTED,
        UsageEvent.at >= correction.since,
        UsageEvent.at < correction.until,
    )
    done = session.execute(statement.values(state=EventState.ARCHIVED, correction_id=correction.id))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _added(correction: Correction, quantity: Decimal, subject: str, now: datetime) -> EventRow:
    """One event with the stated quantity at the beginning of the span."""
    return EventRow(
        source=HOUSE,
        event_id=str(correction.id),
        meter=correction.meter,
        subject=subject,
        customer_id=correction.customer_id,
        value=quantity,
        at=correction.since,
        received_at=now,
        state=EventState.COUNTED,
        is_late=False,
        correction_id=correction.id,
    )
