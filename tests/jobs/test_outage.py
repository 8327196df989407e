"""What the worker says while its store is away."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from core.db.engine import open_engine
from core.runtime import Runtime
from core.settings import Settings
from jobs.clock import _try_to_fire
from jobs.outage import tell_outage, tell_return
from jobs.schedule import SCHEDULE
from jobs.store_setup import migrate, stop_embedded
from jobs.wiring import House
from jobs.worker import _tell_end, _until
from tests.fakes import FixedClock
from tests.jobs.test_worker import wait_until

ROOT = Path(__file__).resolve().parents[2]
AWAY = "The store does not answer; the worker goes on when it does. If it was stopped, end all with Ctrl-C."
BACK = "The store answers again."
# Prints the store's address and keeps it until its own input ends.
_STORE = "import sys; from pathlib import Path; from core.db.engine import start_embedded;"
_STORE += "print(start_embedded(Path(sys.argv[1])), flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def nothing_told() -> None:
    tell_return()


def nowhere(clock: FixedClock) -> Runtime:
    engine = open_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2")
    return Runtime(Settings(_env_file=None), engine, clock)


def test_a_store_that_is_away_is_told_once_however_many_slots_the_clock_misses(
    runtime: Runtime, clock: FixedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    away = nowhere(clock)
    for entry in SCHEDULE[:3] * 2:
        _try_to_fire(away, entry)
    assert capsys.readouterr().err.splitlines() == [AWAY]

    for entry in SCHEDULE[:3]:
        _try_to_fire(runtime, entry)
    assert capsys.readouterr().err.splitlines() == [BACK]
    _try_to_fire(away, SCHEDULE[0])
    assert capsys.readouterr().err.splitlines() == [AWAY], "the next outage is told again"


def test_another_fault_of_the_clock_is_no_outage(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    with runtime.transaction() as session:
        session.execute(text("drop table job_fires"))
    assert not tell_outage(runtime)
    _try_to_fire(runtime, SCHEDULE[0])
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"The clock could not fire {SCHEDULE[0].name}")


def test_a_store_all_of_whose_connections_are_in_use_counts_as_away(
    runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    narrow = create_engine(runtime.engine.url, pool_size=1, max_overflow=0, pool_timeout=0.1)
    with narrow.connect():
        assert tell_outage(replace(runtime, engine=narrow))
        _try_to_fire(replace(runtime, engine=narrow), SCHEDULE[0])
    narrow.dispose()
    assert capsys.readouterr().err.splitlines() == [AWAY]


def test_workers_that_cannot_begin_although_the_store_answers_say_why(
    runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    with runtime.transaction() as session:
        session.execute(text("drop table procrastinate_jobs cascade"))

    async def work_until_told() -> str:
        stopping, said = asyncio.Event(), ""
        at_work = asyncio.create_task(_until(stopping, House(runtime), 1))
        async with asyncio.timeout(60):
            while not said:
                await asyncio.sleep(0.1)
                said += capsys.readouterr().err
        stopping.set()
        await at_work
        return said

    told = asyncio.run(work_until_told())
    assert "are begun again" in told and "procrastinate" in told


def test_why_workers_end_is_said_once_and_not_when_it_ends_an_outage(capsys: pytest.CaptureFixture[str]) -> None:
    ends = Counter[str]()
    _tell_end(ends, ConnectionError("the store is starting"))
    assert capsys.readouterr().err == ""
    for _ in range(5):
        _tell_end(ends, PermissionError("not for you"))
    assert capsys.readouterr().err.count("not for you") == 1


def open_store(folder: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-c", _STORE, str(folder)]
    held = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert held.stdout is not None
    return held, held.stdout.readline().strip()


@pytest.mark.slow
def test_an_outage_of_the_store_is_two_lines_of_the_worker(tmp_path: Path) -> None:
    folder, told = tmp_path / "postgres", tmp_path / "told"
    held, url = open_store(folder)
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
    environment = {name: value for name, value in os.environ.items() if name != "SANDBOX_SYSTEMS"}
    environment |= {"DATABASE_URL": url.replace("+psycopg", "", 1), "DATA_DIR": str(tmp_path)}
    with told.open("w") as errors:
        command = [sys.executable, "-m", "jobs", "work"]
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=errors, stdout=subprocess.PIPE, text=True)
    stores = [held]
    try:
        assert worker.stdout is not None
        assert "at work" in worker.stdout.readline()
        stop_embedded(folder)
        wait_until(lambda: AWAY in told.read_text(), 60)
        stores.append(open_store(folder)[0])
        wait_until(lambda: BACK in told.read_text(), 60)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=30)
        for each in stores:
            each.communicate(timeout=30)
        stop_embedded(folder)

    assert worker.returncode == 0
    assert told.read_text().splitlines() == [AWAY, BACK]
