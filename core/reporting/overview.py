"""What the first screen shows beside the figures: where the work stands, and how the outside systems do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from core.db.tables import Approval, Case, Connection, Delivery, Document, InboxItem, LegalEntity, SyncCursor
from core.reporting.invoice_detail import system_name
from core.reporting.paging import Viewer
from core.reporting.people import names
from core.reporting.receivables import Scope
from core.runtime import Runtime

AGES = ("under a day", "1–3 days", "3–7 days", "over a week")
_AGE_EDGES = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
UNASSIGNED = "Nobody yet"


@dataclass(frozen=True, slots=True)
class ExceptionCell:
    """Open exceptions of one type and age; `stake_minor` in the reporting currency."""

    type: str
    age: str
    count: int
    stake_minor: int
    overdue_count: int


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """Open exceptions of one type, counted by age."""

    type: str
    counts: dict[str, int]
    stake_minor: int


@dataclass(frozen=True, slots=True)
class ApproverLoad:
    """Approvals waiting for one person; `amount_minor` in the reporting currency."""

    person: str
    person_id: UUID | None
    count: int
    amount_minor: int
    overdue_count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class LedgerReject:
    system: str
    cause: str
    count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class StreamProgress:
    """`share` is None when the total is not known; `remaining` only while the first sync runs."""

    stream: str
    records: int
    expected: int | None
    is_complete: bool
    share: float | None
    remaining: timedelta | None
    advanced_at: datetime | None


@dataclass(frozen=True, slots=True)
class SystemHealth:
    """`state`: connected, failing or paused. `waiting` = inbox rows not handled, `failed` those that could not be."""

    system: str
    title: str
    state: str
    sentence: str | None
    succeeded_at: datetime | None
    streams: tuple[StreamProgress, ...]
    waiting: int
    failed: int
    undelivered: int

    @property
    def is_first_sync(self) -> bool:
        return any(not stream.is_complete for stream in self.streams)

    @property
    def problem(self) -> str | None:
        """What a person should know, in words; None when all is well."""
        counts = ((self.failed, "could not be read"), (self.undelivered, "not posted yet"), (self.waiting, "being read"))
        said = [f"{count:,} {words}" for count, words in counts if count]
        return " · ".join([*([self.sentence] if self.sentence and self.state != "connected" else []), *said]) or None

    @property
    def records(self) -> int:
        return sum(stream.records for stream in self.streams)

    @property
    def share(self) -> float | None:
        """How far the first sync is; None when a total is not known."""
        expected = [max(stream.expected, stream.records) for stream in self.streams if stream.expected is not None]
        if len(expected) < len(self.streams) or not sum(expected):
            return None
        return min(1.0, self.records / sum(expected))

    @property
    def remaining(self) -> timedelta | None:
        """The sum of what the streams still need: they are read one after the other."""
        known = [stream.remaining for stream in self.streams if stream.remaining is not None]
        return sum(known, timedelta()) if known else None


def legal_entities(runtime: Runtime, viewer: Viewer | None) -> tuple[str, ...]:
    """Codes the reader may choose from: those on file, or those of the customers when no list came yet."""
    allowed = viewer.entities if viewer else None
    with runtime.reading() as session:
        codes = session.scalars(select(LegalEntity.code).order_by(LegalEntity.code)).all()
    return tuple(code for code in codes if allowed is None or code in allowed)


def exceptions_by_age(runtime: Runtime, viewer: Viewer | None, entity: str | None = None) -> tuple[ExceptionCell, ...]:
    """Open exceptions by type and age, most money first."""
    scope, now = Scope(entity, viewer.entities if viewer else None), runtime.now()
    pairs = zip(_AGE_EDGES, AGES, strict=False)
    age = case(*((Case.opened_at > now - edge, words) for edge, words in pairs), else_=AGES[-1]).label("age")
    statement = (
        select(
            Case.type,
            age,
            func.count(),
            func.coalesce(func.sum(Case.stake_minor), 0),
            func.count().filter(or_(Case.is_overdue, Case.due_at < now)),
        )
        .where(Case.state == "open", scope.holds(Case.entity))
        .group_by(Case.type, age)
    )
    with runtime.reading() as session:
        cells = [ExceptionCell(row[0], row[1], row[2], int(row[3]), row[4]) for row in session.execute(statement)]
    return tuple(sorted(cells, key=lambda cell: -cell.stake_minor))


def exception_rows(cells: Iterable[ExceptionCell]) -> tuple[ExceptionRow, ...]:
    """The cells as one row per type, most money first."""
    counts: dict[str, dict[str, int]] = {}
    stakes: Counter[str] = Counter()
    for cell in cells:
        counts.setdefault(cell.type, dict.fromkeys(AGES, 0))[cell.age] += cell.count
        stakes[cell.type] += cell.stake_minor
    return tuple(ExceptionRow(type, counts[type], stake) for type, stake in stakes.most_common())


def approvals_by_person(runtime: Runtime, viewer: Viewer | None, entity: str | None = None) -> tuple[ApproverLoad, ...]:
    """Approvals waiting, by who is asked; most money first."""
    scope = Scope(entity, viewer.entities if viewer else None)
    statement = (
        select(
            Approval.assignee_id,
            func.count(),
            func.sum(Approval.amount_minor),
            func.count().filter(Approval.due_at < runtime.now()),
            func.min(Approval.requested_at),
        )
        .where(Approval.state == "waiting", scope.holds(Approval.entity))
        .group_by(Approval.assignee_id)
        .order_by(func.sum(Approval.amount_minor).desc())
    )
    with runtime.reading() as session:
        rows = session.execute(statement).all()
        people = names(session, [row[0] for row in rows])
    return tuple(
        ApproverLoad(
            people.get(row[0], UNASSIGNED) if row[0] else UNASSIGNED, row[0], row[1], int(row[2]), row[3], row[4]
        )
        for row in rows
    )


def ledger_rejects(runtime: Runtime, viewer: Viewer | None, entity: str | None = None) -> tuple[LedgerReject, ...]:
    """Postings that a ledger refused, by cause; most first."""
    scope = Scope(entity, viewer.entities if viewer else None)
    cause = func.coalesce(Delivery.error, Delivery.error_code, "No reason given")
    statement = (
        select(Delivery.system, cause, func.count(), func.min(Delivery.enqueued_at))
        .join(Document, Document.id == Delivery.document_id)
        .where(Delivery.state == "refused", scope.holds(Document.entity))
        .group_by(Delivery.system, cause)
        .order_by(func.count().desc())
    )
    with runtime.reading() as session:
        return tuple(LedgerReject(system_name(row[0]), row[1], row[2], row[3]) for row in session.execute(statement))


def sync_health(runtime: Runtime) -> tuple[SystemHealth, ...]:
    """Each outside system: its connection, how far its streams are, and what waits."""
    with runtime.reading() as session:
        connections = {row.system: row for row in session.scalars(select(Connection))}
        streams: dict[str, list[StreamProgress]] = defaultdict(list)
        for cursor in session.scalars(select(SyncCursor).order_by(SyncCursor.system, SyncCursor.stream)):
            streams[cursor.system].append(_progress(cursor, runtime.now()))
        inbox = _inbox_counts(session)
        undelivered = _undelivered(session)
    systems = sorted({*connections, *streams})
    return tuple(
        _health(system, connections.get(system), streams[system], inbox[system], undelivered.get(system, 0))
        for system in systems
    )


def _health(
    system: str,
    connection: Connection | None,
    streams: Iterable[StreamProgress],
    inbox: dict[str, int],
    undelivered: int,
) -> SystemHealth:
    return SystemHealth(
        system=system,
        title=system_name(system),
        state=connection.state if connection else "connected",
        sentence=connection.sentence if connection else None,
        succeeded_at=connection.succeeded_at if connection else None,
        streams=tuple(streams),
        waiting=inbox.get("new", 0),
        failed=inbox.get("failed", 0),
        undelivered=undelivered,
    )


def _progress(cursor: SyncCursor, now: datetime) -> StreamProgress:
    is_complete = cursor.completed_at is not None
    share = min(1.0, cursor.records / cursor.expected) if cursor.expected else None
    return StreamProgress(
        stream=cursor.stream.replace("_", " "),
        records=cursor.records,
        expected=cursor.expected,
        is_complete=is_complete,
        share=1.0 if is_complete else share,
        remaining=None if is_complete else _remaining(cursor, now),
        advanced_at=cursor.advanced_at,
    )


def _remaining(cursor: SyncCursor, now: datetime) -> timedelta | None:
    """At the pace so far."""
    if not cursor.expected or not cursor.records or cursor.started_at is None:
        return None
    left = max(0, cursor.expected - cursor.records)
    return (now - cursor.started_at) * (left / cursor.records)


def _inbox_counts(session: Session) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    statement = (
        select(InboxItem.source, InboxItem.state, func.count())
        .where(InboxItem.state != "handled")
        .group_by(InboxItem.source, InboxItem.state)
    )
    for source, state, count in session.execute(statement):
        found[source][state] = count
    return found


def _undelivered(session: Session) -> dict[str, int]:
    statement: Any = (
        select(Delivery.system, func.count()).where(Delivery.state != "delivered").group_by(Delivery.system)
    )
    return dict(session.execute(statement).tuples().all())
