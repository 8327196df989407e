"""Brings an outside system's news in: pages into the inbox with the cursor, then facts, stream by stream."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Mapping, Set
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass

from core.intake import store
from core.intake.model import Arrival
from core.ports import ConnectorFailure, Misconfigured, Source
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.commands import SetConnectionState
from jobs.exclusive import exclusive
from jobs.handle_inbox import decide_received, handle_waiting, is_history_read, settle, take_in
from jobs.prefetch import read_ahead
from jobs.queue import enqueue_once
from jobs.read_apart import OBJECTS_BETWEEN_COLLECTIONS, Reader, Reading, reading_here
from jobs.readings import Readings, read_batches
from jobs.schedule import FIRST_SYNC

# (system, stream) of what was read to its end once.
Completed = Set[tuple[str, str]]

_ACTOR = job("pull")
_BATCHES_AHEAD = 2
_SECONDS_BETWEEN_LOOKS = 0.5
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


_PLAIN = Way()


@dataclass(frozen=True, slots=True)
class _Pull:
    """A pull under way; `read_history` is what the way's `reading` opened."""

    runtime: Runtime
    source: Source
    systems: frozenset[str]
    must_stop: Callable[[], bool]
    read_history: Reader


def pull(runtime: Runtime, source: Source, systems: Iterable[str], way: Way = _PLAIN) -> int:
    """Reads every stream whose turn has come; answers how many records were new. A failing or paused system is
    left alone until its time comes, and one that somebody else is reading, now."""
    return try_pull(runtime, source, systems, way) or 0


def try_pull(runtime: Runtime, source: Source, systems: Iterable[str], way: Way = _PLAIN) -> int | None:
    """As `pull`, but None when somebody else is at the system's records right now."""
    system = source.capabilities.system
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    sys.setswitchinterval(_SECONDS_BETWEEN_THREADS)
    with exclusive(runtime.engine, f"intake:{system}") as is_ours:
        if not is_ours:
            return None
        if _is_resting(runtime, system):
            return 0
        try:
            with way.reading() as read_history:
                return _pull_streams(_Pull(runtime, source, frozenset(systems), way.must_stop, read_history))
        except Misconfigured as failure:
            execute(runtime, SetConnectionState(system=system, state="paused", reason=failure.sentence), _ACTOR)
        except ConnectorFailure as failure:
            with runtime.transaction() as session:
                store.record_failure(session, system, failure.sentence, runtime.now())
        return 0


def _is_resting(runtime: Runtime, system: str) -> bool:
    with runtime.reading() as session:
        health = store.health(session, system)
    return health.is_paused or health.rests_until(runtime.now()) is not None


def _pull_streams(pull: _Pull) -> int:
    runtime, source, system = pull.runtime, pull.source, pull.source.capabilities.system
    count = handle_waiting(runtime, source)
    for stream in source.capabilities.streams:
        if pull.must_stop():
            break
        with runtime.reading() as session:
            done = store.completed_streams(session)
        if not is_due(system, stream.name, done, pull.systems):
            continue
        count += _pull_stream(pull, stream.name)
        with runtime.transaction() as session:
            store.record_success(session, system, runtime.now())
        if pull.must_stop():
            return count
        count += handle_waiting(runtime, source)
    if is_history_read(runtime, source):
        decide_received(runtime, system)
    return count


def is_due(system: str, stream: str, done: Completed, systems: frozenset[str]) -> bool:
    """Whether all that must be known before is known; a system that is not connected keeps nobody waiting."""
    for stage in FIRST_SYNC:
        if (system, stream) in stage:
            return True
        if any(place not in done for place in stage if place[0] in systems):
            return False
    return True


def _pull_stream(pull: _Pull, stream: str) -> int:
    runtime, source, system = pull.runtime, pull.source, pull.source.capabilities.system
    with runtime.transaction() as session:
        place = store.open_stream(session, system, stream, runtime.now())
    if not place.is_complete and place.expected is None:
        _note_expected(runtime, source, stream)
    count = 0
    read = read_batches if place.is_complete else pull.read_history
    with closing(read_ahead(read(source, stream, place.cursor), _BATCHES_AHEAD)) as arrived:
        for arrival, readings in arrived:
            count += _keep(runtime, source, arrival, readings, not place.is_complete)
            if pull.must_stop():
                return count
    if not place.is_complete:
        _complete(runtime, system, stream)
    return count


def _note_expected(runtime: Runtime, source: Source, stream: str) -> None:
    expected = source.count(stream)
    with runtime.transaction() as session:
        store.expect(session, source.capabilities.system, stream, expected)


def _keep(runtime: Runtime, source: Source, arrival: Arrival, readings: Readings, is_backfill: bool) -> int:
    """The rows are in the inbox and the cursor stands behind them, or neither; answers how many were new. Those that
    are received and not settled, after a crash for instance, are handled by the next pull."""
    system, now = source.capabilities.system, runtime.now()
    if is_backfill and arrival.rows and take_in(runtime, system, arrival, readings):
        return len(arrival.rows)
    with runtime.transaction() as session:
        kept = store.receive_rows(session, system, arrival.rows, now)
        store.advance(session, system, arrival.stream, (arrival.cursor, len(kept)), now)
    settle(runtime, system, readings.of(row.id for row in kept), is_backfill)
    return len(kept)


def _complete(runtime: Runtime, system: str, stream: str) -> None:
    """Marks the end of the first reading and calls those who waited for it."""
    with runtime.transaction() as session:
        store.complete(session, system, stream, runtime.now())
        for other in {place[0] for stage in FIRST_SYNC for place in stage} - {system}:
            enqueue_once(session, "pull", {"system": other})


def pull_all(runtime: Runtime, sources: Mapping[str, Source], readings: Mapping[str, Reading] | None = None) -> int:
    """Round after round over all systems at once, until one brings neither records nor the end of a stream: a whole
    first synchronisation in one call. Answers how many records were new."""
    ways = {name: Way(reading=each) for name, each in (readings or {}).items()}
    total, before = 0, -1
    while True:
        count = _pull_side_by_side(runtime, sources, lambda name: ways.get(name, _PLAIN))
        done = len(_completed(runtime))
        total += count
        if not count and done == before:
            return total
        before = done


def _pull_side_by_side(runtime: Runtime, sources: Mapping[str, Source], way_of: Callable[[str], Way]) -> int:
    """Pulls every system, and again those of which a stream has become due meanwhile."""
    count = 0
    seen: dict[str, Completed] = {}
    with ThreadPoolExecutor(len(sources) or 1, "pull") as pool:
        running: dict[Future[int], str] = {}
        while True:
            done = _completed(runtime)
            for name in sources.keys() - running.values():
                if name not in seen or (done != seen[name] and _has_more(sources[name], done, frozenset(sources))):
                    seen[name] = done
                    running[pool.submit(pull, runtime, sources[name], sources, way_of(name))] = name
            if not running:
                return count
            finished, _ = wait(running, _SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
            for each in finished:
                del running[each]
                count += each.result()


def _completed(runtime: Runtime) -> Completed:
    with runtime.reading() as session:
        return frozenset(store.completed_streams(session))


def _has_more(source: Source, done: Completed, systems: frozenset[str]) -> bool:
    """Whether a stream that was never read to its end is due."""
    places = ((source.capabilities.system, stream.name) for stream in source.capabilities.streams)
    return any(place not in done and is_due(*place, done, systems) for place in places)
