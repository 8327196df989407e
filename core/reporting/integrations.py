"""Operate › Integrations: what is known of each outside system, and the sentence for everybody when one is down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.db.tables import Connection, Delivery, Document, InboxItem, SyncCursor
from core.intake.model import FAILURES_BEFORE_REST
from core.kit.words import counted
from core.posting.model import LEDGER
from core.reporting.invoice_detail import system_name
from core.reporting.paging import CountCapped, Viewer, capped_count
from core.reporting.receivables import Scope
from core.reporting.sync_health import StreamProgress, SystemHealth, state_of, sync_health
from core.runtime import Runtime

# Shown in this order, whether or not anything was heard of them yet.
KNOWN = ("salesforce", "stripe", "netsuite")
# Whole seconds since 1970 that lie between 2001 and 2100; other numbers in a cursor are no times.
_EPOCH_SECONDS = range(1_000_000_000, 4_102_444_800)


@dataclass(frozen=True, slots=True)
class StreamLine:
    """A stream with the time up to which it was read (None: its cursor counts records, or nothing was read)."""

    progress: StreamProgress
    read_up_to: datetime | None


@dataclass(frozen=True, slots=True)
class Inbox:
    """Rows that are open, whatever their age; and what came since midnight UTC."""

    new: int
    failed: int
    set_aside: int
    oldest_new_at: datetime | None
    today: CountCapped


# More rows of one day are not counted one by one; what is shown is then said to be a lower bound.
_COUNTED_TODAY = 50_000
_EMPTY = Inbox(0, 0, 0, None, CountCapped(0, False))


@dataclass(frozen=True, slots=True)
class Outbox:
    """Deliveries by state within the reader's entities; open ones whatever their age."""

    open_states: Mapping[str, int]
    delivered: CountCapped
    oldest_at: datetime | None

    @property
    def waiting(self) -> int:
        """What still goes out by itself."""
        return sum(self.open_states.get(state, 0) for state in ("queued", "retrying", "in_doubt"))

    @property
    def refused(self) -> int:
        return self.open_states.get("refused", 0)


@dataclass(frozen=True, slots=True)
class SystemCard:
    """`state`: connected, failing, paused, not_used_yet or unknown. `outbox` is None where nothing is posted to."""

    system: str
    title: str
    state: str
    sentence: str | None
    failures: int
    succeeded_at: datetime | None
    tries_again_at: datetime | None
    streams: tuple[StreamLine, ...]
    health: SystemHealth | None
    inbox: Inbox
    outbox: Outbox | None

    @property
    def can_pause(self) -> bool:
        return self.state != "paused"


def system_cards(runtime: Runtime, viewer: Viewer | None = None) -> tuple[SystemCard, ...]:
    """One card per system."""
    now = runtime.now()
    healths = {health.system: health for health in sync_health(runtime)}
    with runtime.reading() as session:
        connections = {row.system: row for row in session.scalars(select(Connection))}
        cursors = {(row.system, _words(row.stream)): row.cursor for row in session.scalars(select(SyncCursor))}
        inboxes = _inboxes(session, now)
        outboxes = _outboxes(session, Scope(None, viewer.entities if viewer else None))
    names = [*KNOWN, *sorted({*healths, *inboxes, *outboxes} - set(KNOWN))]
    cards = (_card(name, connections.get(name), healths.get(name), cursors) for name in names)
    return tuple(replace(card, inbox=inboxes[card.system], outbox=outboxes.get(card.system)) for card in cards)


def _card(
    name: str,
    connection: Connection | None,
    health: SystemHealth | None,
    cursors: Mapping[tuple[str, str], Mapping[str, Any]],
) -> SystemCard:
    """The card as far as the connection goes."""
    streams = health.streams if health else ()
    return SystemCard(
        system=name,
        title=system_name(name),
        state=state_of(connection, has_streams=bool(streams)) if connection or streams else "unknown",
        sentence=connection.sentence if connection else None,
        failures=connection.failures if connection else 0,
        succeeded_at=connection.succeeded_at if connection else None,
        tries_again_at=connection.paused_until if connection and connection.state == "failing" else None,
        streams=tuple(StreamLine(each, read_up_to(cursors.get((name, each.stream), {}))) for each in streams),
        health=health,
        inbox=_EMPTY,
        outbox=None,
    )


def _words(stream: str) -> str:
    return stream.replace("_", " ")


def read_up_to(cursor: Any) -> datetime | None:
    """The latest instant that a cursor names, at any depth."""
    if isinstance(cursor, Mapping):
        found = [at for each in cursor.values() if (at := read_up_to(each)) is not None]
        return max(found, default=None)
    if isinstance(cursor, int) and cursor in _EPOCH_SECONDS and not isinstance(cursor, bool):
        return datetime.fromtimestamp(cursor, UTC)
    if isinstance(cursor, str) and len(cursor) >= len("2026-01-01"):
        return _instant(cursor)
    return None


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _inboxes(session: Session, now: datetime) -> dict[str, Inbox]:
    states: dict[str, dict[str, tuple[int, datetime]]] = defaultdict(dict)
    statement = (
        select(InboxItem.source, InboxItem.state, func.count(), func.min(InboxItem.received_at))
        .where(InboxItem.state != "handled")
        .group_by(InboxItem.source, InboxItem.state)
    )
    for source, state, count, oldest in session.execute(statement):
        states[source][state] = (count, oldest)
    today, is_capped = _received_today(session, now)
    found = defaultdict(lambda: replace(_EMPTY, today=CountCapped(0, is_capped)))
    for source in {*states, *today}:
        counts = {state: number for state, (number, _) in states[source].items()}
        oldest_at = states[source]["new"][1] if "new" in states[source] else None
        came = CountCapped(today.get(source, 0), is_capped)
        found[source] = Inbox(
            counts.get("new", 0), counts.get("failed", 0), counts.get("set_aside", 0), oldest_at, came
        )
    return found


def _received_today(session: Session, now: datetime) -> tuple[dict[str, int], bool]:
    """Rows of the day per source, and whether these are lower bounds: a first synchronisation brings more than is
    worth counting."""
    midnight = datetime.combine(now.date(), time(), UTC)
    newest = (
        select(InboxItem.source)
        .where(InboxItem.received_at >= midnight)
        .order_by(InboxItem.received_at.desc(), InboxItem.id.desc())
        .limit(_COUNTED_TODAY)
        .subquery()
    )
    rows = session.execute(select(newest.c.source, func.count()).group_by(newest.c.source)).tuples().all()
    counts: dict[str, int] = dict(rows)
    return counts, sum(counts.values()) >= _COUNTED_TODAY


def _outboxes(session: Session, scope: Scope) -> dict[str, Outbox]:
    states: dict[str, dict[str, tuple[int, datetime]]] = {LEDGER: {}}
    statement = (
        select(Delivery.system, Delivery.state, func.count(), func.min(Delivery.enqueued_at))
        .join(Document, Document.id == Delivery.document_id)
        .where(Delivery.state != "delivered", scope.holds(Document.entity))
        .group_by(Delivery.system, Delivery.state)
    )
    for system, state, count, oldest in session.execute(statement):
        states.setdefault(system, {})[state] = (count, oldest)
    return {
        system: Outbox(
            {state: count for state, (count, _) in by_state.items()},
            capped_count(session, _delivered(system, scope)),
            min((oldest for state, (_, oldest) in by_state.items() if state != "set_aside"), default=None),
        )
        for system, by_state in states.items()
    }


def _delivered(system: str, scope: Scope) -> Select[Any]:
    statement: Select[Any] = select(Delivery.id).where(Delivery.system == system, Delivery.state == "delivered")
    if scope.allowed is not None:
        statement = statement.join(Document, Document.id == Delivery.document_id).where(scope.holds(Document.entity))
    return statement


def banner(runtime: Runtime) -> str | None:
    """What everybody should know of the connections, in one line; None while all is well.

    A failure or two are a hiccup and say nothing about the day.
    """
    with runtime.reading() as session:
        troubled = [
            row
            for row in session.scalars(select(Connection).order_by(Connection.system))
            if row.state == "paused" or (row.state == "failing" and row.failures > FAILURES_BEFORE_REST)
        ]
        if not troubled:
            return None
        waiting = _postings_waiting(session)
    return " ".join(_trouble(row, waiting.get(row.system, 0)) for row in troubled)


def _postings_waiting(session: Session) -> dict[str, int]:
    statement = (
        select(Delivery.system, func.count())
        .where(Delivery.state.not_in(("delivered", "refused", "set_aside")), Delivery.state != "delivered")
        .group_by(Delivery.system)
    )
    return dict(session.execute(statement).tuples().all())


def _trouble(row: Connection, waiting: int) -> str:
    title = system_name(row.system)
    if row.state == "paused":
        said = f"{title} is paused" + (f" ({row.sentence.rstrip('.')})" if row.sentence else "")
    else:
        since = f" since {row.succeeded_at:%d %b, %H:%M} UTC" if row.succeeded_at else ""
        said = f"{title} is failing{since}"
    verb = "waits" if waiting == 1 else "wait"
    return f"{said}: {counted(waiting, 'posting')} {verb}." if waiting else f"{said}; nothing is lost, it waits."
