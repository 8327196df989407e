"""A ledger from a file: all or nothing; its invoices are history, so they count as posted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.audit.model import Note
from core.canonical import InvoiceRecord
from core.documents import store as documents
from core.documents.model import DocumentState
from core.kit.ids import content_hash
from core.kit.words import told
from core.parties import store as parties
from core.workflow.commands import ImportLedger
from core.workflow.context import Context, Outcome
from core.workflow.handlers.recording_cash import record_disputes, record_payments
from core.workflow.handlers.recording_documents import content_of, document_id
from core.workflow.import_news import Known, news_of


def import_ledger(command: ImportLedger, ctx: Context) -> Outcome:
    """Records what is not here yet, or refuses because the file says something else of what is. Answers counts of what
    was recorded."""
    # One file after another: two that bring the same invoices at once would not see each other's.
    ctx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("import-ledger", 0))))
    news = news_of(ctx.session, command, ctx.actor, ctx.now.date())
    if not any(news.counts.values()):
        return Outcome(news.counts)
    parties.save_customers(ctx.session, [each.record for each in news.customers], ctx.now)
    linked = parties.linked(ctx.session, "customer", "import", [r.source_ref for r in command.customers])
    rows = [_row(record, linked, ctx) for record in news.invoices]
    lines = {row["id"]: record.lines for row, record in zip(rows, news.invoices, strict=True)}
    documents.insert_documents(ctx.session, rows, lines)
    record_payments(ctx, news.payments)
    record_disputes(ctx, news.disputes)
    sentence = f"Imported {command.file_name}: {told(news.counts)}."
    return Outcome(news.counts, (Note(sentence, None, dict(news.counts)), *_renamed(news.customers)))


def _renamed(customers: Sequence[Known]) -> Iterator[Note]:
    """A new name is taken over and told."""
    for record, row in ((each.record, each.before) for each in customers):
        if row is not None and row.name != record.name:
            sentence = f"Renamed customer {record.number} from {row.name} to {record.name}."
            yield Note(sentence, f"customer:{row.id}", {"before": row.name, "after": record.name})


def _row(record: InvoiceRecord, linked: dict[str, str], ctx: Context) -> dict[str, Any]:
    customer = linked.get(record.customer_ref)
    # Who brought the file in has created its invoices.
    created_by = [str(ctx.actor.user_id)] if ctx.actor.user_id else []
    return content_of(record) | {
        "id": document_id(record.source, record.source_ref),
        "kind": "invoice",
        "source": record.source,
        "source_ref": record.source_ref,
        "content_hash": content_hash(record.model_dump(mode="json", exclude={"told_at"})),
        "customer_id": UUID(customer) if customer else None,
        "open_minor": record.total_minor,
        "settled_on": record.issue_date if record.total_minor == 0 else None,
        "state": DocumentState.POSTED,
        "changed_by": created_by,
        "recorded_at": ctx.now,
        "posted_at": ctx.now,
    }
