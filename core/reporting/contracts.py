"""Lists of contracts, filtered, sorted and paged in SQL, with what is billed next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, select, true
from sqlalchemy.orm import Session

from core.db.tables import Contract, Customer, ScheduleItem, SchedulePlan
from core.reporting.invoices import customer_ids
from core.reporting.paging import Order, Page, Viewer, capped_count, read_page
from core.reporting.receivables import Scope
from core.runtime import Runtime

STATES = ("active", "draft", "expired")
Sorting = Literal["starts_on", "ends_on", "number"]
# Contracts without a last day stand behind all others.
_NO_END = literal(date(9999, 12, 31))


@dataclass(frozen=True, slots=True)
class ContractFilters:
    """None = no restriction. `search`: the number of a contract, or part of a customer's name or number."""

    status: str | None = "active"
    billed_by: str | None = None
    entity: str | None = None
    currency: str | None = None
    is_stopped_only: bool = False
    search: str | None = None
    sort: Sorting = "starts_on"
    is_descending: bool = True


@dataclass(frozen=True, slots=True)
class ContractRow:
    """`next_minor`: what is known of the next bill before tax; None when usage decides all of it, or nothing is open.
    `problem`: why it cannot be billed."""

    id: UUID
    number: str
    customer_id: UUID
    customer_name: str
    entity: str | None
    status: str
    starts_on: date
    ends_on: date | None
    currency: str
    frequency: str | None
    billed_by: str
    auto_renews: bool
    problem: str | None
    next_on: date | None
    next_minor: int | None


def list_contracts(
    runtime: Runtime, viewer: Viewer | None, filters: ContractFilters, cursor: str | None = None, size: int = 50
) -> Page[ContractRow]:
    """One page of contracts."""
    scope = Scope(filters.entity, viewer.entities if viewer else None)
    with runtime.reading() as session:
        matching = _joined(Contract, Customer.name, Customer.entity, SchedulePlan.problem).where(
            _conditions(session, scope, filters)
        )
        rows, following, previous = read_page(session, matching, _order(filters), cursor, size)
        bills = _next_bills(session, [row[0].id for row in rows])
        count = capped_count(session, _joined(Contract.id).where(_conditions(session, scope, filters)))
        listed = tuple(_row(row[0], (row[1], row[2]), row[3], bills.get(row[0].id)) for row in rows)
    return Page(following, previous, count, listed)


def _joined(*columns: Any) -> Any:
    return (
        select(*columns)
        .select_from(Contract)
        .outerjoin(Customer, Customer.id == Contract.customer_id)
        .outerjoin(SchedulePlan, SchedulePlan.contract_id == Contract.id)
    )


def _conditions(session: Session, scope: Scope, filters: ContractFilters) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [scope.holds(Customer.entity)]
    for column, wanted in (
        (Contract.status, filters.status),
        (Contract.billed_by, filters.billed_by),
        (Contract.currency, filters.currency),
    ):
        conditions.append(true() if wanted is None else column == wanted)
    if filters.is_stopped_only:
        conditions.append(SchedulePlan.problem.is_not(None))
    if filters.search:
        found = customer_ids(session, scope, filters.search)
        conditions.append((Contract.number == filters.search) | Contract.customer_id.in_(found))
    return and_(*conditions)


def _order(filters: ContractFilters) -> Order:
    key = {
        "starts_on": Contract.starts_on,
        "ends_on": func.coalesce(Contract.ends_on, _NO_END),
        "number": Contract.number,
    }[filters.sort]
    return Order(filters.sort, key, Contract.id, filters.is_descending)


def _next_bills(session: Session, ids: Iterable[UUID]) -> dict[UUID, tuple[date, int | None]]:
    """Day and known amount of the next bill per contract."""
    is_ours = and_(ScheduleItem.contract_id.in_(list(ids)), ScheduleItem.state == "open")
    first = (
        select(ScheduleItem.contract_id, func.min(ScheduleItem.bill_on).label("day"))
        .where(is_ours)
        .group_by(ScheduleItem.contract_id)
        .subquery()
    )
    statement = (
        select(first.c.contract_id, first.c.day, func.sum(ScheduleItem.expected_minor))
        .join(ScheduleItem, and_(ScheduleItem.contract_id == first.c.contract_id, ScheduleItem.bill_on == first.c.day))
        .where(ScheduleItem.state == "open")
        .group_by(first.c.contract_id, first.c.day)
    )
    return {id: (day, None if minor is None else int(minor)) for id, day, minor in session.execute(statement).tuples()}


def _row(
    contract: Contract,
    customer: tuple[str | None, str | None],
    problem: str | None,
    following: tuple[date, int | None] | None,
) -> ContractRow:
    name, entity = customer
    next_on, next_minor = following or (None, None)
    return ContractRow(
        id=contract.id,
        number=contract.number,
        customer_id=contract.customer_id,
        customer_name=name or "Unknown customer",
        entity=entity,
        status=contract.status,
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
        currency=contract.currency,
        frequency=contract.billing_frequency,
        billed_by=contract.billed_by,
        auto_renews=contract.auto_renews,
        problem=problem,
        next_on=next_on,
        next_minor=next_minor,
    )
