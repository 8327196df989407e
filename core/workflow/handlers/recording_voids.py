"""Documents that their source has taken back: they are void here, and what the ledger holds of them is told."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from core.approvals import store as approvals
from core.audit.model import Note
from core.cases import store as cases
from core.cases.model import CaseState, NewCase
from core.cash.taking_back import take_back_credits, take_back_payments
from core.db.tables import Case, Delivery, Document
from core.documents import store as documents
from core.documents.model import DocumentState
from core.kit.systems import title_of
from core.posting.model import LEDGER, VOID, DeliveryState
from core.posting.stopping import NOTHING_HAPPENED, stop_unbegun
from core.posting.store import move
from core.workflow.context import Context
from core.workflow.deciding import raise_cases
from core.workflow.handlers.recording_cash import pay_again
from core.workflow.voided_at_source import named, voided_case


def void_at_source(ctx: Context, ids: Collection[UUID]) -> None:
    """Postings that have not begun are stopped; what has arrived, or may have, a person takes back in the ledger."""
    if not ids:
        return
    # Whoever records the outcome of a delivery locks it before its document.
    held = stop_unbegun(ctx.session, ids, LEDGER)
    alive = [row for row in documents.load(ctx.session, ids).values() if row.state != DocumentState.VOID]
    claims = [_claim(ctx, row) for row in alive if row.id in held or row.state == DocumentState.POSTED]
    documents.move(ctx.session, alive, DocumentState.VOID, ctx.now, ctx.actor.label, "Voided at the source")
    for row in alive:
        row.open_minor = 0
        row.settled_on = ctx.now.date()
    ctx.session.flush()
    _take_back(ctx, alive)
    _ask_no_more(ctx, [row.id for row in alive])
    raise_cases(ctx, claims)


def _take_back(ctx: Context, rows: Collection[Document]) -> None:
    """Residuals of the others come from their applications again."""
    ids: dict[str, list[UUID]] = {"invoice": [], "credit_memo": []}
    for row in rows:
        ids[row.kind].append(row.id)
    if ids["invoice"]:
        take_back_payments(ctx.session, ids["invoice"], ctx.now)
    if ids["credit_memo"]:
        documents.refresh_open(ctx.session, take_back_credits(ctx.session, ids["credit_memo"], ctx.now))
        pay_again(ctx, [row for row in rows if row.kind == "credit_memo"])


def _ask_no_more(ctx: Context, ids: list[UUID]) -> None:
    ended, by = cases.open_for_documents(ctx.session, ids), ctx.actor.label
    cases.close(ended, CaseState.RESOLVED, "Voided at the source", by, ctx.now)
    documents.leave_transitions(ctx.session, "case", [(case.id, "open", "resolved") for case in ended], ctx.now, by)
    approvals.withdraw(ctx.session, ids, ctx.now)


def _claim(ctx: Context, row: Document) -> NewCase:
    is_there = row.state == DocumentState.POSTED
    where = "stands in the ledger" if is_there else "may stand in the ledger, where it was being posted"
    sentence = f"{named(row)} was voided in {title_of(row.source)}, and {where}: void it there too."
    return voided_case(ctx, row, sentence, row.total_minor)


def is_called_off(delivery: Delivery, document: Document, outcome: str) -> bool:
    """Whether nothing came of the way to the ledger of a document that was voided meanwhile."""
    is_posting = delivery.system == LEDGER and delivery.payload["kind"] != VOID
    return is_posting and document.state == DocumentState.VOID and outcome in NOTHING_HAPPENED


def call_off(ctx: Context, delivery: Delivery, document: Document) -> tuple[Note, ...]:
    """The ledger has not taken it, and is not asked again: there is nothing to void there."""
    for state in (DeliveryState.RETRYING, DeliveryState.SET_ASIDE):
        move(delivery, state)
    # Of a void document nothing else is asked than that.
    settled = Case.document_id == document.id
    cases.close_by(ctx.session, settled, "The ledger never took it", ctx.actor.label, ctx.now)
    sentence = f"{named(document)} was voided before the ledger took it; its posting is set aside."
    return (Note(sentence, f"invoice:{document.id}", {"key": delivery.key}),)
