"""What a running process holds: settings, the store, the clock, and the queue's way into a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from typing import Any

import procrastinate
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, TimeoutError
from sqlalchemy.orm import Session

from core.db.engine import database_url, open_engine, reading, transaction
from core.kit.clock import Clock, utc_now
from core.settings import Settings


@dataclass(frozen=True)
class Runtime:
    """Passed to everything that acts; tests build one with their own clock and store."""

    settings: Settings
    engine: Engine
    clock: Clock

    def now(self) -> datetime:
        return self.clock()

    def today(self) -> date:
        return self.clock().date()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with transaction(self.engine) as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with reading(self.engine) as session:
            yield session


def open_runtime(settings: Settings | None = None, clock: Clock = utc_now) -> Runtime:
    """A runtime on the configured store; starts the embedded one when none is configured."""
    chosen = settings or Settings()
    return Runtime(chosen, open_engine(database_url(chosen)), clock)


class _Shared:
    """The runtime that pages and the web edge of one process have in common."""

    lock = Lock()
    runtime: Runtime | None = None


def shared_runtime() -> Runtime:
    """The process's one runtime, opened on first use."""
    with _Shared.lock:
        if _Shared.runtime is None:
            _Shared.runtime = open_runtime()
        return _Shared.runtime


def share_runtime(runtime: Runtime | None) -> None:
    """Makes `runtime` the process's one (tests do); None lets the next use open one."""
    with _Shared.lock:
        _Shared.runtime = runtime


# What any read or write raises while the store cannot be reached.
StoreUnreachable = OperationalError


def is_store_reachable(runtime: Runtime) -> bool:
    try:
        with runtime.engine.connect() as connection:
            connection.execute(text("select 1"))
    except (StoreUnreachable, TimeoutError):  # the latter when every connection stays in other hands
        return False
    return True


# Only used to write job rows on a caller's connection; the worker has its own application (jobs).
_outbox = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def defer(
    session: Session,
    task: str,
    jobs: list[dict[str, Any]],
    queue: str,
    at: datetime | None = None,
) -> None:
    """Enqueues `task` once per item of `jobs`, inside the session's own transaction: it commits or vanishes with it.

    `at`: not before this instant.
    """
    if not jobs:
        return
    connection = session.connection().connection.driver_connection
    deferrer = _outbox.configure_task(name=task, queue=queue, schedule_at=at)
    # Not by the deferrer itself, which describes each job twice for a log that nobody keeps.
    _outbox.job_manager.batch_defer_jobs([deferrer.make_new_job(**job) for job in jobs], connection)
