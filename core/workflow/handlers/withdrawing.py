"""Invoices of the house that have not gone out are taken back; what they billed is due again, as agreed now."""

from __future__ import annotations

from core.agreements import schedule as schedules
from core.audit.model import Note
from core.db.tables import Document
from core.documents import store as documents
from core.documents.corrections import waiting_for_credit
from core.documents.model import HOUSE, DocumentState
from core.kit.errors import Refused
from core.workflow.billing_commands import WithdrawInvoice
from core.workflow.context import Context, Outcome
from core.workflow.permissions import check_entities
from core.workflow.scheduling import horizon, plan
from core.workflow.voiding import void


def withdraw_invoice(command: WithdrawInvoice, ctx: Context) -> Outcome:
    if not command.reason.strip():
        raise Refused("reason.missing", "Say why it is taken back.")
    row = documents.get(ctx.session, command.document.id, command.document.revision)
    check_entities(ctx.actor, [row.entity])
    _refuse_unless_possible(ctx, row)
    void(ctx, [row], command.reason, "The invoice was taken back")
    contracts = schedules.reopen(ctx.session, [row.id])
    ctx.session.expire_all()
    plan(ctx, contracts, horizon(ctx.now.date()))
    return Outcome({"n": 1}, (Note(f"Took {row.number} back: {command.reason}", f"invoice:{row.id}"),))


def _refuse_unless_possible(ctx: Context, row: Document) -> None:
    if row.source != HOUSE or row.kind != "invoice":
        raise Refused("withdraw.no_draft", f"{row.number} is no invoice that was drafted here.")
    if row.is_issued:
        raise Refused("withdraw.issued", f"{row.number} has gone out: give it back by credit memo.")
    if row.state == DocumentState.VOID:
        raise Refused("withdraw.void", f"{row.number} is void already.")
    if row.id in waiting_for_credit(ctx.session, [row]):
        sentence = f"{row.number} takes the place of an invoice that is not credited yet: withdraw its credit memo."
        raise Refused("withdraw.replacement", sentence)
    if schedules.is_settled_later(ctx.session, row.id):
        sentence = f"Another invoice corrects what {row.number} bills: take that one back first."
        raise Refused("withdraw.corrected_later", sentence)
