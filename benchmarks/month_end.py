"""A month-end: one billing run, rated, taxed, validated and released by two worker processes, postings deferred.

Held against the time in which `COPY` inserts the very same result rows into the same tables of a copy of the store as
it was before the run. Cost per invoice is measured at two sizes of company.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import psycopg
from sqlalchemy import make_url, text

from benchmarks.billing_store import fill, first_day
from benchmarks.figure import Measured, at_most
from benchmarks.stage import store
from core.db.engine import open_engine
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.billing_commands import StartBillingRun

CONTRACTS, EVENTS, WORKERS = 25_000, 100, 2
FEW, MANY, FEW_EVENTS = 5_000, 50_000, 10
LIMIT, MEMORY_MIB, GROWTH = 6.0, 1_536, 1.3
_BEFORE = "before_the_run"

# What a run leaves behind, in an order that foreign keys allow; rows that a table had before are left out.
_RESULTS = {
    "documents": "released_at > now() - interval '1 day' and run_id is not null",
    "document_lines": "document_id in (select id from documents where run_id is not null)",
    "document_taxes": "true",
    "revenue_slices": "true",
    "deliveries": "true",
    "procrastinate_jobs": "task_name = 'deliver'",
    "transitions": "true",
    "decisions": "true",
    "executed_commands": "name = 'GenerateParts'",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one run: seconds, invoices, and the most memory that a worker took."""

    seconds: float
    invoices: int
    peak_mib: float


def run() -> list[Measured]:
    with store() as runtime:
        fill(runtime, CONTRACTS, EVENTS)
        _clone(runtime)
        done = _bill(runtime)
        copied = _copy(runtime)
    few, many = _cost(FEW), _cost(MANY)
    return [
        Measured("month_end_invoices", done.invoices, "invoices", f"= {CONTRACTS}", done.invoices == CONTRACTS),
        Measured("month_end_rate", done.invoices / done.seconds, "invoices/s", "> 0", done.invoices > 0),
        at_most("month_end", done.seconds, "s", copied, LIMIT),
        Measured("month_end_memory", done.peak_mib, "MiB", f"<= {MEMORY_MIB}", done.peak_mib <= MEMORY_MIB),
        at_most("month_end_growth", many, "ms/invoice", few, GROWTH),
    ]


def _cost(contracts: int) -> float:
    """Milliseconds per invoice of a company of that size."""
    with store() as runtime:
        fill(runtime, contracts, FEW_EVENTS)
        done = _bill(runtime)
    return done.seconds * 1000 / done.invoices


def _bill(runtime: Runtime) -> Outcome:
    """From the start of the run to its end; workers are up and idle before the clock starts, as in a house at work."""
    with tempfile.TemporaryDirectory() as folder, _workers(runtime, Path(folder)) as workers:
        begun = time.perf_counter()
        command = StartBillingRun(name="Month-end", through=first_day(), mode="straight")
        run_id = str(execute(runtime, command, job("benchmark")).result["run_id"])
        for worker in workers:
            worker.tell(run_id)
        peaks = [worker.ended() for worker in workers]
        seconds = time.perf_counter() - begun
    return Outcome(seconds, _released(runtime), max(peaks))


class _Worker:
    """A process of its own that goes on with the run it is told, and answers how much memory that took."""

    def __init__(self, url: str, folder: Path, number: int) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.billing_worker", url, str(folder), str(number)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == "ready"

    def tell(self, run_id: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{run_id}\n")
        self._process.stdin.flush()

    def ended(self) -> float:
        """MiB at the most."""
        assert self._process.stdout is not None
        return float(self._process.stdout.readline())

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def _workers(runtime: Runtime, folder: Path) -> Iterator[list[_Worker]]:
    url = runtime.engine.url.render_as_string(hide_password=False)
    workers = [_Worker(url, folder, number) for number in range(WORKERS)]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.stop()


def _released(runtime: Runtime) -> int:
    statement = text("select count(*) from documents where run_id is not null and state = 'released'")
    with runtime.reading() as session:
        return session.scalar(statement) or 0


def _clone(runtime: Runtime) -> None:
    """A copy of the store as it is before the run."""
    url = runtime.engine.url
    runtime.engine.dispose()
    admin = open_engine(url.set(database="template1").render_as_string(hide_password=False))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'create database {_BEFORE} template "{url.database}"'))
    admin.dispose()


def _copy(runtime: Runtime) -> float:
    """Seconds of inserting all result rows by COPY, each table in one statement, in one transaction."""
    plain = make_url(runtime.engine.url).set(drivername="postgresql")
    source = plain.render_as_string(hide_password=False)
    target = plain.set(database=_BEFORE).render_as_string(hide_password=False)
    with psycopg.connect(source) as connection:
        contents = {table: _out(connection, table, where) for table, where in _RESULTS.items()}
    with psycopg.connect(target) as connection:
        begun = time.perf_counter()
        for table, content in contents.items():
            with connection.cursor().copy(f"copy {table} from stdin (format binary)") as copy:
                copy.write(content)
        connection.commit()
        return time.perf_counter() - begun


def _out(connection: psycopg.Connection, table: str, where: str) -> bytes:
    statement = f"copy (select * from {table} where {where}) to stdout (format binary)"
    content = BytesIO()
    with connection.cursor().copy(statement.encode()) as copy:
        for piece in copy:
            content.write(piece)
    return content.getvalue()
