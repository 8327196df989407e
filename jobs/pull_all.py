"""A whole first synchronisation in one call: all systems side by side, as a worker's jobs would pull them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from core.intake import store
from core.ports import Source
from core.runtime import Runtime
from jobs.pull import PLAIN, Way, pull
from jobs.read_apart import Reading
from jobs.schedule import Completed, is_decidable, is_due

_SECONDS_BETWEEN_LOOKS = 0.5


def pull_all(runtime: Runtime, sources: Mapping[str, Source], readings: Mapping[str, Reading] | None = None) -> int:
    """Round after round over all systems at once, until one brings neither records nor the end of a stream: a whole
    first synchronisation in one call. Answers how many records were new."""
    ways = {name: Way(reading=each) for name, each in (readings or {}).items()}
    total, before = 0, -1
    while True:
        count = _pull_side_by_side(runtime, sources, lambda name: ways.get(name, PLAIN))
        done = len(_completed(runtime))
        total += count
        if not count and done == before:
            return total
        before = done


def _pull_side_by_side(runtime: Runtime, sources: Mapping[str, Source], way_of: Callable[[str], Way]) -> int:
    """Pulls every system, and again those that have become able to go on meanwhile."""
    count = 0
    seen: dict[str, Completed] = {}
    with ThreadPoolExecutor(len(sources) or 1, "pull") as pool:
        running: dict[Future[int], str] = {}
        while True:
            done = _completed(runtime)
            for name in sources.keys() - running.values():
                if name not in seen or _can_go_on(sources[name], seen[name], done, frozenset(sources)):
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


def _can_go_on(source: Source, before: Completed, done: Completed, systems: frozenset[str]) -> bool:
    """Whether a stream that was never read to its end has become due, or what others brought can be decided now."""
    if done == before:
        return False
    if is_decidable(done, systems) and not is_decidable(before, systems):
        return True
    system = source.capabilities.system
    unread = next((stream.name for stream in source.capabilities.streams if (system, stream.name) not in done), None)
    return unread is not None and is_due((system, unread), done, systems)
