"""Documents that their source has taken back: they are void here, and what the ledger holds of them is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.approvals import store as approvals
from core.audit.model import Note
from core.cases import store as cases
from core.cases.model import CaseState, NewCase
from core.cash.taking_back import take_back_credits, take_back_payments
from core.db.tables import Case, Delivery, Document
from core.disputes import store as disputes
from core.documents import store as documents
from core.documents.corrections import memos_against
from core.documents.model import HOUSE, DocumentState, natural_key
from core.kit.systems import title_of
from core.posting.doubt import NOTHING_HAPPENED
from core.posting.model import LEDGER, VOID, DeliveryState
from core.posting.stopping import stop_unbegun
from core.posting.store import claimed_in_ledger, move
from core.workflow.context import Context
from core.workflow.deciding import raise_cases
from core.workflow.handlers.recording_cash import settle_again
from core.workflow.residuals import refresh
from core.workflow.voided_at_source import named, voided_case


@dataclass(frozen=True, slots=True)
class _Why:
    """Why something is void: in an exception about it, and in the trail."""

    words: str
    note: str


_ITSELF = _Why("was voided", "Voided at the source")
_WITH_ITS_INVOICE = _Why("corrects an invoice that was voided", "Its invoice was voided at the source")
_IS_THERE, _MAY_BE_THERE = "stands in the ledger", "may stand in the ledger, where it was being posted"


def void_at_source(ctx: Context, ids: Collection[UUID], why: _Why = _ITSELF) -> None:
    """Postings that have not begun are stopped; what has arrived, or may have, a person takes back in the ledger.
    Credit memos of an invoice go with it."""
    if not ids:
        return
    # Locked first: who is releasing one of them has left its delivery then.
    alive = [row for row in documents.load(ctx.session, ids).values() if row.state != DocumentState.VOID]
    held = stop_unbegun(ctx.session, ids, LEDGER)
    there = [(row, _IS_THERE if row.state == DocumentState.POSTED else _MAY_BE_THERE) for row in alive]
    claims = [_claim(ctx, row, where, why) for row, where in there if row.id in held or where == _IS_THERE]
    documents.move(ctx.session, alive, DocumentState.VOID, ctx.now, ctx.actor.label, why.note)
    for row in alive:
        row.open_minor = 0
        row.settled_on = ctx.now.date()
    ctx.session.flush()
    disputes.mark_documents(ctx.session, [row.id for row in alive])
    _take_back(ctx, alive)
    _ask_no_more(ctx, [row.id for row in alive], why)
    raise_cases(ctx, claims)
    _void_memos_of(ctx, [row.id for row in alive])


def void_on_arrival(ctx: Context, source: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """New documents that are void already: what came before them, and what the ledger holds, is treated as if they had
    been voided here."""
    gone = {natural_key(source, row["source_ref"]): row["id"] for row in rows if row["state"] == DocumentState.VOID}
    if gone:
        tell_claimed(ctx, gone)
        _void_memos_of(ctx, gone.values())


def tell_claimed(ctx: Context, gone: Mapping[str, UUID]) -> None:
    """Void documents, by their keys: what the ledger still claims under these a person takes back there."""
    there = claimed_in_ledger(ctx.session, LEDGER, gone)
    rows = documents.load(ctx.session, [gone[key] for key in there])
    raise_cases(ctx, [_claim(ctx, row, _IS_THERE, _ITSELF) for row in rows.values()])


def _void_memos_of(ctx: Context, invoices: Collection[UUID]) -> None:
    """What a void invoice does not claim nobody gives back, and its source lets nobody void the memo any more. What the
    house has sent out stays: a person takes it back."""
    memos = memos_against(ctx.session, invoices)
    sent = [row for row in memos if row.source == HOUSE and row.is_issued]
    kept = {row.id for row in sent}
    void_at_source(ctx, [row.id for row in memos if row.id not in kept], _WITH_ITS_INVOICE)
    raise_cases(ctx, [_sent_out(ctx, row) for row in sent])


def _take_back(ctx: Context, rows: Collection[Document]) -> None:
    """Residuals of the others come from their applications again."""
    ids: dict[str, list[UUID]] = {"invoice": [], "credit_memo": []}
    for row in rows:
        ids[row.kind].append(row.id)
    if ids["invoice"]:
        take_back_payments(ctx.session, ids["invoice"], ctx.now)
    if ids["credit_memo"]:
        refresh(ctx, take_back_credits(ctx.session, ids["credit_memo"], ctx.now))
        settle_again(ctx, [row for row in rows if row.kind == "credit_memo"])


def _ask_no_more(ctx: Context, ids: list[UUID], why: _Why) -> None:
    ended, by = cases.open_for_documents(ctx.session, ids), ctx.actor.label
    cases.close(ended, CaseState.RESOLVED, why.note, by, ctx.now)
    documents.leave_transitions(ctx.session, "case", [(case.id, "open", "resolved") for case in ended], ctx.now, by)
    approvals.withdraw(ctx.session, ids, ctx.now)


def _claim(ctx: Context, row: Document, where: str, why: _Why) -> NewCase:
    sentence = f"{named(row)} {why.words} in {title_of(row.source)}, and {where}: void it there too."
    return voided_case(ctx, row, sentence, row.total_minor)


def _sent_out(ctx: Context, row: Document) -> NewCase:
    where = "the invoice that it corrects was voided at its source"
    sentence = f"{named(row)} has gone out, and {where}: take it back in the ledger too."
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
