"""What a customer has paid and been given back, and what of it is not put against an invoice yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, select
from sqlalchemy.orm import Session

from core.db.tables import Document, Payment
from core.documents.model import DocumentState
from core.reporting.paging import Viewer
from core.reporting.receivables import Scope
from core.runtime import Runtime

_MOST = 50
Amounts = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class CustomerMoney:
    """Lists are the newest first, at most 50 each. `unapplied` and `unused_credits`: (currency, minor) of all."""

    payments: tuple[Payment, ...]
    credits: tuple[Document, ...]
    unapplied: Amounts
    unused_credits: Amounts


def customer_money(runtime: Runtime, viewer: Viewer | None, id: UUID) -> CustomerMoney:
    """Of a customer that the reader may see; credit memos of the legal entities that the reader may see."""
    memos = _memos(Scope(None, viewer.entities if viewer else None), id)
    paid = select(Payment).where(Payment.customer_id == id).order_by(Payment.received_on.desc(), Payment.id.desc())
    given = select(Document).where(memos).order_by(Document.issue_date.desc(), Document.id.desc())
    with runtime.reading() as session:
        return CustomerMoney(
            payments=tuple(session.scalars(paid.limit(_MOST))),
            credits=tuple(session.scalars(given.limit(_MOST))),
            unapplied=_sums(session, Payment, Payment.unapplied_minor, Payment.customer_id == id),
            unused_credits=_sums(session, Document, -Document.open_minor, memos),
        )


def _memos(scope: Scope, id: UUID) -> ColumnElement[bool]:
    return and_(
        Document.customer_id == id,
        Document.kind == "credit_memo",
        Document.state != DocumentState.VOID,
        Document.is_issued,
        scope.holds(Document.entity),
    )


def _sums(session: Session, table: Any, amount: Any, condition: ColumnElement[bool]) -> Amounts:
    total = cast(func.sum(amount), BigInteger)
    statement = select(table.currency, total).where(condition, amount != 0).group_by(table.currency)
    return tuple(session.execute(statement.order_by(table.currency)).tuples())
