"""Invoices and credit memos of a source: new ones are inserted and decided, changed ones replaced while undecided."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any
from uuid import UUID

from core.approvals import store as approvals
from core.canonical import CreditMemoRecord, DocumentLineRecord, InvoiceRecord
from core.cases import store as cases
from core.cases.model import CaseState, NewCase
from core.db.tables import Document
from core.documents import store as documents
from core.documents.model import UNDECIDED, DocumentState, natural_key
from core.kit.ids import id_from
from core.kit.systems import title_of
from core.parties import store as parties
from core.posting import store as posting
from core.posting.model import LEDGER
from core.validation.model import TYPES
from core.workflow.applied_credits import apply_credit_memos
from core.workflow.context import Context
from core.workflow.deciding import case_key, decide, raise_cases
from core.workflow.handlers.house_links import link_credit_memos, link_invoices
from core.workflow.handlers.recording_cash import apply_earlier
from core.workflow.own_documents import own_documents
from core.workflow.waiting import ready

# What all new invoices of a batch share.
_NEW_INVOICE: dict[str, Any] = {"kind": "invoice", "corrects_id": None, "corrects_ref": None, "reason": None}


def record_invoices(ctx: Context, records: Sequence[InvoiceRecord], *, is_backfill: bool) -> dict[str, int]:
    """Answers counts: new, already in the ledger, on hold, waiting for approval, released."""
    own = link_invoices(ctx, records)
    issued = {r.source_ref: r for r in records if r.status != "draft" and r.source_ref not in own}
    if not issued:
        return {}
    source = next(iter(issued.values())).source
    known = documents.known(ctx.session, source, issued)
    hashes = {ref: _hash(record) for ref, record in issued.items()}
    fresh = {ref: record for ref, record in issued.items() if ref not in known and record.status != "void"}
    posted = posting.keys_in_ledger(ctx.session, LEDGER, [natural_key(source, ref) for ref in fresh])
    rows = _rows(ctx, fresh, hashes, posted)
    lines = {row["id"]: fresh[row["source_ref"]].lines for row in rows}
    documents.insert_documents(ctx.session, rows, lines, _NEW_INVOICE | {"source": source, "recorded_at": ctx.now})
    apply_earlier(ctx, source, rows)
    undecided = [row["id"] for row in rows if row["state"] == DocumentState.RECEIVED]
    counts = {} if is_backfill else decide(ctx, ready(ctx, undecided), is_fresh=True)
    changed = {ref: record for ref, record in issued.items() if ref in known and known[ref].content_hash != hashes[ref]}
    _replace(ctx, changed, known, hashes)
    _void(ctx, [known[ref].id for ref, record in issued.items() if ref in known and record.status == "void"])
    return {"new_invoices": len(rows), "already_in_ledger": len(rows) - len(undecided)} | counts


def _hash(record: InvoiceRecord | CreditMemoRecord) -> str:
    """What must not change once decided; the status is not part of it."""
    return hashlib.sha256(record.model_dump_json(exclude={"status"}).encode()).hexdigest()


def _rows(
    ctx: Context, fresh: Mapping[str, InvoiceRecord], hashes: Mapping[str, str], posted: set[str]
) -> list[dict[str, Any]]:
    records = list(fresh.values())
    if not records:
        return []
    linked = parties.linked(ctx.session, "customer", records[0].source, [r.customer_ref for r in records])
    known = parties.known_ids(ctx.session, {UUID(id) for id in linked.values()})
    customers = {ref: known.get(id) for ref, id in linked.items()}
    rows = []
    for record in records:
        is_posted = natural_key(record.source, record.source_ref) in posted
        customer_id = customers.get(record.customer_ref)
        rows.append(_row(record, customer_id, hashes[record.source_ref], is_posted, ctx.now))
    return rows


def _row(
    record: InvoiceRecord, customer_id: UUID | None, content: str, is_posted: bool, now: datetime
) -> dict[str, Any]:
    return content_of(record) | {
        "id": document_id(record.source, record.source_ref),
        "source_ref": record.source_ref,
        "content_hash": content,
        "customer_id": customer_id,
        "open_minor": record.total_minor,
        "settled_on": record.issue_date if record.total_minor == 0 else None,
        "state": DocumentState.POSTED if is_posted else DocumentState.RECEIVED,
        "posted_at": now if is_posted else None,
    }


def document_id(source: str, source_ref: str) -> UUID:
    return id_from("document", source, source_ref)


_CONTENT = [
    "number",
    "contract_number",
    "customer_ref",
    "customer_name",
    "entity",
    "currency",
    "issue_date",
    "due_date",
    "period_start",
    "period_end",
    "subtotal_minor",
    "discount_minor",
    "tax_minor",
    "total_minor",
    "po_number",
    "tax_id",
    "bill_to",
    "bill_to_country",
    "collection_method",
]
_content_values = itemgetter(*_CONTENT)


def content_of(record: InvoiceRecord) -> dict[str, Any]:
    return dict(zip(_CONTENT, _content_values(record.__dict__), strict=True))


def _replace(
    ctx: Context,
    changed: Mapping[str, InvoiceRecord],
    known: Mapping[str, documents.Known],
    hashes: Mapping[str, str],
) -> None:
    """Undecided documents take the new content, but keep what a person corrected; decided ones become a case."""
    again, late = [], []
    for ref, record in changed.items():
        if known[ref].state in UNDECIDED:
            row = documents.get(ctx.session, known[ref].id)
            columns = content_of(record) | {"content_hash": hashes[ref]} | corrected(row)
            documents.replace_content(ctx.session, row.id, columns, record.lines)
            again.append(row.id)
        elif known[ref].state != DocumentState.VOID:
            late.append(_changed_case(record, known[ref].id))
    documents.refresh_open(ctx.session, again)
    ctx.session.expire_all()
    decide(ctx, ready(ctx, again))
    raise_cases(ctx, late)


def corrected(row: Document) -> dict[str, Any]:
    """What people corrected, in the columns' own types."""
    kept = dict(row.corrections)
    if "due_date" in kept:
        kept["due_date"] = date.fromisoformat(kept["due_date"])
    return kept


def _changed_case(record: InvoiceRecord, id: UUID) -> NewCase:
    code = "document.changed_after_posting"
    return NewCase(
        key=case_key(code, id),
        code=code,
        type=TYPES[code],
        cause=f"{code}:{record.number}",
        sentence=f"Invoice {record.number} was changed in {title_of(record.source)} after it had been released.",
        document_id=id,
        entity=record.entity,
        amount_minor=record.total_minor,
        currency=record.currency,
        is_blocking=False,
    )


def _void(ctx: Context, ids: list[UUID]) -> None:
    rows = documents.load(ctx.session, ids)
    alive = [row for row in rows.values() if row.state != DocumentState.VOID]
    for row in alive:
        row.open_minor = 0
        row.settled_on = ctx.now.date()
    documents.move(ctx.session, alive, DocumentState.VOID, ctx.now, ctx.actor.label, "Voided at the source")
    ended = cases.open_for_documents(ctx.session, [row.id for row in alive])
    cases.close(ended, CaseState.RESOLVED, "The invoice was voided at the source", ctx.actor.label, ctx.now)
    approvals.withdraw(ctx.session, [row.id for row in alive], ctx.now)


def record_credit_memos(ctx: Context, records: Sequence[CreditMemoRecord], *, is_backfill: bool) -> dict[str, int]:
    """New credit memos are put against their invoices, then decided like invoices."""
    issued = {record.source_ref: record for record in records if record.status == "issued"}
    if not issued:
        return {}
    source = next(iter(issued.values())).source
    known = documents.known(ctx.session, source, issued)
    own = link_credit_memos(ctx, list(issued.values()))
    fresh = [record for ref, record in issued.items() if ref not in known and ref not in own]
    refs = {record.invoice_ref for record in fresh}
    ids = documents.ids_by_ref(ctx.session, source, refs)
    ids |= own_documents(ctx.session, source, refs - set(ids))
    invoices = documents.load(ctx.session, ids.values())
    by_ref = {ref: invoices[id] for ref, id in ids.items() if id in invoices}
    posted = posting.keys_in_ledger(ctx.session, LEDGER, [natural_key(source, r.source_ref) for r in fresh])
    rows = [
        _memo_row(r, by_ref.get(r.invoice_ref), natural_key(source, r.source_ref) in posted, ctx.now) for r in fresh
    ]
    lines = documents.lines_of(ctx.session, invoices)
    memo_lines: dict[UUID, Sequence[DocumentLineRecord]] = {}
    for record, row in zip(fresh, rows, strict=True):
        invoice = by_ref.get(record.invoice_ref)
        code = lines[invoice.id][0].product_code if invoice and lines[invoice.id] else None
        memo_lines[row["id"]] = (_memo_line(record, code),)
    documents.insert_documents(ctx.session, rows, memo_lines)
    apply_credit_memos(ctx, rows)
    undecided = [row["id"] for row in rows if row["state"] == DocumentState.RECEIVED]
    if not is_backfill:
        decide(ctx, undecided, is_fresh=True)
    return {"new_credit_memos": len(rows)}


def _memo_row(record: CreditMemoRecord, invoice: Document | None, is_posted: bool, now: datetime) -> dict[str, Any]:
    copied = ("contract_number", "customer_id", "entity", "bill_to", "bill_to_country", "tax_id", "po_number")
    from_invoice = {name: getattr(invoice, name) if invoice else None for name in copied}
    return from_invoice | {
        "id": document_id(record.source, record.source_ref),
        "kind": "credit_memo",
        "source": record.source,
        "source_ref": record.source_ref,
        "content_hash": _hash(record),
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
        "open_minor": -record.total_minor,
        "settled_on": None,
        "state": DocumentState.POSTED if is_posted else DocumentState.RECEIVED,
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
