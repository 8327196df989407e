"""Rows of disputes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, false, func, or_, select, update
from sqlalchemy.orm import Session

from core.canonical import DisputeRecord
from core.db.bulk import insert_rows, is_one_of
from core.db.tables import Dispute, Document
from core.disputes.model import FINAL, DisputeState
from core.kit.errors import NotFound, Refused, Stale
from core.kit.ids import id_from


@dataclass(frozen=True, slots=True)
class About:
    """The document that a dispute is about."""

    id: UUID
    customer_id: UUID | None
    currency: str
    total_minor: int


_VOID = "void"
_STATE = (
    "document_id",
    "customer_id",
    "reason",
    "sentence",
    "currency",
    "amount_minor",
    "state",
    "due_at",
    "closed_at",
)


def record(session: Session, records: Sequence[DisputeRecord], abouts: Mapping[str, About]) -> set[UUID]:
    """Upserts disputes of a source; `abouts` by the record's source_ref. What was so earlier than what stands here
    changes nothing; what ended for good is opened again only by what surely is later. Answers the documents
    concerned."""
    rows = {r.source_ref: _row(r, abouts.get(r.source_ref)) for r in records}
    if not rows:
        return set()
    statement = insert_rows(Dispute, list(rows.values()))
    updates: dict[str, Any] = {name: statement.excluded[name] for name in _STATE}
    updates["revision"] = Dispute.revision + 1
    updates["told_at"] = func.coalesce(statement.excluded.told_at, Dispute.told_at)
    is_earlier = func.coalesce(statement.excluded.told_at < Dispute.told_at, false())
    may_change = Dispute.state.not_in(FINAL) | (Dispute.state == statement.excluded.state)
    may_change |= _is_later(statement.excluded.told_at)
    keys = ["source", "source_ref"]
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=updates, where=may_change & ~is_earlier))
    return {row["document_id"] for row in rows.values() if row["document_id"] is not None}


def _is_later(told_at: ColumnElement[datetime | None]) -> ColumnElement[bool]:
    """Than what stands here; a source that never says when it was so tells its news in order."""
    in_order = told_at.is_(None) & Dispute.told_at.is_(None)
    return or_(func.coalesce(told_at > Dispute.told_at, false()), in_order)


def _row(r: DisputeRecord, about: About | None) -> dict[str, Any]:
    return {
        "id": id_from("dispute", r.source, r.source_ref),
        "source": r.source,
        "source_ref": r.source_ref,
        "kind": r.kind,
        "number": r.number,
        "document_id": about.id if about else None,
        "invoice_ref": r.invoice_ref,
        "invoice_number": r.invoice_number,
        "customer_id": about.customer_id if about else None,
        "reason": r.reason,
        "sentence": r.sentence,
        "currency": r.currency or (about.currency if about else "USD"),
        "amount_minor": r.amount_minor if r.amount_minor is not None else (about.total_minor if about else 0),
        "state": r.state,
        "told_at": r.told_at,
        "opened_at": r.opened_at,
        "due_at": r.due_at,
        "closed_at": r.closed_at,
    }


def adopt(session: Session, documents: Iterable[UUID]) -> set[UUID]:
    """Ties disputes that came before their documents to them. Answers the documents concerned."""
    statement = (
        update(Dispute)
        .where(
            Dispute.document_id.is_(None),
            is_one_of(Document.id, documents),
            ((Dispute.invoice_ref == Document.source_ref) & (Dispute.source == Document.source))
            | (Dispute.invoice_number == Document.number),
        )
        .values(document_id=Document.id, customer_id=Document.customer_id)
        .returning(Dispute.document_id)
        .execution_options(synchronize_session=False)
    )
    return {id for id in session.scalars(statement) if id is not None}


def adopt_linked(session: Session, source: str, ids: Mapping[str, UUID]) -> set[UUID]:
    """Ties disputes about invoices of the source to our documents, given by the invoices' ids there."""
    rows = session.scalars(
        select(Dispute).where(Dispute.source == source, is_one_of(Dispute.invoice_ref, ids)).with_for_update()
    )
    found = {row: ids[row.invoice_ref] for row in rows if row.document_id is None and row.invoice_ref}
    for row, id in found.items():
        row.document_id = id
        row.customer_id = session.scalar(select(Document.customer_id).where(Document.id == id))
    session.flush()
    return set(found.values())


def mark_documents(session: Session, ids: Iterable[UUID]) -> None:
    """Sets each document's disputed flag to whether an open dispute is about it; what is void claims nothing that could
    be disputed."""
    wanted = list(ids)
    if not wanted:
        return
    is_open = exists().where(Dispute.document_id == Document.id, Dispute.state == DisputeState.OPEN)
    session.execute(
        update(Document)
        .where(is_one_of(Document.id, wanted))
        .values(is_disputed=is_open & (Document.state != _VOID))
        .execution_options(synchronize_session=False)
    )


def get_open(session: Session, id: UUID, revision: int) -> Dispute:
    """One locked open dispute. Raises NotFound, Stale or Refused."""
    row = session.scalar(select(Dispute).where(Dispute.id == id).with_for_update())
    if row is None:
        raise NotFound("This dispute")
    if row.revision != revision:
        raise Stale("This dispute")
    if row.state != DisputeState.OPEN:
        raise Refused("dispute.closed", f"This dispute is already {row.state}.")
    return row
