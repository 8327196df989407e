from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from core.runtime import Runtime
from jobs.exclusive import exclusive, one_of
from jobs.limits import wait_seconds


def test_a_burst_goes_through_and_the_next_call_learns_how_long_to_wait(runtime: Runtime) -> None:
    waits = [wait_seconds(runtime, "netsuite", per_second=1, burst=3) for _ in range(4)]

    assert waits[:3] == [0, 0, 0]
    assert 0.5 < waits[3] <= 1


def test_two_systems_do_not_slow_each_other(runtime: Runtime) -> None:
    assert [wait_seconds(runtime, system, per_second=1, burst=1) for system in ("netsuite", "stripe")] == [0, 0]


def test_callers_at_once_share_one_limit(runtime: Runtime) -> None:
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: wait_seconds(runtime, "netsuite", per_second=1, burst=5), range(20)))

    assert 5 <= waits.count(0) <= 6


def test_a_lock_keeps_others_out_until_it_is_given_back(runtime: Runtime) -> None:
    with exclusive(runtime.engine, "intake:stripe") as first, exclusive(runtime.engine, "intake:stripe") as second:
        assert (first, second) == (True, False)
    with exclusive(runtime.engine, "intake:stripe") as third:
        assert third


def test_slots_are_handed_out_until_none_is_left(runtime: Runtime) -> None:
    slots = ["slot:netsuite:0", "slot:netsuite:1"]
    with one_of(runtime.engine, slots) as a, one_of(runtime.engine, slots) as b, one_of(runtime.engine, slots) as c:
        assert (a, b, c) == ("slot:netsuite:0", "slot:netsuite:1", None)
