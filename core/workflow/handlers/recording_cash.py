"""Payments, credits and disputes are put against documents; what comes before its document waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from core.canonical import DisputeRecord, PaymentRecord
from core.cash import store as cash
from core.cash.store import Due
from core.db.tables import Document
from core.disputes import store as disputes
from core.disputes.store import About
from core.documents import lookup
from core.documents import store as documents
from core.documents.model import DocumentState
from core.workflow.applied_credits import adopt_credit_memos, apply_again
from core.workflow.context import Context
from core.workflow.own_documents import own_documents
from core.workflow.residuals import refresh


def record_payments(ctx: Context, records: Sequence[PaymentRecord]) -> None:
    if not records:
        return
    refs = [record.invoice_ref for record in records if record.invoice_ref]
    dues = _dues(ctx, records[0].source, refs)
    refresh(ctx, cash.record_payments(ctx.session, records, dues, ctx.now))


def _dues(ctx: Context, source: str, refs: Sequence[str]) -> dict[str, Due]:
    rows = documents.lock_balances(ctx.session, source, refs)
    dues = {ref: Due(*balance) for ref, balance in rows.items()}
    if others := set(refs) - set(dues):
        # Invoices that the house made and the source only collects.
        own = own_documents(ctx.session, source, others)
        found = documents.load(ctx.session, own.values())
        dues |= {ref: _due(found[id]) for ref, id in own.items() if id in found}
    return dues


def _due(row: Document) -> Due:
    return Due(row.id, row.customer_id, row.open_minor, row.currency)


def apply_earlier(ctx: Context, source: str, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """Payments, credit memos and disputes that came before these new documents find them now. Answers the credit
    memos. Money goes first: a credit memo takes no more than it leaves open, the rest was given back."""
    dues = {row["source_ref"]: Due(row["id"], row["customer_id"], row["open_minor"], row["currency"]) for row in rows}
    refresh(ctx, cash.apply_waiting(ctx.session, source, dues, ctx.now))
    adopted = adopt_credit_memos(ctx, source, {ref: due.id for ref, due in dues.items()})
    disputes.mark_documents(ctx.session, disputes.adopt(ctx.session, [row["id"] for row in rows]))
    return adopted


def settle_again(ctx: Context, memos: Iterable[Document]) -> None:
    """Money, and then other credit, that found nothing open beside these credit memos is put against their invoices,
    now that they are void."""
    wanted = {memo.corrects_id: (memo.source, memo.corrects_ref) for memo in memos if memo.corrects_ref}
    rows = documents.load(ctx.session, [id for id in wanted if id is not None])
    alive = {id: row for id, row in rows.items() if row.state != DocumentState.VOID}
    for id, row in alive.items():
        source, ref = wanted[id]
        refresh(ctx, cash.apply_waiting(ctx.session, source, {ref or "": _due(row)}, ctx.now))
    apply_again(ctx, alive)


def record_disputes(ctx: Context, records: Sequence[DisputeRecord]) -> None:
    if not records:
        return
    abouts = _abouts(ctx, records)
    concerned = disputes.record(ctx.session, records, abouts)
    disputes.mark_documents(ctx.session, concerned)


def _abouts(ctx: Context, records: Sequence[DisputeRecord]) -> dict[str, About]:
    refs = [record.invoice_ref for record in records if record.invoice_ref]
    by_ref = lookup.ids_by_ref(ctx.session, records[0].source, refs)
    by_ref |= own_documents(ctx.session, records[0].source, set(refs) - set(by_ref))
    by_number = lookup.ids_by_number(ctx.session, [r.invoice_number for r in records if r.invoice_number])
    ids: dict[str, UUID] = {}
    for record in records:
        id = by_ref.get(record.invoice_ref or "") or by_number.get(record.invoice_number or "")
        if id is not None:
            ids[record.source_ref] = id
    rows = documents.load(ctx.session, ids.values())
    return {ref: About(id, rows[id].customer_id, rows[id].currency, rows[id].total_minor) for ref, id in ids.items()}
