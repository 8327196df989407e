from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
from sqlalchemy import select, text

from core.db.tables import Delivery, JobFire
from core.ports import Transient
from core.runtime import Runtime, defer
from jobs.clock import fire
from jobs.schedule import SCHEDULE
from jobs.wiring import House
from jobs.worker import build_app
from tests.builders import customer
from tests.fakes import FakeLedger, FakeSource, raw
from tests.jobs.rows import released
from tests.stores import Furniture, policies

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def furniture() -> Furniture:
    return policies


@pytest.fixture
def house(runtime: Runtime) -> House:
    records = [raw("accounts", "001A", name="Nordlicht")]
    source = FakeSource("salesforce", {"accounts": [records]}, lambda _: (customer(),))
    return House(runtime, {"salesforce": source}, {"netsuite": FakeLedger()})


def run_worker(house: House) -> None:
    """Carries out all that is due, then ends."""

    async def run() -> None:
        app = build_app(house)
        async with app.open_async():
            await app.run_worker_async(wait=False, concurrency=4, install_signal_handlers=False, listen_notify=False)

    asyncio.run(run())


def enqueue(runtime: Runtime, task: str, *arguments: dict[str, str]) -> None:
    with runtime.transaction() as session:
        defer(session, task, list(arguments), queue="house")


def statuses(runtime: Runtime, task: str) -> list[str]:
    with runtime.reading() as session:
        return list(
            session.scalars(text("select status::text from procrastinate_jobs where task_name = :task"), {"task": task})
        )


def wait_until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    end, pause = monotonic() + seconds, Event()
    while not is_so():
        assert monotonic() < end, "this did not happen in time"
        pause.wait(0.05)


def test_every_scheduled_task_is_known_to_the_queue(house: House) -> None:
    known = set(build_app(house).tasks)

    assert {entry.task for entry in SCHEDULE} <= known
    assert {"deliver", "handle_inbox"} <= known


def test_what_the_clock_fires_the_worker_carries_out_and_writes_down(house: House) -> None:
    entry = next(entry for entry in SCHEDULE if entry.name == "pull_salesforce")
    fire(house.runtime, entry)
    run_worker(house)

    with house.runtime.reading() as session:
        row = session.get_one(JobFire, (entry.name, entry.slot(house.runtime.now())))
        assert (row.count, row.finished_at) == (1, house.runtime.now())


@pytest.mark.slow
def test_two_workers_at_once_deliver_each_document_once(house: House) -> None:
    ids = [released(house.runtime, f"HC-{number}") for number in range(20)]
    enqueue(house.runtime, "deliver", *({"delivery_id": str(id)} for id in ids * 2))

    def work_until_done() -> None:
        while "todo" in statuses(house.runtime, "deliver"):
            run_worker(house)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda work: work(), [work_until_done] * 2))

    ledger = house.ledgers["netsuite"]
    assert isinstance(ledger, FakeLedger)
    assert len(ledger.creations) == len(set(ledger.creations)) == 20
    with house.runtime.reading() as session:
        assert set(session.scalars(select(Delivery.state))) == {"delivered"}


def test_a_job_that_comes_back_keeps_its_place_in_the_queue_for_later(house: House) -> None:
    ledger = house.ledgers["netsuite"]
    assert isinstance(ledger, FakeLedger)
    ledger.behaviour = [Transient("NetSuite is busy.")]
    enqueue(house.runtime, "deliver", {"delivery_id": str(released(house.runtime))})
    run_worker(house)

    assert statuses(house.runtime, "deliver").count("todo") == 1


def test_work_of_a_worker_that_vanished_is_handed_to_another(house: House) -> None:
    id = released(house.runtime)
    enqueue(house.runtime, "deliver", {"delivery_id": str(id)})
    with house.runtime.transaction() as session:
        # As a killed worker leaves it: taken, and its owner pruned.
        session.execute(text("update procrastinate_jobs set status = 'doing', worker_id = null"))
    enqueue(house.runtime, "retry_stalled", {})
    run_worker(house)
    run_worker(house)

    with house.runtime.reading() as session:
        assert session.get_one(Delivery, id).state == "delivered"


def test_what_goes_wrong_unforeseen_is_tried_again(house: House) -> None:
    enqueue(house.runtime, "deliver", {"delivery_id": "not an id"})
    run_worker(house)

    assert statuses(house.runtime, "deliver") == ["todo"]


def test_a_fire_that_failed_says_why(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    entry = next(entry for entry in SCHEDULE if entry.name == "escalate_overdue")
    fire(house.runtime, entry)
    with house.runtime.transaction() as session:
        session.execute(text("drop table promises"))
    run_worker(house)

    with house.runtime.reading() as session:
        row = session.get_one(JobFire, (entry.name, entry.slot(house.runtime.now())))
        assert row.error is not None
        assert "promises" in row.error
    assert "escalate_overdue will be tried again" in capsys.readouterr().err


@pytest.mark.slow
def test_the_worker_process_fires_its_clock_and_stops_when_told(runtime: Runtime, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "SANDBOX_SYSTEMS"}
    environment |= {"DATABASE_URL": str(runtime.settings.database_url), "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "jobs", "work"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: _finished(runtime) >= 3)
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=15)

    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def _finished(runtime: Runtime) -> int:
    with runtime.reading() as session:
        return len(session.scalars(select(JobFire.job).where(JobFire.finished_at.is_not(None))).all())
