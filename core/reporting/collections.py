"""Collections: customers to work on now, best first, and those to leave alone today with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.collections.model import Points, Verdict
from core.collections.rules import judge
from core.db.tables import ContactLog, Customer, Promise
from core.disputes.model import REASONS as DISPUTE_REASONS
from core.kit.errors import NotFound
from core.reporting.case_filters import midnight
from core.reporting.collection_positions import Positions, positions
from core.reporting.customers import CustomerDetail, customer_detail
from core.reporting.invoices import InvoiceFilters, InvoiceRow, customer_ids, list_invoices
from core.reporting.paging import CountCapped, Page, Viewer
from core.reporting.receivables import Scope
from core.runtime import Runtime

__all__ = ["CONTACT_OUTCOMES", "DISPUTE_REASONS"]

Action = Literal["log_contact", "promise", "dispute"]
CONTACT_OUTCOMES = ("Spoke with the customer", "Left a message", "No answer", "Asked for a copy", "Will pay", "Other")
_OPEN_ITEMS = 25


@dataclass(frozen=True, slots=True)
class CollectionFilters:
    """`owner`: who looks after the customer. `search`: part of the customer's name or number."""

    is_left_alone: bool = False
    entity: str | None = None
    owner: str | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """`chase_minor` leaves out what is disputed, held, promised, paid or retried; money in `currency`."""

    customer_id: UUID
    number: str
    name: str
    entity: str | None
    segment: str | None
    owner: str | None
    currency: str
    score: int
    points: tuple[Points, ...]
    chase_minor: int
    overdue_minor: int
    days_late: int
    broken_promises: int
    contacted_at: datetime | None
    leave_alone: str | None


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """Over all customers that the filters let through; money in `currency`."""

    currency: str
    chase_minor: int
    now_count: int
    left_alone_count: int
    left_alone_minor: int
    promises_due_today: int
    broken_promises: int
    contacted_today: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkList:
    page: Page[CollectionRow]
    summary: CollectionSummary


@dataclass(frozen=True, slots=True)
class CustomerWork:
    """One customer for the panel beside the list; `open_items` are the oldest first."""

    row: CollectionRow
    detail: CustomerDetail
    open_items: tuple[InvoiceRow, ...]
    disputable: tuple[InvoiceRow, ...]
    available_actions: frozenset[Action]


def work_list(
    runtime: Runtime, viewer: Viewer | None, filters: CollectionFilters, cursor: str | None = None, size: int = 50
) -> WorkList:
    """One page of the ranked list, and what the whole comes to. Its cost is that of what is overdue."""
    scope, now = Scope(filters.entity, viewer.entities if viewer else None), runtime.now()
    with runtime.reading() as session:
        found = positions(session, scope, now, runtime.settings.reporting_currency)
        rows = [row for row in _rows(session, found, now) if row.overdue_minor > 0]
        rows = _wanted(session, scope, rows, filters)
        summary = _summary(session, scope, rows, found, now)
    listed = sorted((row for row in rows if (row.leave_alone is not None) == filters.is_left_alone), key=_rank)
    return WorkList(_page(listed, cursor, size), summary)


def account_owners(runtime: Runtime, viewer: Viewer | None) -> tuple[str, ...]:
    """Who looks after customers, by name."""
    scope = Scope(None, viewer.entities if viewer else None)
    statement = select(Customer.owner).where(Customer.owner.is_not(None), scope.holds(Customer.entity)).distinct()
    with runtime.reading() as session:
        return tuple(sorted(owner for owner in session.scalars(statement) if owner))


def _rank(row: CollectionRow) -> tuple[int, int, str, UUID]:
    return (-row.score, -max(row.chase_minor, row.overdue_minor), row.name, row.customer_id)


def _rows(session: Session, found: Positions, now: datetime) -> list[CollectionRow]:
    statement = select(Customer).where(Customer.id.in_(list(found.by_customer)))
    return [_row(customer, found, now) for customer in session.scalars(statement)]


def _row(customer: Customer, found: Positions, now: datetime) -> CollectionRow:
    position = found.of(customer.id)
    verdict: Verdict = judge(position, found.currency, now)
    return CollectionRow(
        customer_id=customer.id,
        number=customer.number,
        name=customer.name,
        entity=customer.entity,
        segment=customer.segment,
        owner=customer.owner,
        currency=found.currency,
        score=verdict.score,
        points=verdict.points,
        chase_minor=verdict.chase_minor,
        overdue_minor=position.overdue_minor,
        days_late=position.days_late,
        broken_promises=position.broken_promises,
        contacted_at=position.contacted_at,
        leave_alone=verdict.leave_alone.sentence if verdict.leave_alone else None,
    )


def _wanted(
    session: Session, scope: Scope, rows: Iterable[CollectionRow], filters: CollectionFilters
) -> list[CollectionRow]:
    matching = set(customer_ids(session, scope, filters.search)) if filters.search else None
    return [
        row
        for row in rows
        if (filters.owner is None or row.owner == filters.owner) and (matching is None or row.customer_id in matching)
    ]


def _summary(
    session: Session, scope: Scope, rows: list[CollectionRow], found: Positions, now: datetime
) -> CollectionSummary:
    left_alone = [row for row in rows if row.leave_alone is not None]
    ours = select(Customer.id).where(scope.holds(Customer.entity))
    due = select(func.count()).where(
        Promise.state == "open", Promise.promised_on == now.date(), Promise.customer_id.in_(ours)
    )
    called = select(func.count(ContactLog.customer_id.distinct())).where(
        ContactLog.at >= midnight(now), ContactLog.kind != "note", ContactLog.customer_id.in_(ours)
    )
    return CollectionSummary(
        currency=found.currency,
        chase_minor=sum(row.chase_minor for row in rows if row.leave_alone is None),
        now_count=len(rows) - len(left_alone),
        left_alone_count=len(left_alone),
        left_alone_minor=sum(row.overdue_minor for row in left_alone),
        promises_due_today=session.scalar(due) or 0,
        broken_promises=sum(row.broken_promises for row in rows),
        contacted_today=session.scalar(called) or 0,
        left_out=found.left_out,
    )


def _page(rows: list[CollectionRow], cursor: str | None, size: int) -> Page[CollectionRow]:
    """The rows after the customer that the cursor names; the ranking is made anew for each page."""
    place = {str(row.customer_id): position for position, row in enumerate(rows)}
    start = place[cursor] + 1 if cursor in place else 0
    shown = tuple(rows[start : start + size])
    following = str(shown[-1].customer_id) if shown and start + size < len(rows) else None
    # "-" names no customer: the first page.
    before = str(rows[start - size - 1].customer_id) if start > size else "-"
    return Page(following, before if start else None, CountCapped(len(rows), is_capped=False), shown)


def customer_work(runtime: Runtime, viewer: Viewer | None, id: UUID) -> CustomerWork:
    """Raises NotFound when there is no such customer or it belongs to an entity the reader may not see."""
    detail = customer_detail(runtime, viewer, id)
    scope, now = Scope(None, viewer.entities if viewer else None), runtime.now()
    with runtime.reading() as session:
        found = positions(session, scope, now, runtime.settings.reporting_currency, customer_id=id)
        customer = session.get(Customer, id)
        if customer is None:
            raise NotFound("This customer")
        row = _row(customer, found, now)
    items = list_invoices(runtime, viewer, InvoiceFilters(customer_id=id), size=_OPEN_ITEMS).rows
    disputable = tuple(item for item in items if not item.is_disputed and item.open_minor > 0)
    actions: set[Action] = {"log_contact", "promise"}
    if disputable:
        actions.add("dispute")
    return CustomerWork(row, detail, items, disputable, frozenset(actions))
