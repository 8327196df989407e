"""What a killed worker leaves behind, when the clock has gone on meanwhile."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from core.runtime import Runtime
from jobs.queue import enqueue_once
from jobs.wiring import House
from tests.fakes import FakeLedger, FakeSource
from tests.jobs.rows import released
from tests.jobs.test_worker import enqueue, run_worker, statuses
from tests.stores import Furniture, policies


@pytest.fixture
def furniture() -> Furniture:
    return policies


@pytest.fixture
def house(runtime: Runtime) -> House:
    return House(runtime, {"stripe": FakeSource("stripe", {"invoices": [[]]})}, {"netsuite": FakeLedger()})


def test_a_lost_pull_that_was_replaced_does_not_keep_other_lost_work_from_being_handed_on(house: House) -> None:
    runtime, id = house.runtime, released(house.runtime)
    with runtime.transaction() as session:
        enqueue_once(session, "pull", {"system": "stripe"})
    enqueue(runtime, "deliver", {"delivery_id": str(id)})
    with runtime.transaction() as session:
        # As a killed worker leaves them: taken, and their owner pruned.
        session.execute(text("update procrastinate_jobs set status = 'doing', worker_id = null"))
    with runtime.transaction() as session:
        assert enqueue_once(session, "pull", {"system": "stripe"}), "the clock puts the next one in line"
    # Nobody carries pulls out for a moment, so that the new one still waits when the lost one is found.
    with runtime.transaction() as session:
        session.execute(
            text("update procrastinate_jobs set scheduled_at = now() + interval '1 hour' where status = 'todo'")
        )
    enqueue(runtime, "retry_stalled", {})
    run_worker(house)
    run_worker(house)

    assert statuses(runtime, "retry_stalled") == ["succeeded"]
    assert sorted(statuses(runtime, "pull")) == ["aborted", "todo"]
    assert statuses(runtime, "deliver") == ["succeeded"]
