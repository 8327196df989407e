"""Putting jobs into the queue inside the caller's transaction, at most one waiting per name where that is wished."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy.orm import Session

# The clock's jobs are few and short; they go before a backlog of deliveries.
CLOCK_PRIORITY = 10
# Names that those who enqueue use as well.
DELIVERIES = "deliver"
INTAKE = "intake"
HOUSE = "house"
BILLING = "billing"

_outbox = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def enqueue_once(
    session: Session, task: str, arguments: dict[str, Any], slot: str | None = None, at: datetime | None = None
) -> bool:
    """Enqueues `task` unless the same task with the same arguments is already waiting; says whether it did.

    `at`: not before this instant.
    """
    name = ":".join([task, *(str(value) for value in arguments.values())])
    try:
        with session.begin_nested():
            # Only a connection asked for in here stands behind the savepoint.
            connection = session.connection().connection.driver_connection
            deferrer = _outbox.configure_task(
                name=task,
                queue=HOUSE,
                queueing_lock=name,
                priority=CLOCK_PRIORITY,
                schedule_at=at,
                connection=connection,
            )
            deferrer.defer(**arguments, **({"slot": slot} if slot else {}))
    except AlreadyEnqueued:
        return False
    return True
