"""Credit memos: issued for a posted invoice, with a new draft in its place where that is wished, or withdrawn."""

from __future__ import annotations

from uuid import UUID

from core.audit.model import Note
from core.db.tables import Dispute, Document
from core.documents import store as documents
from core.documents.corrections import CREDIT_REASONS, replacement_of
from core.documents.model import HOUSE, DocumentState
from core.kit.errors import NotFound, Refused
from core.kit.money import format_minor
from core.kit.systems import title_of
from core.workflow.billing_commands import IssueCreditMemo, WithdrawCreditMemo
from core.workflow.context import Context, Outcome
from core.workflow.crediting import CREDITED_HERE, credit, reason_title, what_is_left
from core.workflow.permissions import check_entities
from core.workflow.rebilling import rebill, take_back
from core.workflow.scheduling import horizon, plan
from core.workflow.voiding import void


def issue_credit_memo(command: IssueCreditMemo, ctx: Context) -> Outcome:
    """Answers `document_id` of the credit memo, `replacement_id` of the new draft, and where the memo went."""
    invoice = documents.get(ctx.session, command.document.id, command.document.revision)
    check_entities(ctx.actor, [invoice.entity])
    _refuse_unless_creditable(invoice)
    return credit_invoice(command, ctx, invoice)


def credit_invoice(command: IssueCreditMemo, ctx: Context, invoice: Document) -> Outcome:
    """As `issue_credit_memo`, for an invoice that is loaded and may be credited."""
    _refuse_unless_sound(command, ctx, invoice)
    replacement = _rebill(command, ctx, invoice) if command.rebill else None
    memo, counts = credit(ctx, invoice, command)
    # Forms of this invoice that others have open were drawn before.
    invoice.revision += 1
    _plan_after(ctx, invoice)
    amount = f"{memo.currency} {format_minor(-memo.total_minor, memo.currency)}"
    sentence = f"Credited {amount} of invoice {invoice.number}: {reason_title(command.reason).lower()}."
    detail = {"credit_memo": str(memo.id), "note": command.note, "dispute": str(command.dispute_id or "")}
    notes = [Note(sentence, f"invoice:{invoice.id}", detail), Note(sentence, f"invoice:{memo.id}", detail)]
    if replacement is not None:
        told = f"Drafted {replacement.contract_number} anew in place of invoice {invoice.number}."
        notes.append(Note(told, f"invoice:{replacement.id}", {"replaces": str(invoice.id)}))
    ids = {"document_id": str(memo.id), "replacement_id": str(replacement.id) if replacement else None}
    return Outcome({"n": 1} | ids | counts, tuple(notes))


def _plan_after(ctx: Context, document: Document) -> None:
    """What was given back need not be taken off the next invoice; what is not given back after all has to be."""
    if document.source == HOUSE and document.contract_id is not None:
        ctx.session.flush()
        plan(ctx, [document.contract_id], horizon(ctx.now.date()))


def _rebill(command: IssueCreditMemo, ctx: Context, invoice: Document) -> Document | None:
    if command.lines or command.amount is not None or what_is_left(ctx, invoice).is_credited:
        sentence = "An invoice is billed again only when all of it is credited at once."
        raise Refused("rebill.partial", sentence)
    return rebill(ctx, invoice)


def _refuse_unless_creditable(invoice: Document) -> None:
    if invoice.kind != "invoice":
        raise Refused("credit.no_invoice", f"{invoice.number} is no invoice.")
    if not invoice.source.startswith(CREDITED_HERE):
        raise Refused("credit.elsewhere", f"{invoice.number} is kept in {title_of(invoice.source)}: credit it there.")
    if invoice.state != DocumentState.POSTED:
        state = invoice.state.replace("_", " ")
        raise Refused("credit.not_posted", f"Invoice {invoice.number} is {state}; only a posted one can be credited.")


def _refuse_unless_sound(command: IssueCreditMemo, ctx: Context, invoice: Document) -> None:
    if command.reason not in CREDIT_REASONS:
        raise Refused("credit.no_reason", "Choose why the invoice is credited.")
    if command.lines and command.amount is not None:
        raise Refused("credit.two_ways", "Name lines or an amount, not both.")
    positions = [position for position, _ in command.lines or ()]
    if len(positions) != len(set(positions)):
        raise Refused("credit.line_twice", "A line is named twice: name it once, with all that is given back of it.")
    if command.dispute_id is not None:
        _refuse_unless_about(ctx, command.dispute_id, invoice)


def _refuse_unless_about(ctx: Context, dispute_id: UUID, invoice: Document) -> None:
    dispute = ctx.session.get(Dispute, dispute_id)
    if dispute is None or dispute.document_id != invoice.id:
        raise NotFound("This dispute")
    if dispute.state not in ("open", "upheld"):
        raise Refused("credit.dispute", f"The dispute was {dispute.state}; it gives no reason to credit.")


def withdraw_credit_memo(command: WithdrawCreditMemo, ctx: Context) -> Outcome:
    if not command.reason.strip():
        raise Refused("reason.missing", "Say why it is withdrawn.")
    memo = documents.get(ctx.session, command.document.id, command.document.revision)
    check_entities(ctx.actor, [memo.entity])
    if memo.kind != "credit_memo" or memo.source != HOUSE:
        raise Refused("credit.no_memo", f"{memo.number} is no credit memo of the house.")
    if memo.is_issued or memo.state == DocumentState.VOID:
        raise Refused("credit.issued", f"{memo.number} has gone out or was withdrawn; it stays as it is.")
    draft = replacement_of(ctx.session, memo.corrects_id) if memo.corrects_id else None
    if draft is not None and draft.is_issued:
        sentence = f"Invoice {draft.number} has gone out in place of the one that {memo.number} gives back."
        raise Refused("credit.replaced", f"{sentence} The credit memo has to go out too.")
    void(ctx, [memo], command.reason, "The credit memo was withdrawn")
    if draft is not None:
        take_back(ctx, draft, command.reason)
    _plan_after(ctx, memo)
    sentence = f"Withdrew {memo.number}: {command.reason}"
    return Outcome({"n": 1}, (Note(sentence, f"invoice:{memo.corrects_id}"),))
