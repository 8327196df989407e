"""Release: the document moves on and its posting is deferred, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from core.db.tables import Document
from core.documents import store as documents
from core.documents.model import DocumentState, natural_key
from core.parties import store as parties
from core.ports import LedgerDocument, LedgerLine
from core.posting import store as posting
from core.posting.model import LEDGER
from core.runtime import defer
from core.validation.model import Facts, LineFacts
from core.workflow.context import Context

DELIVER = "deliver"


def release(ctx: Context, rows: list[Document], facts: Mapping[UUID, Facts]) -> None:
    """Releases the documents and enqueues each for the ledger. Nothing is called outside."""
    if not rows:
        return
    documents.move(ctx.session, rows, DocumentState.RELEASED, ctx.now, ctx.actor.label)
    customers = [str(row.customer_id) for row in rows]
    refs = parties.external_refs(ctx.session, "customer", parties.CRM, customers)
    ready = [(row.id, ledger_document(row, facts[row.id], refs.get(str(row.customer_id), ""))) for row in rows]
    enqueued = posting.enqueue(ctx.session, ready, LEDGER, ctx.now)
    defer(ctx.session, DELIVER, [{"delivery_id": str(id)} for id in enqueued], queue=DELIVER)


def ledger_document(row: Document, facts: Facts, customer_ref: str) -> LedgerDocument:
    """What is posted: net lines with their tax, under the document's natural key."""
    return LedgerDocument(
        key=natural_key(row.source, row.source_ref),
        kind=row.kind,
        number=row.number,
        entity=row.entity or "",
        customer_ref=customer_ref,
        currency=row.currency,
        issue_date=row.issue_date,
        due_date=row.due_date,
        po_number=row.po_number,
        memo=f"{row.number} {row.contract_number or ''}".strip(),
        lines=tuple(_line(line) for line in facts.lines),
        total_minor=abs(row.total_minor),
    )


def _line(line: LineFacts) -> LedgerLine:
    net = line.amount_minor - line.discount_minor
    percent = (Decimal(line.tax_minor * 100) / net).quantize(Decimal("0.1")) if net else Decimal(0)
    return LedgerLine(line.product_code or "", line.description, line.quantity, net, line.tax_minor, percent)
