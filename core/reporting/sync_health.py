"""How the outside systems do: connection, progress of the streams, what waits in the inbox and for the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.tables import Connection, Delivery, InboxItem, SyncCursor
from core.reporting.invoice_detail import system_name
from core.runtime import Runtime


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
    """`state`: connected, failing, paused or not_used_yet. `waiting` = inbox rows not handled, `failed` those that
    could not be."""

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
        counts = (
            (self.failed, "could not be read"),
            (self.undelivered, "not posted yet"),
            (self.waiting, "being read"),
        )
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
        state=state_of(connection, has_streams=bool(streams)),
        sentence=connection.sentence if connection else None,
        succeeded_at=connection.succeeded_at if connection else None,
        streams=tuple(streams),
        waiting=inbox.get("new", 0),
        failed=inbox.get("failed", 0),
        undelivered=undelivered,
    )


def state_of(connection: Connection | None, *, has_streams: bool) -> str:
    """A system that was never reached is not connected, and one that is being read is."""
    if connection is None:
        return "connected"
    is_unused = connection.state == "connected" and connection.succeeded_at is None and not has_streams
    return "not_used_yet" if is_unused else connection.state


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
    statement = select(Delivery.system, func.count()).where(Delivery.state != "delivered").group_by(Delivery.system)
    return dict(session.execute(statement).tuples().all())
