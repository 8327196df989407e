"""Table of contents of the house: which handler answers which command. A forgotten one is a type error."""

from __future__ import annotations

from typing import assert_never

from core.workflow import commands as c
from core.workflow.billing_commands import BillingCommand
from core.workflow.billing_dispatch import handle_billing
from core.workflow.context import Context, Outcome
from core.workflow.handlers import (
    approving,
    collecting,
    correcting,
    delivering,
    governing,
    importing,
    operating,
    recording,
    saving_people,
)


def handle(command: c.AnyCommand, ctx: Context) -> Outcome:
    if isinstance(command, BillingCommand):
        return handle_billing(command, ctx)
    if isinstance(command, c.OutsideCommand):
        return _handle_outside(command, ctx)
    match command:
        case c.AssignCases():
            return correcting.assign_cases(command, ctx)
        case c.WaiveCases():
            return correcting.waive_cases(command, ctx)
        case c.CorrectDocument():
            return correcting.correct_document(command, ctx)
        case c.RevalidateCases():
            return correcting.revalidate_cases(command, ctx)
        case c.ResolveCases():
            return correcting.resolve_cases(command, ctx)
        case c.DecideApprovals():
            return approving.decide_approvals(command, ctx)
        case c.AskAgain():
            return approving.ask_again(command, ctx)
        case c.RerouteApprovals():
            return approving.reroute_approvals(command, ctx)
        case c.LogContact():
            return collecting.log_contact(command, ctx)
        case c.RecordPromise():
            return collecting.record_promise(command, ctx)
        case c.OpenDispute():
            return collecting.open_dispute(command, ctx)
        case c.CloseDispute():
            return collecting.close_dispute(command, ctx)
        case c.EscalateOverdue():
            return governing.escalate_overdue(command, ctx)
        case c.TakeSnapshot():
            return governing.take_snapshot(command, ctx)
        case c.SaveUser():
            return saving_people.save_user(command, ctx)
        case c.ReleasePolicy():
            return governing.release_policy(command, ctx)
        case _:
            assert_never(command)


def _handle_outside(command: c.OutsideCommand, ctx: Context) -> Outcome:
    match command:
        case c.RecordFacts():
            return recording.record_facts(command, ctx)
        case c.DecideReceived():
            return recording.decide_received(command, ctx)
        case c.ImportLedger():
            return importing.import_ledger(command, ctx)
        case c.ReportBadRecord():
            return operating.report_bad_record(command, ctx)
        case c.RecordDelivery():
            return delivering.record_delivery(command, ctx)
        case c.RetryDeliveries():
            return delivering.retry_deliveries(command, ctx)
        case c.SetAsideDeliveries():
            return delivering.set_aside_deliveries(command, ctx)
        case c.RetryInboxItems():
            return operating.retry_inbox_items(command, ctx)
        case c.SetAsideInboxItems():
            return operating.set_aside_inbox_items(command, ctx)
        case c.SetConnectionState():
            return operating.set_connection_state(command, ctx)
        case _:
            assert_never(command)
