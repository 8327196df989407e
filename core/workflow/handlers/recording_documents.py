"""Invoices of a source: new ones are inserted and decided, changed ones replaced while undecided."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from core.canonical import GONE, CreditMemoRecord, DatedRecord, InvoiceRecord
from core.cases.model import NewCase
from core.db.tables import Document
from core.documents import lookup
from core.documents import store as documents
from core.documents.model import UNDECIDED, DocumentState, natural_key
from core.kit.ids import id_from
from core.kit.systems import title_of
from core.parties import store as parties
from core.posting import store as posting
from core.posting.model import LEDGER
from core.validation.model import TYPES
from core.workflow.context import Context
from core.workflow.deciding import case_key, decide, raise_cases
from core.workflow.handlers.house_links import link_invoices
from core.workflow.handlers.recording_cash import apply_earlier
from core.workflow.handlers.recording_voids import void_at_source, void_on_arrival
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
    known = lookup.known(ctx.session, source, issued)
    hashes = {ref: content_hash(record) for ref, record in issued.items()}
    fresh = {ref: record for ref, record in issued.items() if ref not in known and record.status != "deleted"}
    posted = posting.keys_in_ledger(ctx.session, LEDGER, [natural_key(source, ref) for ref in fresh])
    rows = _rows(ctx, fresh, hashes, posted)
    lines = {row["id"]: fresh[row["source_ref"]].lines for row in rows}
    documents.insert_documents(ctx.session, rows, lines, _NEW_INVOICE | {"source": source, "recorded_at": ctx.now})
    adopted = apply_earlier(ctx, source, rows)
    void_on_arrival(ctx, source, rows)
    alive = [row for row in rows if row["state"] != DocumentState.VOID]
    undecided = [row["id"] for row in alive if row["state"] == DocumentState.RECEIVED]
    counts = {} if is_backfill else decide(ctx, ready(ctx, undecided), is_fresh=True)
    decide(ctx, lookup.undecided_among(ctx.session, adopted, with_received=not is_backfill))
    _hear_again(ctx, {ref: record for ref, record in issued.items() if ref in known}, known, hashes)
    return {"new_invoices": len(alive), "already_in_ledger": len(alive) - len(undecided)} | counts


def _hear_again(
    ctx: Context,
    told: Mapping[str, InvoiceRecord],
    known: Mapping[str, lookup.Known],
    hashes: Mapping[str, str],
) -> None:
    """News of recorded invoices. Nothing leads back from void, and what is older than what stands here says nothing."""
    changed = {
        ref: record
        for ref, record in told.items()
        if record.status not in GONE
        and known[ref].content_hash != hashes[ref]
        and not known[ref].is_later_than(record.told_at)
    }
    _replace(ctx, changed, known, hashes)
    void_at_source(ctx, [known[ref].id for ref, record in told.items() if record.status in GONE])
    note_told(ctx, told, known)


def note_told(ctx: Context, told: Mapping[str, DatedRecord], known: Mapping[str, lookup.Known]) -> None:
    """Keeps the instants of what is news, whether it changed anything or not."""
    stamps = {
        known[ref].id: record.told_at
        for ref, record in told.items()
        if record.told_at is not None and not known[ref].is_later_than(record.told_at)
    }
    documents.note_told(ctx.session, stamps)


def content_hash(record: InvoiceRecord | CreditMemoRecord) -> str:
    """What must not change once decided; neither the status nor the instant is part of it."""
    return hashlib.sha256(record.model_dump_json(exclude={"status", "told_at"}).encode()).hexdigest()


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
    return (
        content_of(record)
        | {
            "id": document_id(record.source, record.source_ref),
            "source_ref": record.source_ref,
            "content_hash": content,
            "customer_id": customer_id,
            "told_at": record.told_at,
            "posted_at": now if is_posted else None,
        }
        | _standing(record, is_posted, now)
    )


def _standing(record: InvoiceRecord, is_posted: bool, now: datetime) -> dict[str, Any]:
    """A void one is kept, so that nothing older brings it back."""
    if record.status == "void":
        return {"open_minor": 0, "settled_on": now.date(), "state": DocumentState.VOID}
    return {
        "open_minor": record.total_minor,
        "settled_on": record.issue_date if record.total_minor == 0 else None,
        "state": DocumentState.POSTED if is_posted else DocumentState.RECEIVED,
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
    known: Mapping[str, lookup.Known],
    hashes: Mapping[str, str],
) -> None:
    """Undecided documents take the new content, but keep what a person corrected; decided ones become a case."""
    again, late = [], []
    for ref, record in changed.items():
        if known[ref].state in UNDECIDED:
            row = documents.get(ctx.session, known[ref].id)
            totals = {"content_hash": hashes[ref], "open_minor": record.total_minor}
            columns = content_of(record) | totals | corrected(row)
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
