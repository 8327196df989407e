"""Invoices of the house that another system only collects: money, credits and disputes there belong to our document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from core.canonical import GONE, CreditMemoRecord, InvoiceRecord
from core.cases import store as cases
from core.cases.model import NewCase
from core.db.tables import Document
from core.disputes import store as disputes
from core.documents import lookup
from core.documents import store as documents
from core.documents.model import DocumentState
from core.kit.systems import title_of
from core.parties import store as parties
from core.workflow.context import Context
from core.workflow.deciding import decide, raise_cases
from core.workflow.handlers.recording_cash import apply_earlier
from core.workflow.own_documents import INVOICE
from core.workflow.voided_at_source import named, voided_case


def link_own(ctx: Context, source: str, ids: Mapping[str, UUID]) -> None:
    """Ties invoices at the source to our documents; payments and disputes that came before find them now."""
    links = [("document", str(id), source, f"{INVOICE}{ref}") for ref, id in ids.items()]
    parties.save_links(ctx.session, links, ctx.now)
    rows = documents.load(ctx.session, ids.values())
    adopted = apply_earlier(ctx, source, [_due(ref, rows[id]) for ref, id in ids.items() if id in rows])
    decide(ctx, lookup.undecided_among(ctx.session, adopted))
    disputes.mark_documents(ctx.session, disputes.adopt_linked(ctx.session, source, ids))


def _due(ref: str, row: Document) -> dict[str, object]:
    columns = ("id", "customer_id", "open_minor", "currency")
    return {"source_ref": ref} | {name: getattr(row, name) for name in columns}


def link_invoices(ctx: Context, records: Sequence[InvoiceRecord]) -> set[str]:
    """Ties those that name one of our documents to it; answers the ids at the source of all that are ours.

    A name that means nothing here was given by another house: to us the invoice is one like any other.
    """
    ours = _ours(ctx, records)
    if ours:
        link_own(ctx, records[0].source, ours)
        _tell_voided(ctx, records[0].source, _voided_among(records, ours))
    return set(ours)


def _tell_voided(ctx: Context, source: str, ids: Mapping[str, UUID]) -> None:
    """What was taken back where it is only collected is still a claim here and in the books: a person decides, once,
    however often the source tells it. Of what nothing is open nobody has to."""
    rows = documents.load(ctx.session, ids.values()) if ids else {}
    standing = {ref: rows[id] for ref, id in ids.items() if id in rows and _stands(rows[id])}
    found = [_voided(ctx, row, source, ref) for ref, row in standing.items()]
    told = cases.told_before(ctx.session, ids.values(), [case.key for case in found]) if found else set()
    raise_cases(ctx, [case for case in found if case.key not in told])


def _stands(row: Document) -> bool:
    return row.state != DocumentState.VOID and (row.kind == "credit_memo" or row.open_minor != 0)


def _voided(ctx: Context, row: Document, source: str, ref: str) -> NewCase:
    where = f"{named(row)} was voided in {title_of(source)}, and "
    if row.kind == "credit_memo":
        sentence = f"{where}still gives money back here and in the ledger: issue it there again, or bill it anew."
        case = voided_case(ctx, row, sentence, row.total_minor)
    else:
        sentence = (
            f"{where}is still a claim here and in the ledger: credit it, or have the customer pay it another way."
        )
        case = voided_case(ctx, row, sentence, row.open_minor)
    # What is sent there once more is another one.
    return replace(case, key=f"{case.key}:{ref}")


def link_credit_memos(ctx: Context, records: Sequence[CreditMemoRecord]) -> set[str]:
    """As for invoices: a credit memo that the house sent there is no second one."""
    ours = _ours(ctx, records)
    if ours:
        links = [("document", str(id), records[0].source, f"credit_memo:{ref}") for ref, id in ours.items()]
        parties.save_links(ctx.session, links, ctx.now)
        _tell_voided(ctx, records[0].source, _voided_among(records, ours))
    return set(ours)


def _voided_among(records: Sequence[InvoiceRecord | CreditMemoRecord], ours: Mapping[str, UUID]) -> dict[str, UUID]:
    gone = [each.source_ref for each in records if each.status in GONE]
    return {ref: ours[ref] for ref in gone if ref in ours}


def _ours(ctx: Context, records: Sequence[InvoiceRecord | CreditMemoRecord]) -> dict[str, UUID]:
    wanted = {record.source_ref: id for record in records if (id := _as_id(record.house_ref)) is not None}
    known = documents.load(ctx.session, wanted.values()) if wanted else {}
    return {ref: id for ref, id in wanted.items() if id in known}


def _as_id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
