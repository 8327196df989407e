"""First synchronisation of a company, held against fetching the same pages with bare httpx in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from benchmarks.figure import Measured, at_most
from benchmarks.recorder import Recorder
from benchmarks.stage import sandbox, store
from core.db.tables import Document
from core.runtime import Runtime
from jobs.pull_all import pull_all
from jobs.read_apart import prepare

SCALE, PORT, LIMIT = "1", 8720, 3.0


def run() -> list[Measured]:
    """Seconds of the whole first synchronisation ÷ seconds of fetching and parsing the same pages."""
    # As in a worker that is up.
    prepare()
    with TemporaryDirectory() as folder, sandbox(SCALE, PORT) as outside, store() as runtime:
        recorder = Recorder(Path(folder) / "requests")
        sources, readings = recorder.sources(outside.systems)
        synced, _ = _timed(lambda: pull_all(runtime, sources, readings))
        fetched, pages = _timed(recorder.fetch_again)
        invoices = _invoices(runtime)
    return [
        Measured("initial_sync_invoices", invoices, "invoices", ">= 29000", invoices >= 29_000),
        Measured("initial_sync_pages", pages, "pages", "> 0", pages > 0),
        at_most("initial_sync", synced, "s", fetched, LIMIT),
    ]


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    begun = time.perf_counter()
    count = work()
    return time.perf_counter() - begun, count


def _invoices(runtime: Runtime) -> int:
    with runtime.reading() as session:
        return session.scalar(select(func.count()).select_from(Document).where(Document.kind == "invoice")) or 0
