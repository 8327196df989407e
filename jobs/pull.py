"""Brings an outside system's news in: pages into the inbox with the cursor, then facts, stream by stream."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from core.intake import store
from core.intake.arriving import as_received, new_rows, rows_of
from core.intake.model import NewRow
from core.kit.errors import Refused
from core.kit.systems import title_of
from core.ports import ConnectorFailure, Misconfigured, Source
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.commands import SetConnectionState
from jobs.exclusive import exclusive
from jobs.handle_inbox import decide_received, handle_rows, handle_waiting, is_history_read, take_in
from jobs.prefetch import read_ahead
from jobs.queue import enqueue_once
from jobs.read_apart import OBJECTS_BETWEEN_COLLECTIONS, Reader, Reading, reading_here
from jobs.readings import Batch, read_pages
from jobs.schedule import DECIDED_FROM, is_decidable, is_due

_ACTOR = job("pull")
_BATCHES_AHEAD = 2
# The thread that waits for the store asks it thousands of short questions. By default it would wait five milliseconds
# after each answer for the thread that translates.
_SECONDS_BETWEEN_THREADS = 0.0005


def go_on() -> bool:
    """The answer of those whom nobody asks to stop."""
    return False


@dataclass(frozen=True, slots=True)
class Way:
    """How to pull: `must_stop` is asked after each batch; `reading` opens what reads streams that were never read to
    their end. News are few, and are read here."""

    must_stop: Callable[[], bool] = go_on
    reading: Reading = reading_here


PLAIN = Way()


@dataclass(frozen=True, slots=True)
class _Pull:
    """A pull under way; `read_history` is what the way's `reading` opened."""

    runtime: Runtime
    source: Source
    systems: frozenset[str]
    must_stop: Callable[[], bool]
    read_history: Reader


class NotRead(Refused):
    """Why a system was left alone just now."""


class BeingRead(NotRead):
    """Somebody else is at the system's records."""


def pull(runtime: Runtime, source: Source, systems: Iterable[str], way: Way = PLAIN) -> int:
    """Reads every stream whose turn has come; answers how many records were new. A failing or paused system is
    left alone until its time comes, and one that somebody else is reading, now."""
    return try_pull(runtime, source, systems, way) or 0


def try_pull(runtime: Runtime, source: Source, systems: Iterable[str], way: Way = PLAIN) -> int | None:
    """As `pull`, but None when somebody else is at the system's records right now."""
    try:
        return pull_now(runtime, source, systems, way)
    except BeingRead:
        return None
    except (NotRead, ConnectorFailure):
        # Noted on the connection, which comes to its turn again.
        return 0


def pull_now(runtime: Runtime, source: Source, systems: Iterable[str], way: Way = PLAIN) -> int:
    """As `pull`, for somebody who waits for it: raises NotRead or a ConnectorFailure when the system was not read, or
    not to its end."""
    system = source.capabilities.system
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    sys.setswitchinterval(_SECONDS_BETWEEN_THREADS)
    with exclusive(runtime.engine, f"intake:{system}") as is_ours:
        if not is_ours:
            raise BeingRead("connection.busy", f"{title_of(system)} is being read by somebody else right now.")
        check_awake(runtime, system)
        try:
            with way.reading() as read_history:
                return _pull_streams(_Pull(runtime, source, frozenset(systems), way.must_stop, read_history))
        except Misconfigured as failure:
            execute(runtime, SetConnectionState(system=system, state="paused", reason=failure.sentence), _ACTOR)
            raise
        except ConnectorFailure as failure:
            with runtime.transaction() as session:
                store.record_failure(session, system, failure.sentence, runtime.now())
            raise


def check_awake(runtime: Runtime, system: str) -> None:
    """Raises NotRead, in words, for a system that is not to be called now."""
    with runtime.reading() as session:
        health = store.health(session, system)
    why = f": {health.sentence}" if health.sentence else "."
    if health.is_paused:
        raise NotRead("connection.paused", f"The connection to {title_of(system)} is paused{why}")
    if until := health.rests_until(runtime.now()):
        raise NotRead("connection.resting", f"{title_of(system)} is left alone until {until:%H:%M:%S} UTC{why}")


def _pull_streams(pull: _Pull) -> int:
    runtime, source, system = pull.runtime, pull.source, pull.source.capabilities.system
    count = handle_waiting(runtime, source)
    for stream in source.capabilities.streams:
        if pull.must_stop():
            break
        with runtime.reading() as session:
            done = store.completed_streams(session)
        if not is_due((system, stream.name), done, pull.systems):
            break
        count += _pull_stream(pull, stream.name)
        with runtime.transaction() as session:
            store.record_success(session, system, runtime.now())
        if pull.must_stop():
            return count
        count += handle_waiting(runtime, source)
    if is_history_read(runtime, source):
        decide_received(runtime, system)
        _decide_beside(pull)
    return count


def _decide_beside(pull: _Pull) -> None:
    """What other systems have brought need not wait for the end of their history: this one has nothing else to do."""
    with pull.runtime.reading() as session:
        done = store.completed_streams(session)
    if is_decidable(done, pull.systems):
        billing = {system for system, stream in DECIDED_FROM & done if stream == "invoices"}
        for system in sorted(billing - {pull.source.capabilities.system}):
            decide_received(pull.runtime, system)


def _pull_stream(pull: _Pull, stream: str) -> int:
    runtime, source, system = pull.runtime, pull.source, pull.source.capabilities.system
    with runtime.transaction() as session:
        place = store.open_stream(session, system, stream, runtime.now())
    if place.is_complete:
        return _pull_news(pull, stream, place.cursor)
    if place.expected is None:
        _note_expected(runtime, source, stream)
    return _pull_history(pull, stream, place.cursor)


def _pull_news(pull: _Pull, stream: str, cursor: Mapping[str, Any]) -> int:
    count = 0
    with closing(read_pages(pull.source, stream, cursor)) as pages:
        for page in pages:
            count += _receive(pull, stream, page.cursor, new_rows(page.records))
            if pull.must_stop():
                break
    return count


def _pull_history(pull: _Pull, stream: str, cursor: Mapping[str, Any]) -> int:
    count = 0
    with closing(read_ahead(pull.read_history(pull.source, stream, cursor), _BATCHES_AHEAD)) as arrived:
        for batch in arrived:
            count += _keep(pull, batch)
            if pull.must_stop():
                return count
    _complete(pull, stream)
    return count


def _note_expected(runtime: Runtime, source: Source, stream: str) -> None:
    expected = source.count(stream)
    with runtime.transaction() as session:
        store.expect(session, source.capabilities.system, stream, expected)


def _keep(pull: _Pull, batch: Batch) -> int:
    """Takes history in as a whole, or row by row when something of it is objected to; answers how many were new."""
    arrival = batch.arrival
    if arrival.count and take_in(pull.runtime, pull.source.capabilities.system, batch):
        return arrival.count
    return _receive(pull, arrival.stream, arrival.cursor, rows_of(arrival.lines), is_backfill=True)


def _receive(
    pull: _Pull, stream: str, cursor: dict[str, Any], rows: Sequence[NewRow], *, is_backfill: bool = False
) -> int:
    """The rows are in the inbox and the cursor stands behind them, or neither; answers how many were new. Those that
    are received and not handled, after a crash for instance, are handled by the next pull."""
    runtime, system, now = pull.runtime, pull.source.capabilities.system, pull.runtime.now()
    with runtime.transaction() as session:
        kept = store.receive_rows(session, system, rows, now)
        store.advance(session, system, stream, (cursor, len(kept)), now)
    handle_rows(runtime, pull.source, [as_received(row) for row in kept], is_backfill=is_backfill)
    return len(kept)


def _complete(pull: _Pull, stream: str) -> None:
    """Marks the end of the first reading and calls those who may have waited for it."""
    runtime, system = pull.runtime, pull.source.capabilities.system
    with runtime.transaction() as session:
        store.complete(session, system, stream, runtime.now())
        for other in pull.systems - {system} if (system, stream) in DECIDED_FROM else ():
            enqueue_once(session, "pull", {"system": other})
