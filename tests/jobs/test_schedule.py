from __future__ import annotations

from connectors.registry import REGISTRY
from jobs.once import RUNS
from jobs.schedule import AFTER, DECIDED_FROM, SCHEDULE, Place, is_due

EVERY_STREAM = {(system, stream.name) for system, entry in REGISTRY.items() for stream in entry.capabilities.streams}
ALL = frozenset(REGISTRY)


def test_what_waits_and_what_is_waited_for_are_streams_that_there_are() -> None:
    assert {*AFTER, *DECIDED_FROM, *(place for places in AFTER.values() for place in places)} <= EVERY_STREAM


def test_a_first_synchronisation_comes_to_the_end_of_every_stream() -> None:
    left = {system: [stream.name for stream in REGISTRY[system].capabilities.streams] for system, _ in EVERY_STREAM}
    done: set[Place] = set()
    while ready := [name for name, streams in left.items() if streams and is_due((name, streams[0]), done, ALL)]:
        done |= {(name, left[name].pop(0)) for name in ready}

    assert done == EVERY_STREAM


def test_what_has_changed_while_lists_were_read_is_known_before_decisions_and_decisions_wait_for_nothing_else() -> None:
    order = [("stripe", stream.name) for stream in REGISTRY["stripe"].capabilities.streams]
    looked_at = [place for place in order if place in DECIDED_FROM]

    assert looked_at[-1] == ("stripe", "events")
    assert looked_at == order[: len(looked_at)]


def test_every_connected_system_is_pulled_by_the_clock() -> None:
    read_from = {system for system, _ in EVERY_STREAM}

    assert {entry.arguments["system"] for entry in SCHEDULE if entry.task == "pull"} == read_from


def test_what_the_clock_does_can_be_done_by_hand() -> None:
    by_queue_only = {"retry_stalled"}

    assert {entry.name for entry in SCHEDULE} - by_queue_only <= set(RUNS)
