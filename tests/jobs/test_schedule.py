from __future__ import annotations

from connectors.registry import REGISTRY
from jobs.once import RUNS
from jobs.schedule import FIRST_SYNC, SCHEDULE

EVERY_STREAM = {(system, stream.name) for system, entry in REGISTRY.items() for stream in entry.capabilities.streams}


def test_the_order_of_the_first_synchronisation_names_every_stream_that_there_is() -> None:
    named = {place for stage in FIRST_SYNC for place in stage}

    # Events come last because nothing names them.
    assert EVERY_STREAM - named == {("stripe", "events")}
    assert named <= EVERY_STREAM


def test_every_connected_system_is_pulled_by_the_clock() -> None:
    read_from = {system for system, _ in EVERY_STREAM}

    assert {entry.arguments["system"] for entry in SCHEDULE if entry.task == "pull"} == read_from


def test_what_the_clock_does_can_be_done_by_hand() -> None:
    by_queue_only = {"retry_stalled"}

    assert {entry.name for entry in SCHEDULE} - by_queue_only <= set(RUNS)
