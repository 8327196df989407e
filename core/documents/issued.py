"""What a document says beyond its own row once it is issued: taxes by jurisdiction, and revenue by month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.bulk import insert_rows, is_one_of
from core.db.tables import DocumentTax, RevenueSlice

# Of one line: position, and what is earned in each month.
Slices = tuple[int, Sequence[tuple[date, int]]]


def taxes_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, list[DocumentTax]]:
    found: dict[UUID, list[DocumentTax]] = defaultdict(list)
    statement = select(DocumentTax).where(is_one_of(DocumentTax.document_id, ids))
    for row in session.scalars(statement.order_by(DocumentTax.document_id, DocumentTax.position)):
        found[row.document_id].append(row)
    return found


def save_slices(session: Session, slices: Mapping[UUID, Iterable[Slices]]) -> None:
    """Revenue of deferred lines per month; what was written before stays."""
    rows = [
        {"document_id": id, "position": position, "month": month, "amount_minor": amount}
        for id, lines in slices.items()
        for position, months in lines
        for month, amount in months
    ]
    if rows:
        session.execute(insert_rows(RevenueSlice, rows).on_conflict_do_nothing())
