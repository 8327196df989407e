"""A ledger from a file: all or nothing; its invoices are history, so they count as posted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.audit.model import Note
from core.canonical import InvoiceRecord
from core.documents import store as documents
from core.documents.model import DocumentState
from core.kit.errors import Refused
from core.kit.ids import content_hash
from core.kit.words import counted
from core.parties import store as parties
from core.workflow.commands import ImportLedger
from core.workflow.context import Context, Outcome
from core.workflow.handlers.recording_cash import record_disputes, record_payments
from core.workflow.handlers.recording_documents import content_of, document_id
from core.workflow.import_limits import limits_of
from core.workflow.permissions import check_entities


def import_ledger(command: ImportLedger, ctx: Context) -> Outcome:
    """Records everything, or refuses because an invoice is here already. Answers counts."""
    known = documents.known(ctx.session, "import", [record.source_ref for record in command.invoices])
    if known:
        first = min(known)
        raise Refused(
            "import.repeated",
            f"{len(known):,} of these invoices are here already (the first is {first}). Nothing was imported.",
        )
    _check(command, ctx)
    renamed = _save_customers(command, ctx)
    linked = parties.linked(ctx.session, "customer", "import", [r.source_ref for r in command.customers])
    rows = [_row(record, linked, ctx) for record in command.invoices]
    lines = {row["id"]: record.lines for row, record in zip(rows, command.invoices, strict=True)}
    documents.insert_documents(ctx.session, rows, lines)
    record_payments(ctx, command.payments)
    record_disputes(ctx, command.disputes)
    counts = {
        "customers": len(command.customers),
        "invoices": len(command.invoices),
        "payments": len(command.payments),
        "disputes": len(command.disputes),
    }
    told = ", ".join(counted(n, name.removesuffix("s")) for name, n in counts.items())
    return Outcome(counts, (Note(f"Imported {command.file_name}: {told}.", None, dict(counts)), *renamed))


def _check(command: ImportLedger, ctx: Context) -> None:
    """Whoever made the command, the file is held against what its bringer may say."""
    named = {each.entity for each in command.invoices} | {each.entity for each in command.customers}
    check_entities(ctx.actor, named)
    limits = limits_of(ctx.session, ctx.actor, ctx.now.date())
    for record in command.invoices:
        days = (record.issue_date, record.due_date)
        fault = limits.about_entity(record.entity) or next(filter(None, map(limits.about_day, days)), None)
        if fault:
            raise Refused("import.bad_rows", f"Invoice {record.number}: {fault} Nothing was imported.")


def _save_customers(command: ImportLedger, ctx: Context) -> list[Note]:
    """A customer that is here stays with its legal entity; a new name is taken over and told."""
    linked = parties.linked(ctx.session, "customer", "import", [record.source_ref for record in command.customers])
    here = parties.customers(ctx.session, [UUID(id) for id in linked.values()])
    known = {ref: here[UUID(id)] for ref, id in linked.items() if UUID(id) in here}
    check_entities(ctx.actor, {row.entity for row in known.values()})
    kept, notes = [], []
    for record in command.customers:
        row = known.get(record.source_ref)
        entity = record.entity if row is None else row.entity or record.entity
        kept.append(record.model_copy(update={"entity": entity}))
        if row is not None and row.name != record.name:
            sentence = f"Renamed customer {record.number} from {row.name} to {record.name}."
            notes.append(Note(sentence, f"customer:{row.id}", {"before": row.name, "after": record.name}))
    parties.save_customers(ctx.session, kept, ctx.now)
    return notes


def _row(record: InvoiceRecord, linked: dict[str, str], ctx: Context) -> dict[str, Any]:
    customer = linked.get(record.customer_ref)
    # Who brought the file in has created its invoices.
    created_by = [str(ctx.actor.user_id)] if ctx.actor.user_id else []
    return content_of(record) | {
        "id": document_id(record.source, record.source_ref),
        "kind": "invoice",
        "source": record.source,
        "source_ref": record.source_ref,
        "content_hash": content_hash(record.model_dump(mode="json")),
        "customer_id": UUID(customer) if customer else None,
        "open_minor": record.total_minor,
        "settled_on": record.issue_date if record.total_minor == 0 else None,
        "state": DocumentState.POSTED,
        "changed_by": created_by,
        "recorded_at": ctx.now,
        "posted_at": ctx.now,
    }
