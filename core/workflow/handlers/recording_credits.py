"""Credit memos of a source: put against their invoices, whichever of the two comes first, and decided like those."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.canonical import GONE, CreditMemoRecord, DocumentLineRecord
from core.db.tables import Document
from core.documents import lookup
from core.documents import store as documents
from core.documents.model import DocumentState, natural_key
from core.posting import store as posting
from core.posting.model import LEDGER
from core.workflow.applied_credits import FROM_INVOICE, apply_credit_memos
from core.workflow.context import Context
from core.workflow.deciding import decide
from core.workflow.handlers.house_links import link_credit_memos
from core.workflow.handlers.recording_documents import content_hash, document_id, note_told
from core.workflow.handlers.recording_voids import void_at_source, void_on_arrival
from core.workflow.own_documents import own_documents


def record_credit_memos(ctx: Context, records: Sequence[CreditMemoRecord], *, is_backfill: bool) -> dict[str, int]:
    """New credit memos are put against their invoices, then decided like invoices; void ones are taken back."""
    own = link_credit_memos(ctx, records)
    told = {record.source_ref: record for record in records if record.source_ref not in own}
    if not told:
        return {}
    source = next(iter(told.values())).source
    known = lookup.known(ctx.session, source, told)
    new = _insert(ctx, source, [record for ref, record in told.items() if ref not in known])
    undecided = [row["id"] for row in new if row["state"] == DocumentState.RECEIVED]
    if not is_backfill:
        decide(ctx, undecided, is_fresh=True)
    again = {ref: record for ref, record in told.items() if ref in known}
    void_at_source(ctx, [known[ref].id for ref, record in again.items() if record.status in GONE])
    note_told(ctx, again, known)
    return {"new_credit_memos": len(new)}


def _insert(ctx: Context, source: str, fresh: Sequence[CreditMemoRecord]) -> list[dict[str, Any]]:
    """Answers the rows of those that count."""
    invoices = _invoices(ctx, source, {record.invoice_ref for record in fresh})
    posted = posting.keys_in_ledger(ctx.session, LEDGER, [natural_key(source, r.source_ref) for r in fresh])
    rows = [
        _memo_row(r, invoices.get(r.invoice_ref), natural_key(source, r.source_ref) in posted, ctx.now) for r in fresh
    ]
    lines = documents.lines_of(ctx.session, [row.id for row in invoices.values()])
    memo_lines: dict[UUID, Sequence[DocumentLineRecord]] = {}
    for record, row in zip(fresh, rows, strict=True):
        invoice = invoices.get(record.invoice_ref)
        code = lines[invoice.id][0].product_code if invoice and lines[invoice.id] else None
        memo_lines[row["id"]] = (_memo_line(record, code),)
    documents.insert_documents(ctx.session, rows, memo_lines)
    void_on_arrival(ctx, source, rows)
    alive = [row for row in rows if row["state"] != DocumentState.VOID]
    apply_credit_memos(ctx, alive)
    return alive


def _invoices(ctx: Context, source: str, refs: set[str]) -> dict[str, Document]:
    ids = lookup.ids_by_ref(ctx.session, source, refs)
    ids |= own_documents(ctx.session, source, refs - set(ids))
    found = documents.load(ctx.session, ids.values())
    return {ref: found[id] for ref, id in ids.items() if id in found}


def _memo_row(record: CreditMemoRecord, invoice: Document | None, is_posted: bool, now: datetime) -> dict[str, Any]:
    from_invoice = {name: getattr(invoice, name) if invoice else None for name in FROM_INVOICE}
    # Nobody gives back what a void invoice does not claim.
    is_void = record.status == "void" or (invoice is not None and invoice.state == DocumentState.VOID)
    return from_invoice | {
        "id": document_id(record.source, record.source_ref),
        "kind": "credit_memo",
        "source": record.source,
        "source_ref": record.source_ref,
        "content_hash": content_hash(record),
        "told_at": record.told_at,
        "number": record.number,
        "customer_ref": record.customer_ref,
        "customer_name": invoice.customer_name if invoice else "Unknown customer",
        "corrects_id": invoice.id if invoice else None,
        "corrects_ref": record.invoice_ref,
        "reason": record.reason,
        "currency": record.currency,
        "issue_date": record.issue_date,
        "due_date": record.issue_date,
        "period_start": None,
        "period_end": None,
        "subtotal_minor": record.tax_minor - record.total_minor,
        "discount_minor": 0,
        "tax_minor": -record.tax_minor,
        "total_minor": -record.total_minor,
        "collection_method": None,
        # A void one is kept, so that nothing older brings it back.
        "open_minor": 0 if is_void else -record.total_minor,
        "settled_on": now.date() if is_void else None,
        "state": DocumentState.VOID if is_void else DocumentState.POSTED if is_posted else DocumentState.RECEIVED,
        "recorded_at": now,
        "posted_at": now if is_posted else None,
    }


def _memo_line(record: CreditMemoRecord, product_code: str | None) -> DocumentLineRecord:
    net = record.total_minor - record.tax_minor
    return DocumentLineRecord(
        product_code=product_code,
        description=f"Credit: {(record.reason or 'no reason given').replace('_', ' ')}",
        quantity=Decimal(1),
        unit_price=Decimal(0),
        amount_minor=net,
        discount_minor=0,
        tax_minor=record.tax_minor,
        period_start=None,
        period_end=None,
    )
