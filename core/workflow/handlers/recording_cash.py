"""Payments, credits and disputes are put against documents; what comes before its document waits for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from core.canonical import DisputeRecord, PaymentRecord
from core.cash import store as cash
from core.cash.store import Credit, Due
from core.disputes import store as disputes
from core.disputes.store import About
from core.documents import store as documents
from core.workflow.context import Context


def record_payments(ctx: Context, records: Sequence[PaymentRecord]) -> None:
    if not records:
        return
    refs = [record.invoice_ref for record in records if record.invoice_ref]
    dues = _dues(ctx, records[0].source, refs)
    documents.refresh_open(ctx.session, cash.record_payments(ctx.session, records, dues, ctx.now))


def _dues(ctx: Context, source: str, refs: Sequence[str]) -> dict[str, Due]:
    rows = documents.lock_balances(ctx.session, source, refs)
    return {ref: Due(*balance) for ref, balance in rows.items()}


def apply_earlier(ctx: Context, source: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Payments and disputes that came before these new documents find them now."""
    dues = {row["source_ref"]: Due(row["id"], row["customer_id"], row["open_minor"], row["currency"]) for row in rows}
    documents.refresh_open(ctx.session, cash.apply_waiting(ctx.session, source, dues, ctx.now))
    disputes.mark_documents(ctx.session, disputes.adopt(ctx.session, [row["id"] for row in rows]))


def apply_credit_memos(ctx: Context, rows: Sequence[Mapping[str, Any]]) -> None:
    """Each memo reduces its invoice by no more than is open there; the memo itself is settled by it."""
    credits = []
    invoices = documents.load(ctx.session, [row["corrects_id"] for row in rows if row["corrects_id"]])
    for row in rows:
        invoice = invoices.get(row["corrects_id"]) if row["corrects_id"] else None
        if invoice is None:
            continue
        amount = -row["total_minor"]
        applied = max(0, min(amount, invoice.open_minor))
        invoice.open_minor -= applied
        credits.append(
            Credit(row["id"], row["source"], row["source_ref"], invoice.id, amount, applied, row["issue_date"])
        )
    ctx.session.flush()
    documents.refresh_open(ctx.session, cash.apply_credits(ctx.session, credits, ctx.now))


def record_disputes(ctx: Context, records: Sequence[DisputeRecord]) -> None:
    if not records:
        return
    abouts = _abouts(ctx, records)
    concerned = disputes.record(ctx.session, records, abouts)
    disputes.mark_documents(ctx.session, concerned)


def _abouts(ctx: Context, records: Sequence[DisputeRecord]) -> dict[str, About]:
    by_ref = documents.ids_by_ref(ctx.session, records[0].source, [r.invoice_ref for r in records if r.invoice_ref])
    by_number = documents.ids_by_number(ctx.session, [r.invoice_number for r in records if r.invoice_number])
    ids: dict[str, UUID] = {}
    for record in records:
        id = by_ref.get(record.invoice_ref or "") or by_number.get(record.invoice_number or "")
        if id is not None:
            ids[record.source_ref] = id
    rows = documents.load(ctx.session, ids.values())
    return {ref: About(id, rows[id].customer_id, rows[id].currency, rows[id].total_minor) for ref, id in ids.items()}
