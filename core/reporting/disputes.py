"""Disputes: the list, and what is open of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from core.db.tables import Customer, Dispute, Document
from core.reporting.disputed import said_minor
from core.reporting.exchange import rates_for
from core.reporting.invoices import customer_ids
from core.reporting.paging import Order, Page, Viewer, capped_count, read_page
from core.reporting.receivables import Scope
from core.runtime import Runtime

STATES = ("open", "upheld", "rejected", "withdrawn")


@dataclass(frozen=True, slots=True)
class DisputeFilters:
    """None = no restriction. `search`: part of the customer's name or number."""

    state: str | None = "open"
    kind: str | None = None
    entity: str | None = None
    search: str | None = None
    is_descending: bool = True


@dataclass(frozen=True, slots=True)
class DisputeRow:
    id: UUID
    revision: int
    number: str | None
    kind: str
    source: str
    customer_id: UUID | None
    customer_name: str
    document_id: UUID | None
    document_number: str | None
    entity: str | None
    reason: str
    sentence: str | None
    currency: str
    amount_minor: int
    state: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class DisputeSummary:
    """`open_minor`: what the open disputes are about, each invoice with its total at most however many are about it; in
    `currency` at today's rates. Currencies without a rate are named."""

    open_count: int
    overdue_count: int
    open_minor: int
    currency: str
    left_out: tuple[str, ...]


_ENTITY = func.coalesce(Document.entity, Customer.entity)


def _conditions(session: Session, scope: Scope, filters: DisputeFilters) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [scope.holds(_ENTITY)]
    if filters.state is not None:
        conditions.append(Dispute.state == filters.state)
    if filters.kind is not None:
        conditions.append(Dispute.kind == filters.kind)
    if filters.search:
        conditions.append(Dispute.customer_id.in_(customer_ids(session, scope, filters.search)))
    return and_(*conditions)


def _joined(*columns: Any) -> Any:
    return (
        select(*columns)
        .select_from(Dispute)
        .outerjoin(Document, Document.id == Dispute.document_id)
        .outerjoin(Customer, Customer.id == Dispute.customer_id)
    )


def list_disputes(
    runtime: Runtime, viewer: Viewer | None, filters: DisputeFilters, cursor: str | None = None, size: int = 50
) -> Page[DisputeRow]:
    """One page of disputes by the day they were opened."""
    scope = Scope(filters.entity, viewer.entities if viewer else None)
    order = Order("opened_at", Dispute.opened_at, Dispute.id, filters.is_descending)
    with runtime.reading() as session:
        conditions = _conditions(session, scope, filters)
        columns = (Dispute, Document.number, Document.customer_name, Customer.name, _ENTITY)
        rows, following, previous = read_page(session, _joined(*columns).where(conditions), order, cursor, size)
        count = capped_count(session, _joined(Dispute.id).where(conditions))
        listed = tuple(_row(*row[:5]) for row in rows)
    return Page(following, previous, count, listed)


def _row(
    dispute: Dispute, document_number: str | None, billed_name: str | None, name: str | None, entity: str | None
) -> DisputeRow:
    return DisputeRow(
        id=dispute.id,
        revision=dispute.revision,
        number=dispute.number,
        kind=dispute.kind,
        source=dispute.source,
        customer_id=dispute.customer_id,
        customer_name=name or billed_name or "Unknown customer",
        document_id=dispute.document_id,
        document_number=document_number,
        entity=entity,
        reason=dispute.reason,
        sentence=dispute.sentence,
        currency=dispute.currency,
        amount_minor=dispute.amount_minor,
        state=dispute.state,
        opened_at=dispute.opened_at,
        due_at=dispute.due_at,
        closed_at=dispute.closed_at,
    )


def dispute_summary(runtime: Runtime, viewer: Viewer | None, entity: str | None = None) -> DisputeSummary:
    """What is open now, and how much of it is past its deadline."""
    scope = Scope(entity, viewer.entities if viewer else None)
    item = _in_dispute(scope, runtime.now()).subquery("item")
    columns = (item.c.currency, func.sum(item.c.minor), func.sum(item.c.disputes), func.sum(item.c.overdue))
    with runtime.reading() as session:
        rows = session.execute(select(*columns).group_by(item.c.currency)).all()
        present = [row[0] for row in rows]
        rates = rates_for(session, runtime.today(), runtime.settings.reporting_currency, present)
    return DisputeSummary(
        open_count=sum(int(row[2]) for row in rows),
        overdue_count=sum(int(row[3]) for row in rows),
        open_minor=rates.total((row[0], int(row[1])) for row in rows),
        currency=rates.currency,
        left_out=rates.left_out(present),
    )


def _in_dispute(scope: Scope, now: datetime) -> Any:
    """One row per invoice in dispute, and per dispute that is about none."""
    said = case((Document.id.is_(None), Dispute.amount_minor), else_=said_minor())
    return (
        _joined(
            func.coalesce(Document.currency, Dispute.currency).label("currency"),
            func.least(func.sum(said), func.max(Document.total_minor)).label("minor"),
            func.count().label("disputes"),
            func.count().filter(Dispute.due_at < now).label("overdue"),
        )
        .where(Dispute.state == "open", scope.holds(_ENTITY))
        .group_by(func.coalesce(Document.id, Dispute.id), func.coalesce(Document.currency, Dispute.currency))
    )
