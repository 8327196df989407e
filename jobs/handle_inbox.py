"""Turns received rows into facts: translate, record in one command per batch; what cannot be read becomes a case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.exc import DataError, IntegrityError

from core.intake import store
from core.intake.model import InboxRow
from core.kit.errors import Refused
from core.ports import Source
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.commands import DecideReceived, RecordFacts, ReportBadRecord
from jobs.readings import BATCH, Batch, Readable, facts_of, in_words, read_records

_ACTOR = job("handle_inbox")
# What the store or a handler may object to in the facts themselves; a lost connection is not among these.
_UNACCEPTABLE = (Refused, DataError, IntegrityError)


def handle_waiting(runtime: Runtime, source: Source) -> int:
    """Handles every row of the source that waits, oldest first; answers how many.

    News that comes while history is first read is not decided before the rest of it is there.
    """
    is_backfill = not is_history_read(runtime, source)
    handled = 0
    while rows := _next_rows(runtime, source):
        handle_rows(runtime, source, rows, is_backfill=is_backfill)
        handled += len(rows)
    return handled


def is_history_read(runtime: Runtime, source: Source) -> bool:
    """Whether every stream of the source was read to its end once."""
    with runtime.reading() as session:
        done = store.completed_streams(session)
    return all((source.capabilities.system, stream.name) in done for stream in source.capabilities.streams)


def is_all_history_read(runtime: Runtime, sources: Iterable[Source]) -> bool:
    return all(is_history_read(runtime, source) for source in sources)


def _next_rows(runtime: Runtime, source: Source) -> list[InboxRow]:
    with runtime.transaction() as session:
        return store.unhandled(session, source.capabilities.system, BATCH)


def handle_rows(runtime: Runtime, source: Source, rows: Sequence[InboxRow], *, is_backfill: bool = False) -> None:
    """Records the facts of `rows`; those that say nothing become cases. Afterwards none of them waits any more."""
    readings = read_records(source, [(row.id, row.record) for row in rows])
    _report_unreadable(runtime, readings.unreadable)
    _record(runtime, source.capabilities.system, readings.readable, is_backfill)


def take_in(runtime: Runtime, system: str, batch: Batch) -> bool:
    """History at once: rows, cursor and facts of a batch in one transaction. False, and nothing done, when the store
    or a handler objects to any of it: its rows are to be received then, and handled."""
    try:
        execute(runtime, RecordFacts(source=system, arrival=batch.arrival, is_backfill=True, **batch.facts), _ACTOR)
    except _UNACCEPTABLE:
        return False
    _report_unreadable(runtime, batch.unreadable)
    return True


def _report_unreadable(runtime: Runtime, unreadable: Iterable[tuple[UUID, str]]) -> None:
    for id, error in unreadable:
        _report(runtime, id, error)


def decide_received(runtime: Runtime, source: str) -> int:
    """Decides what a first synchronisation has brought, oldest first; answers how many documents."""
    decided = 0
    while n := execute(runtime, DecideReceived(source=source), _ACTOR).result["n"]:
        decided += int(n)
    return decided


def _record(runtime: Runtime, system: str, readable: list[Readable], is_backfill: bool) -> None:
    """Facts of received rows in one command; when that is refused, in halves, until the row to blame stands alone."""
    if not readable:
        return
    try:
        execute(runtime, _command(system, readable, is_backfill), _ACTOR)
    except _UNACCEPTABLE as reason:
        if len(readable) == 1:
            _report(runtime, readable[0].id, _in_words(reason))
            return
        middle = len(readable) // 2
        _record(runtime, system, readable[:middle], is_backfill)
        _record(runtime, system, readable[middle:], is_backfill)


def _command(system: str, readable: list[Readable], is_backfill: bool) -> RecordFacts:
    inbox_ids = tuple(each.id for each in readable)
    return RecordFacts(source=system, inbox_ids=inbox_ids, is_backfill=is_backfill, **facts_of(readable))


def _report(runtime: Runtime, inbox_id: UUID, error: str) -> None:
    execute(runtime, ReportBadRecord(inbox_id=inbox_id, error=error), _ACTOR)


def _in_words(reason: Exception) -> str:
    if isinstance(reason, (DataError, IntegrityError)):
        return "The store cannot hold a value of this record."
    return in_words(reason)
