"""Which approvals are meant, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, case, or_
from sqlalchemy.orm import Session

from core.db.tables import Approval, Document
from core.reporting.approvers import Reader
from core.reporting.invoices import customer_ids
from core.reporting.paging import Order
from core.reporting.receivables import Scope

Sorting = Literal["deadline", "money", "waiting"]


@dataclass(frozen=True, slots=True)
class ApprovalFilters:
    """None = no restriction. `search`: the number of a document, or part of a customer's name or number."""

    is_mine: bool = True
    is_overdue_only: bool = False
    entity: str | None = None
    search: str | None = None
    sort: Sorting = "deadline"


# The policy weighs a credit memo by its size; in reports it takes money away.
SIGNED_MINOR: ColumnElement[int] = case((Document.total_minor < 0, -Approval.amount_minor), else_=Approval.amount_minor)


def order_of(filters: ApprovalFilters) -> Order:
    match filters.sort:
        case "money":
            return Order("money", Approval.amount_minor, Approval.id, is_descending=True)
        case "waiting":
            return Order("waiting", Approval.requested_at, Approval.id)
        case "deadline":
            return Order("deadline", Approval.due_at, Approval.id)


def matching(session: Session, reader: Reader, filters: ApprovalFilters, now: datetime) -> ColumnElement[bool]:
    scope = Scope(filters.entity, reader.entities)
    conditions: list[ColumnElement[bool]] = [Approval.state == "waiting", scope.holds(Approval.entity)]
    if filters.is_mine:
        conditions.append(Approval.assignee_id == reader.user_id)
    if filters.is_overdue_only:
        conditions.append(Approval.due_at < now)
    if filters.search:
        conditions.append(_found(session, scope, filters.search))
    return and_(*conditions)


def _found(session: Session, scope: Scope, search: str) -> ColumnElement[bool]:
    customers = customer_ids(session, scope, search)
    return or_(Document.number.in_({search, search.upper()}), Document.customer_id.in_(customers))
