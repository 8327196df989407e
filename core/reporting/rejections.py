"""What a person has rejected, while it still stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from core.db.tables import Case, Document
from core.reporting.paging import Viewer
from core.reporting.receivables import Scope
from core.runtime import Runtime

_MOST = 50


@dataclass(frozen=True, slots=True)
class Rejection:
    """`id` and `revision` are those of the exception that keeps the document; `note`: why it was rejected."""

    id: UUID
    revision: int
    number: str
    customer_name: str
    entity: str | None
    currency: str
    total_minor: int
    note: str
    rejected_at: datetime


def rejections_of(runtime: Runtime, viewer: Viewer, person: UUID) -> tuple[Rejection, ...]:
    """The latest, latest first."""
    statement = (
        select(Case, Document)
        .join(Document, Document.id == Case.document_id)
        .where(
            Case.state == "open",
            Case.code == "approval.rejected",
            Case.evidence["rejected_by"].astext == str(person),
            Scope(None, viewer.entities).holds(Case.entity),
        )
        .order_by(Case.opened_at.desc(), Case.id)
        .limit(_MOST)
    )
    with runtime.reading() as session:
        rows = session.execute(statement).tuples().all()
    return tuple(_rejection(case, document) for case, document in rows)


def _rejection(case: Case, document: Document) -> Rejection:
    return Rejection(
        id=case.id,
        revision=case.revision,
        number=document.number,
        customer_name=document.customer_name,
        entity=document.entity,
        currency=document.currency,
        total_minor=document.total_minor,
        note=str(case.evidence.get("note", "")),
        rejected_at=case.opened_at,
    )
