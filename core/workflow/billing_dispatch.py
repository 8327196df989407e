"""The order-to-cash pages of the table of contents: which handler answers which command."""

from __future__ import annotations

from typing import assert_never

from core.workflow import billing_commands as b
from core.workflow.context import Context, Outcome
from core.workflow.handlers import (
    correcting_usage,
    crediting,
    determining,
    drifting,
    granting_keys,
    informing,
    metering,
    running,
    saving_entities,
    scheduling,
    selling,
    withdrawing,
)


def handle_billing(command: b.BillingCommand, ctx: Context) -> Outcome:
    if isinstance(command, b.RunCommand):
        return _handle_run(command, ctx)
    match command:
        case b.PlanSchedules():
            return scheduling.plan_schedules(command, ctx)
        case b.RecordUsage():
            return metering.record_usage(command, ctx)
        case b.SummariseUsage():
            return metering.summarise_usage(command, ctx)
        case b.CorrectUsage():
            return correcting_usage.correct_usage(command, ctx)
        case b.CreateApiKey():
            return granting_keys.create_api_key(command, ctx)
        case b.RevokeApiKey():
            return granting_keys.revoke_api_key(command, ctx)
        case b.RecordTax():
            return determining.record_tax(command, ctx)
        case b.RecordView():
            return informing.record_view(command, ctx)
        case b.ResendInvoice():
            return informing.resend_invoice(command, ctx)
        case b.EndInvoiceLink():
            return informing.end_invoice_link(command, ctx)
        case b.SaveEntity():
            return saving_entities.save_entity(command, ctx)
        case b.IssueCreditMemo():
            return crediting.issue_credit_memo(command, ctx)
        case b.WithdrawCreditMemo():
            return crediting.withdraw_credit_memo(command, ctx)
        case b.WatchDrift():
            return drifting.watch_drift(command, ctx)
        case b.WatchSales():
            return selling.watch_sales(command, ctx)
        case b.ApplyDriftFix():
            return drifting.apply_drift_fix(command, ctx)
        case _:
            assert_never(command)


def _handle_run(command: b.RunCommand, ctx: Context) -> Outcome:
    match command:
        case b.StartBillingRun():
            return running.start_billing_run(command, ctx)
        case b.GenerateParts():
            return running.generate_parts(command, ctx)
        case b.SettleDrafts():
            return running.settle_drafts(command, ctx)
        case b.FinishRun():
            return running.finish_run(command, ctx)
        case b.ResumeRun():
            return running.resume_run(command, ctx)
        case b.ReleaseRun():
            return running.release_run(command, ctx)
        case b.CancelRun():
            return running.cancel_run(command, ctx)
        case b.ReleaseInvoices():
            return running.release_invoices(command, ctx)
        case b.WithdrawInvoice():
            return withdrawing.withdraw_invoice(command, ctx)
        case b.RerateDrafts():
            return running.rerate_drafts(command, ctx)
        case _:
            assert_never(command)
