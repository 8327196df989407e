"""How much of an invoice is in dispute: what its open disputes say together, and never more than the invoice."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, and_, case, cast, func, select

from core.db.tables import Dispute, Document
from core.disputes.model import DisputeState


def said_minor(document: Any = Document) -> ColumnElement[int]:
    """What one dispute is about, in the invoice's currency: all of it where it names no amount, or one of another."""
    is_told = and_(Dispute.amount_minor > 0, Dispute.currency == document.currency)
    return case((is_told, Dispute.amount_minor), else_=document.total_minor)


def disputed_open() -> ColumnElement[int]:
    """Of what is open of the document: the part in dispute. Only those that are disputed are looked up."""
    said: ScalarSelect[int] = (
        select(cast(func.sum(said_minor()), BigInteger))
        .where(Dispute.document_id == Document.id, Dispute.state == DisputeState.OPEN)
        .correlate(Document)
        .scalar_subquery()
    )
    return case((Document.is_disputed, func.least(Document.open_minor, said)), else_=0)
