"""Rows of the inbox, the cursors of pulls, and the state of connections. Session first; nothing here commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.bulk import is_one_of
from core.db.tables import Connection, InboxItem, SyncCursor
from core.intake.arriving import lines_of, new_rows, rows_of
from core.intake.keeping import copy_handled, insert_new, repeated
from core.intake.model import Arrival, Health, InboxRow, NewRow, Progress, StreamPlace, rest_after
from core.ports import RawRecord

# The commit does not wait for the disk. Commits reach it in their order: a later one that waits settles this one.
_WITHOUT_WAITING = text("set local synchronous_commit = off")
# A success is written down again when the one on record is older than this: a busy connection needs few writes.
_SUCCESS_RESOLUTION = timedelta(seconds=10)


# --- inbox --------------------------------------------------------------------------------------------------------


def receive(session: Session, source: str, records: Sequence[RawRecord], now: datetime) -> list[UUID]:
    """Ids of the rows that are new; the same record in the same version is kept once."""
    return [row.id for row in receive_rows(session, source, new_rows(records), now)]


def receive_rows(session: Session, source: str, rows: Sequence[NewRow], now: datetime) -> list[NewRow]:
    """Keeps what was not here yet, to be handled, and answers those rows in their order."""
    return insert_new(session, source, rows, now)


def take_in(session: Session, source: str, arrival: Arrival, now: datetime) -> None:
    """Rows and cursor of a batch in the transaction that records its facts: those that say nothing wait, others never
    do. Raises Refused when a row was here before: its facts are no news then."""
    # The outside system still has what a failing machine might lose here, and the cursor would be lost with it.
    session.execute(_WITHOUT_WAITING)
    if arrival.unread:
        rows = rows_of(arrival.lines)
        waiting = [row for row in rows if row.id in arrival.unread]
        copy_handled(session, source, lines_of([row for row in rows if row.id not in arrival.unread]), now)
        if len(receive_rows(session, source, waiting, now)) < len(waiting):
            raise repeated()
    else:
        copy_handled(session, source, arrival.lines, now)
    advance(session, source, arrival.stream, (arrival.cursor, arrival.count), now)


def unhandled(session: Session, source: str, limit: int) -> list[InboxRow]:
    """The oldest rows that nobody has handled and no other transaction holds."""
    statement = (
        select(InboxItem)
        .where(InboxItem.source == source, InboxItem.state == "new")
        .order_by(InboxItem.received_at, InboxItem.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [
        InboxRow(item.id, RawRecord(item.kind, item.external_id, item.version, item.payload))
        for item in session.scalars(statement)
    ]


def sources_waiting(session: Session, before: datetime) -> list[str]:
    """Sources with rows received before `before` that nobody has handled."""
    statement = select(InboxItem.source).where(InboxItem.state == "new", InboxItem.received_at < before).distinct()
    return list(session.scalars(statement))


def mark_handled(session: Session, ids: Sequence[UUID], now: datetime) -> None:
    """The rows are done with; their former error, if any, is history."""
    _mark(session, ids, {"state": "handled", "handled_at": now, "error": None})


def mark_failed(session: Session, ids: Sequence[UUID], error: str, now: datetime) -> None:
    """The rows stay as they came, with the reason why they could not be understood."""
    _mark(session, ids, {"state": "failed", "handled_at": now, "error": error})


def requeue(session: Session, ids: Sequence[UUID]) -> list[str]:
    """Failed and set-aside rows wait again; answers their sources, one per row."""
    statement = (
        update(InboxItem)
        .where(is_one_of(InboxItem.id, ids), InboxItem.state.in_(("failed", "set_aside")))
        .values(state="new", handled_at=None, error=None)
        .returning(InboxItem.source)
    )
    return list(session.scalars(statement, execution_options={"synchronize_session": False}))


def set_aside(session: Session, ids: Sequence[UUID], reason: str, now: datetime) -> int:
    """Rows that nobody will handle any more, and why; answers how many. Handled ones stay as they are."""
    statement = (
        update(InboxItem)
        .where(is_one_of(InboxItem.id, ids), InboxItem.state.in_(("new", "failed")))
        .values(state="set_aside", handled_at=now, error=reason)
        .returning(InboxItem.id)
    )
    return len(session.scalars(statement, execution_options={"synchronize_session": False}).all())


def _mark(session: Session, ids: Sequence[UUID], values: dict[str, Any]) -> None:
    if ids:
        changed = values | {"attempts": InboxItem.attempts + 1}
        statement = update(InboxItem).where(is_one_of(InboxItem.id, ids)).values(changed)
        session.execute(statement, execution_options={"synchronize_session": False})


# --- cursors ------------------------------------------------------------------------------------------------------


def open_stream(session: Session, system: str, stream: str, now: datetime) -> StreamPlace:
    """Where the pull stands; a first pull begins here."""
    fresh = insert(SyncCursor).values(system=system, stream=stream, cursor={}, records=0, started_at=now)
    session.execute(fresh.on_conflict_do_nothing())
    row = session.get_one(SyncCursor, (system, stream), populate_existing=True)
    return StreamPlace(row.cursor, row.completed_at is not None, row.expected)


def expect(session: Session, system: str, stream: str, expected: int | None) -> None:
    """How many records the first pull will bring, as the system says."""
    _change_cursor(session, system, stream, {"expected": expected})


def advance(session: Session, system: str, stream: str, step: tuple[dict[str, Any], int], now: datetime) -> None:
    """Moves the cursor past a batch; `step` is the new cursor and the number of records read."""
    cursor, count = step
    _change_cursor(
        session, system, stream, {"cursor": cursor, "records": SyncCursor.records + count, "advanced_at": now}
    )


def complete(session: Session, system: str, stream: str, now: datetime) -> None:
    """The stream was read to its end; only the first time is written down."""
    _change_cursor(session, system, stream, {"completed_at": func.coalesce(SyncCursor.completed_at, now)})


def _change_cursor(session: Session, system: str, stream: str, values: dict[str, Any]) -> None:
    statement = update(SyncCursor).where(SyncCursor.system == system, SyncCursor.stream == stream).values(values)
    session.execute(statement, execution_options={"synchronize_session": False})


def completed_streams(session: Session) -> set[tuple[str, str]]:
    """(system, stream) of every pull that was read to its end at least once."""
    rows = session.execute(select(SyncCursor.system, SyncCursor.stream).where(SyncCursor.completed_at.is_not(None)))
    return {(system, stream) for system, stream in rows}


def progress(session: Session, system: str) -> Progress | None:
    """None while any stream of any system is still read for the first time, or when nothing of `system` is read."""
    rows = session.execute(select(SyncCursor.system, SyncCursor.completed_at, SyncCursor.advanced_at)).all()
    complete = [completed for _, completed, _ in rows if completed is not None]
    read = [advanced or completed for name, completed, advanced in rows if name == system and completed is not None]
    return Progress(max(complete), min(read)) if read and len(complete) == len(rows) else None


# --- connections --------------------------------------------------------------------------------------------------


def health(session: Session, system: str) -> Health:
    """A system that nobody has talked to yet counts as connected."""
    row = session.get(Connection, system, populate_existing=True)
    return Health() if row is None else Health(row.state, row.failures, row.paused_until, row.sentence)


def connected_systems(session: Session) -> frozenset[str]:
    """Systems that the house has been set up with."""
    return frozenset(session.scalars(select(Connection.system)))


def introduce(session: Session, systems: Iterable[str]) -> None:
    """Notes that the house is set up with these systems; what is known of them stays."""
    for system in sorted(systems):
        fresh = insert(Connection).values(system=system, state="connected", failures=0)
        session.execute(fresh.on_conflict_do_nothing())


def record_success(session: Session, system: str, now: datetime) -> None:
    """The system answered: the circuit closes. A pause that a person ordered stays."""
    row = _connection(session, system)
    is_news = row.failures or row.state == "failing" or row.succeeded_at is None
    if not is_news and row.succeeded_at and now - row.succeeded_at < _SUCCESS_RESOLUTION:
        return
    row.checked_at = row.succeeded_at = now
    row.failures = 0
    if row.state != "paused":
        row.state, row.sentence, row.paused_until = "connected", None, None


def record_failure(session: Session, system: str, sentence: str, now: datetime) -> Health:
    """The system did not do its part; from the third failure in a row on, traffic rests for a growing while.

    Calls that were under way when the rest began do not make it longer: they tell nothing new.
    """
    row = _connection(session, system)
    row.checked_at = now
    is_resting = row.paused_until is not None and row.paused_until > now
    row.failures += 0 if is_resting else 1
    if row.state != "paused" and not is_resting:
        rest = rest_after(row.failures)
        row.state, row.sentence = "failing", sentence
        row.paused_until = now + rest if rest else None
    return Health(row.state, row.failures, row.paused_until, row.sentence)


def _connection(session: Session, system: str) -> Connection:
    """The system's row, locked."""
    session.execute(insert(Connection).values(system=system, state="connected", failures=0).on_conflict_do_nothing())
    return session.get_one(Connection, system, with_for_update=True, populate_existing=True)
