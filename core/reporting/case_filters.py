"""Which exceptions are meant, and in which order: what the queue and the step from one to the next have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from core.db.tables import Case, Document
from core.reporting.invoices import customer_ids
from core.reporting.overview import AGES
from core.reporting.paging import Order, Viewer
from core.reporting.receivables import Scope

Sorting = Literal["deadline", "money", "age"]
_AGE_BOUNDS = dict(
    zip(AGES, ((None, 1), (1, 3), (3, 7), (7, None)), strict=True),
)


@dataclass(frozen=True, slots=True)
class CaseFilters:
    """None = no restriction. `owner_id` is of a person; `is_unowned`: nobody has taken it.

    `search`: the number of a document, part of a customer's name or number, or the code of a rule.
    """

    is_open: bool = True
    type: str | None = None
    queue: str | None = None
    owner_id: UUID | None = None
    is_unowned: bool = False
    is_overdue_only: bool = False
    age: str | None = None
    entity: str | None = None
    search: str | None = None
    sort: Sorting = "deadline"


def midnight(now: datetime) -> datetime:
    return datetime.combine(now.date(), time(), UTC)


def is_past_due(now: datetime) -> ColumnElement[bool]:
    return or_(Case.is_overdue, Case.due_at < now)


def order_of(filters: CaseFilters) -> Order:
    """Open: nearest deadline, most money, or oldest first. Closed: latest first."""
    if not filters.is_open:
        return Order("closed", Case.closed_at, Case.id, is_descending=True)
    match filters.sort:
        case "money":
            return Order("money", Case.stake_minor, Case.id, is_descending=True)
        case "age":
            return Order("age", Case.opened_at, Case.id)
        case "deadline":
            return Order("deadline", Case.due_at, Case.id)


def matching(session: Session, viewer: Viewer | None, filters: CaseFilters, now: datetime) -> ColumnElement[bool]:
    """The condition on exceptions that the filters and the reader's entities make."""
    scope = Scope(filters.entity, viewer.entities if viewer else None)
    conditions: list[ColumnElement[bool]] = [
        Case.state == "open" if filters.is_open else Case.closed_at.is_not(None),
        scope.holds(Case.entity),
    ]
    if filters.type is not None:
        conditions.append(Case.type == filters.type)
    if filters.queue is not None:
        conditions.append(Case.queue == filters.queue)
    if filters.owner_id is not None:
        conditions.append(Case.owner_id == filters.owner_id)
    if filters.is_unowned:
        conditions.append(Case.owner_id.is_(None))
    if filters.is_overdue_only:
        conditions.append(is_past_due(now))
    if filters.age is not None:
        conditions.append(_of_age(filters.age, now))
    if filters.search:
        conditions.append(_found(session, scope, filters.search))
    return and_(*conditions)


def _of_age(age: str, now: datetime) -> ColumnElement[bool]:
    """The same edges as the matrix of types and ages."""
    youngest, oldest = _AGE_BOUNDS.get(age, (None, None))
    conditions: list[ColumnElement[bool]] = [] if age in _AGE_BOUNDS else [false()]
    if youngest is not None:
        conditions.append(Case.opened_at <= now - timedelta(days=youngest))
    if oldest is not None:
        conditions.append(Case.opened_at > now - timedelta(days=oldest))
    return and_(*conditions)


def _found(session: Session, scope: Scope, search: str) -> ColumnElement[bool]:
    numbered = select(Document.id).where(Document.number.in_({search, search.upper()})).limit(50)
    documents = session.scalars(numbered).all()
    if documents:
        return Case.document_id.in_(documents)
    return or_(Case.customer_id.in_(customer_ids(session, scope, search)), Case.code == search.lower())
