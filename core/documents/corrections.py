"""Credit memos of an invoice, and the invoice that takes its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from core.db.bulk import is_one_of
from core.db.tables import Document, DocumentLine
from core.documents.model import HOUSE, DocumentState

# Why an invoice is given back, in whole or in part; what people choose from.
CREDIT_REASONS: dict[str, str] = {
    "wrong_price": "Wrong price",
    "wrong_quantity": "Wrong quantity",
    "wrong_details": "Wrong address, order number or tax id",
    "wrong_tax": "Wrong tax",
    "duplicate": "Billed twice",
    "contract_changed": "Contract changed or ended",
    "service_credit": "Service credit",
    "dispute": "Dispute upheld",
    "goodwill": "Goodwill",
}


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What credit memos that count have given back of an invoice: (position, net, tax) of lines that they name, and
    the sum of those that name none."""

    lines: tuple[tuple[int, int, int], ...]
    unplaced_minor: int
    total_minor: int


def given_back(session: Session, invoice_id: UUID) -> GivenBack:
    memos = {
        id: -total
        for id, total in session.execute(
            select(Document.id, Document.total_minor).where(
                Document.corrects_id == invoice_id,
                Document.kind == "credit_memo",
                Document.state != DocumentState.VOID,
            )
        ).tuples()
    }
    statement = select(DocumentLine).where(
        is_one_of(DocumentLine.document_id, memos), DocumentLine.corrects_position.is_not(None)
    )
    rows = list(session.scalars(statement)) if memos else []
    named = {row.document_id for row in rows}
    lines = tuple((row.corrects_position or 0, row.amount_minor - row.discount_minor, row.tax_minor) for row in rows)
    unplaced = sum(total for id, total in memos.items() if id not in named)
    return GivenBack(lines, unplaced, sum(memos.values()))


def replacements(session: Session, memo_ids: Iterable[UUID]) -> list[UUID]:
    """Drafts that wait for these credit memos to go out: they bill again what the memos give back."""
    memo = aliased(Document)
    statement = (
        select(Document.id)
        .join(memo, memo.corrects_id == Document.replaces_id)
        .where(
            is_one_of(memo.id, list(memo_ids)),
            Document.state == DocumentState.DRAFT,
            Document.source == HOUSE,
        )
        .order_by(Document.id)
    )
    return list(session.scalars(statement))


def replacement_of(session: Session, invoice_id: UUID) -> Document | None:
    """The invoice that takes this one's place, locked."""
    statement = (
        select(Document)
        .where(Document.replaces_id == invoice_id, Document.state != DocumentState.VOID)
        .order_by(Document.id.desc())
        .limit(1)
        .with_for_update()
    )
    return session.scalar(statement)


def memos_of(session: Session, invoice_id: UUID) -> Sequence[Document]:
    """Credit memos of the invoice that count, oldest first."""
    statement = select(Document).where(
        Document.corrects_id == invoice_id, Document.kind == "credit_memo", Document.state != DocumentState.VOID
    )
    return session.scalars(statement.order_by(Document.recorded_at, Document.id)).all()
