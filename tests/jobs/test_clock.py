from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from core.db.tables import JobFire
from core.runtime import Runtime
from jobs.clock import finish, fire
from jobs.schedule import SCHEDULE, Entry
from tests.fakes import FixedClock

EVERY_MINUTE = Entry("pull_stripe", timedelta(minutes=1), "pull", {"system": "stripe"})


def jobs(runtime: Runtime) -> list[tuple[str, dict[str, str]]]:
    with runtime.reading() as session:
        rows = session.execute(text("select task_name, args from procrastinate_jobs order by id"))
        return [(name, args) for name, args in rows]


def test_of_two_clocks_one_fires(runtime: Runtime) -> None:
    with ThreadPoolExecutor(8) as pool:
        fired = list(pool.map(lambda _: fire(runtime, EVERY_MINUTE), range(8)))

    assert fired.count(True) == 1
    assert jobs(runtime) == [("pull", {"system": "stripe", "slot": "pull_stripe@2026-11-02T12:00:00+00:00"})]


def test_the_next_slot_fires_again_but_does_not_pile_up_behind_a_waiting_job(
    runtime: Runtime, clock: FixedClock
) -> None:
    assert fire(runtime, EVERY_MINUTE)
    clock.advance(seconds=59)
    assert not fire(runtime, EVERY_MINUTE)
    clock.advance(seconds=1)
    assert fire(runtime, EVERY_MINUTE)

    assert len(jobs(runtime)) == 1


def test_slots_that_were_missed_fire_once_at_the_next_start(runtime: Runtime, clock: FixedClock) -> None:
    fire(runtime, EVERY_MINUTE)
    clock.advance(hours=7)

    assert [fire(runtime, EVERY_MINUTE), fire(runtime, EVERY_MINUTE)] == [True, False]


def test_a_daily_entry_belongs_to_its_hour() -> None:
    snapshot = next(entry for entry in SCHEDULE if entry.name == "take_snapshot")

    assert snapshot.slot(datetime(2026, 11, 3, 0, 4, tzinfo=UTC)) == datetime(2026, 11, 2, 0, 5, tzinfo=UTC)
    assert snapshot.slot(datetime(2026, 11, 3, 0, 5, tzinfo=UTC)) == datetime(2026, 11, 3, 0, 5, tzinfo=UTC)


def test_a_fire_tells_how_it_ended(runtime: Runtime) -> None:
    fire(runtime, EVERY_MINUTE)
    [(_, arguments)] = jobs(runtime)

    finish(runtime, arguments["slot"], 12)

    with runtime.reading() as session:
        row = session.get_one(JobFire, ("pull_stripe", EVERY_MINUTE.slot(runtime.now())))
        assert (row.count, row.finished_at) == (12, runtime.now())
