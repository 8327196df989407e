"""Drafts of the house whose tax an engine outside has yet to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from core.db.bulk import insert_rows, is_one_of
from core.db.tables import Case, Customer, Document, DocumentLine, DocumentTax
from core.documents.model import HOUSE, DocumentState

TABLE = "table"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Drafts of one entity that wait for an engine: how many, since when, and for how much before tax."""

    engine: str
    entity: str | None
    n: int
    since: datetime


def _is_untaxed() -> ColumnElement[bool]:
    taxes = select(DocumentTax.document_id).where(DocumentTax.document_id == Document.id).exists()
    return (
        ~Document.is_issued
        & (Document.source == HOUSE)
        & (Document.kind == "invoice")
        & (Document.state != DocumentState.VOID)
        & (Document.tax_engine.is_not(None))
        & (Document.tax_engine != TABLE)
        & ~taxes
    )


def to_ask(session: Session, limit: int, besides: Iterable[UUID] = ()) -> list[Document]:
    """The longest waiting first. One that its engine has refused is asked about again when the exception is closed or
    its customer has changed."""
    refused = (
        select(Case.id)
        .join(Customer, Customer.id == Document.customer_id)
        .where(
            Case.document_id == Document.id,
            Case.code == "tax.undetermined",
            Case.state == "open",
            Case.evidence["engine"].astext.is_not(None),
            Case.opened_at >= Customer.updated_at,
        )
        .correlate(Document)
        .exists()
    )
    statement = (
        select(Document)
        .where(_is_untaxed(), ~refused, ~is_one_of(Document.id, list(besides)))
        .order_by(Document.recorded_at, Document.id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def waiting_since(session: Session, before: datetime) -> list[Waiting]:
    """What waits for longer than that, by engine and entity; what was refused does not wait for the engine."""
    refused = (
        select(Case.id)
        .where(Case.document_id == Document.id, Case.code == "tax.undetermined", Case.state == "open")
        .exists()
    )
    statement = (
        select(Document.tax_engine, Document.entity, func.count(), func.min(Document.recorded_at))
        .where(_is_untaxed(), Document.recorded_at <= before, ~refused)
        .group_by(Document.tax_engine, Document.entity)
        .order_by(Document.tax_engine, Document.entity)
    )
    return [Waiting(str(row[0]), row[1], row[2], row[3]) for row in session.execute(statement)]


def of_engine(session: Session, ids: Iterable[UUID], engine: str) -> list[UUID]:
    """Those of the drafts that the engine taxes."""
    wanted = (is_one_of(Document.id, list(ids)), ~Document.is_issued, Document.tax_engine == engine)
    return list(session.scalars(select(Document.id).where(*wanted).order_by(Document.id)))


def write_taxes(
    session: Session, rows: Sequence[Mapping[str, Any]], lines: Mapping[UUID, Mapping[int, tuple[int, Any]]]
) -> None:
    """Taxes of documents in place of those that stood there, and tax and percent per line."""
    session.execute(delete(DocumentTax).where(is_one_of(DocumentTax.document_id, list(lines))))
    if rows:
        session.execute(insert_rows(DocumentTax, [dict(row) for row in rows]))
    for line in session.scalars(select(DocumentLine).where(is_one_of(DocumentLine.document_id, list(lines)))):
        line.tax_minor, line.tax_percent = lines[line.document_id].get(line.position, (0, None))
