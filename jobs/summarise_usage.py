"""Gives usage that waited to customers who have appeared, and keeps the days of usage that pages show up to date."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.billing_commands import SummariseUsage

_NAME = "summarise_usage"
# Batches that were being written while the last run looked are seen by the next one; a day done twice stays the same.
_OVERLAP = timedelta(minutes=15)
_LAST = text("select max(fired_at) from job_fires where job = :job and finished_at is not null and error is null")


def summarise_usage(runtime: Runtime) -> int:
    """Answers how many days of usage changed."""
    with runtime.reading() as session:
        last = session.scalar(_LAST, {"job": _NAME})
    command = SummariseUsage(since=last - _OVERLAP if last else None)
    return int(execute(runtime, command, job(_NAME)).result["days"])
