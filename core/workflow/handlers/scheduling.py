"""Contracts become schedules of what is to be billed."""

from __future__ import annotations

from core.workflow.billing_commands import PlanSchedules
from core.workflow.context import Context, Outcome


def plan_schedules(command: PlanSchedules, ctx: Context) -> Outcome:
    return Outcome({"n": 0})
