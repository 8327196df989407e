"""Extends the schedules of contracts: so far ahead that every bill of the next year is known, in bounded batches."""

from __future__ import annotations

from uuid import UUID

from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.billing_commands import PlanSchedules
from core.workflow.scheduling import horizon


def plan_schedules(runtime: Runtime) -> int:
    """Answers how many schedule items are new, different or dropped."""
    until, after, count = horizon(runtime.today()), None, 0
    while True:
        result = execute(runtime, PlanSchedules(until=until, after=after), job("plan_schedules")).result
        count += int(result["n"])
        if result["last"] is None:
            return count
        after = UUID(result["last"])
