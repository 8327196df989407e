"""The order-to-cash pages of the table of contents: which handler answers which command."""

from __future__ import annotations

from typing import assert_never

from core.workflow import billing_commands as b
from core.workflow.context import Context, Outcome
from core.workflow.handlers import scheduling


def handle_billing(command: b.BillingCommand, ctx: Context) -> Outcome:
    match command:
        case b.PlanSchedules():
            return scheduling.plan_schedules(command, ctx)
        case _:
            assert_never(command)
