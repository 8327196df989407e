from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from sqlalchemy import text

from core.db.engine import open_engine
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


def test_what_is_held_here_is_held_for_other_processes_too(runtime: Runtime) -> None:
    other = open_engine(runtime.engine.url.render_as_string(hide_password=False))
    with exclusive(runtime.engine, "intake:stripe"), exclusive(other, "intake:stripe") as is_theirs:
        assert not is_theirs
    with exclusive(other, "intake:stripe") as is_theirs:
        assert is_theirs
    other.dispose()


def test_many_locks_leave_the_connections_to_the_work(runtime: Runtime) -> None:
    small = open_engine(runtime.engine.url.render_as_string(hide_password=False), pool_size=1)
    with ExitStack() as held:
        taken = [held.enter_context(exclusive(small, f"delivery:{number}")) for number in range(40)]
        with small.connect() as connection:
            locks = connection.scalar(text("select count(*) from pg_locks where locktype = 'advisory'"))
    assert all(taken)
    assert locks == 40
    small.dispose()


def test_a_lock_whose_connection_was_cut_is_free_again(runtime: Runtime) -> None:
    with exclusive(runtime.engine, "intake:stripe"), runtime.transaction() as session:
        session.execute(text("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"))
    with exclusive(runtime.engine, "intake:stripe") as is_ours:
        assert is_ours
