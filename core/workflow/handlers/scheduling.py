"""Contracts become schedules of what is to be billed."""

from __future__ import annotations

from datetime import timedelta

from core.agreements import schedule
from core.audit.model import Note
from core.kit.words import counted, day_in_words
from core.workflow.billing_commands import PlanSchedules
from core.workflow.context import Context, Outcome
from core.workflow.redrawing import redraw
from core.workflow.scheduling import plan

_BATCH = 500
# A schedule is extended when so much of its horizon is used up: each contract about once a month.
_SLACK = timedelta(days=30)


def plan_schedules(command: PlanSchedules, ctx: Context) -> Outcome:
    """Answers `n`, how many schedule items are new, different or dropped, and `last`, the last contract looked at."""
    ids = command.contract_ids or tuple(
        schedule.to_plan(ctx.session, command.until - _SLACK, ctx.now.date(), after=command.after, limit=_BATCH)
    )
    n = plan(ctx, ids, command.until) if ids else 0
    redrawn = redraw(ctx, ids) if n else []
    planned, changed = counted(len(ids), "contract"), counted(n, "schedule item")
    told = f"Planned {planned} up to {day_in_words(command.until)}: {changed} changed."
    return Outcome({"n": n, "last": str(ids[-1]) if ids else None}, (Note(told), *redrawn) if n else ())
