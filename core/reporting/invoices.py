"""Lists of invoices and credit memos, filtered, sorted and paged in SQL, as of any day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from core.db.tables import Application, Customer, Document
from core.documents.model import DocumentState
from core.reporting import process
from core.reporting.formulas import bucket_of
from core.reporting.paging import CountCapped, Order, Page, Viewer, read_page, scanned_count
from core.reporting.receivables import Basis, Scope, basis_date, open_on
from core.runtime import Runtime

Sorting = Literal["due_date", "issue_date"]
# A search for customers takes this many at most; a longer list is no search.
_CUSTOMERS_FOUND = 200
_BOUNDS: dict[str, tuple[int | None, int | None]] = {
    "current": (None, 0),
    "d1_30": (1, 30),
    "d31_60": (31, 60),
    "d61_90": (61, 90),
    "d90_plus": (91, None),
}
STATES = tuple(state.value for state in DocumentState)


@dataclass(frozen=True, slots=True)
class InvoiceFilters:
    """None = no restriction. `as_of` None = today. `search`: the exact number of a document, or part of a customer's
    name or number."""

    as_of: date | None = None
    is_open_only: bool = True
    is_overdue_only: bool = False
    basis: Basis = "due"
    bucket: str | None = None
    state: str | None = None
    entity: str | None = None
    currency: str | None = None
    segment: str | None = None
    is_disputed: bool | None = None
    kind: str | None = "invoice"
    search: str | None = None
    customer_id: UUID | None = None
    # A figure of `process.COUNTED`: the invoices that it counts.
    counted_in: str | None = None
    sort: Sorting = "due_date"
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """`open_minor`, `days_past` and `days_late` are as of the day of the filters. `days_past`: since the date of the
    filters' basis, of whatever state; `days_late`: since the due date, None for what is not open any more."""

    id: UUID
    revision: int
    kind: str
    number: str
    customer_id: UUID | None
    customer_name: str
    entity: str | None
    currency: str
    issue_date: date
    due_date: date
    days_past: int
    days_late: int | None
    bucket: str
    total_minor: int
    open_minor: int
    state: str
    is_disputed: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """What a search text stands for."""

    numbers: tuple[UUID, ...]
    customers: tuple[UUID, ...]

    def matches(self, columns: Any) -> ColumnElement[bool]:
        if self.numbers:
            wanted: ColumnElement[bool] = columns.id.in_(self.numbers)
            return wanted
        by_customer: ColumnElement[bool] = columns.customer_id.in_(self.customers)
        return by_customer


def customer_ids(session: Session, scope: Scope, search: str) -> tuple[UUID, ...]:
    """Customers whose name or number contains the text."""
    text = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = f"%{text}%"
    statement = select(Customer.id).where(
        Customer.name.ilike(like) | Customer.number.ilike(like), scope.holds(Customer.entity)
    )
    return tuple(session.scalars(statement.limit(_CUSTOMERS_FOUND)))


def _look_up(session: Session, scope: Scope, search: str) -> _Found:
    numbers = tuple(session.scalars(select(Document.id).where(Document.number.in_({search, search.upper()})).limit(50)))
    return _Found(numbers, () if numbers else customer_ids(session, scope, search))


def _in_bucket(filters: InvoiceFilters, as_of: date, columns: Any) -> ColumnElement[bool]:
    if filters.bucket is None:
        return true()
    youngest, oldest = _BOUNDS[filters.bucket]
    day = basis_date(filters.basis, columns)
    conditions: list[ColumnElement[bool]] = []
    if youngest is not None:
        conditions.append(day <= as_of - timedelta(days=youngest))
    if oldest is not None:
        conditions.append(day >= as_of - timedelta(days=oldest))
    return and_(*conditions)


def _is_open(as_of: date, today: date, columns: Any) -> ColumnElement[bool]:
    """As `open_on`, but for today the open-item index alone answers."""
    if as_of >= today:
        return and_(columns.open_minor != 0, columns.issue_date <= as_of)
    return open_on(as_of, columns)


def _driving(filters: InvoiceFilters, as_of: date, today: date, found: _Found | None) -> ColumnElement[bool]:
    """The conditions that an index answers: they bound what is read."""
    conditions: list[ColumnElement[bool]] = [_in_bucket(filters, as_of, Document)]
    if filters.is_open_only or filters.is_overdue_only:
        conditions += [_is_open(as_of, today, Document), Document.state != DocumentState.VOID]
    if filters.is_overdue_only:
        conditions.append(Document.due_date < as_of)
    if found is not None:
        conditions.append(found.matches(Document))
    if filters.customer_id is not None:
        conditions.append(Document.customer_id == filters.customer_id)
    if filters.counted_in is not None:
        conditions.append(process.COUNTED[filters.counted_in](as_of))
    if filters.is_disputed:
        conditions.append(Document.is_disputed == true())
    if filters.state is not None and filters.state != DocumentState.POSTED:
        conditions.append(Document.state == filters.state)
    return and_(*conditions)


def _remaining(filters: InvoiceFilters, scope: Scope, columns: Any) -> ColumnElement[bool]:
    """The conditions checked row by row."""
    conditions: list[ColumnElement[bool]] = [scope.holds(columns.entity)]
    if filters.kind is not None:
        conditions.append(columns.kind == filters.kind)
    if filters.currency is not None:
        conditions.append(columns.currency == filters.currency)
    if filters.state == DocumentState.POSTED:
        conditions.append(columns.state == filters.state)
    if filters.is_disputed is False:
        conditions.append(~columns.is_disputed)
    if filters.segment is not None:
        members = select(Customer.id).where(Customer.segment == filters.segment)
        conditions.append(columns.customer_id.in_(members))
    return and_(*conditions)


def open_narrowed(session: Session, scope: Scope, filters: InvoiceFilters, today: date) -> ColumnElement[bool]:
    """Which of the open items the filters mean: all that they say but the age."""
    as_of, found = filters.as_of or today, _look_up(session, scope, filters.search) if filters.search else None
    of_any_age = replace(filters, bucket=None, is_open_only=True)
    return and_(_driving(of_any_age, as_of, today, found), _remaining(of_any_age, scope, Document))


def _order(filters: InvoiceFilters) -> Order:
    key = Document.due_date if filters.sort == "due_date" else Document.issue_date
    return Order(filters.sort, key, Document.id, filters.is_descending)


def _columns(as_of: date) -> tuple[Any, ...]:
    later = (
        select(func.coalesce(func.sum(Application.amount_minor), 0))
        .where(Application.document_id == Document.id, Application.effective_on > as_of)
        .correlate(Document)
        .scalar_subquery()
    )
    return (Document, (Document.open_minor + later).label("open_then"))


def _row(document: Document, open_minor: int, as_of: date, basis: Basis) -> InvoiceRow:
    past = (as_of - (document.due_date if basis == "due" else document.issue_date)).days
    is_open = open_minor != 0 and document.state != DocumentState.VOID
    return InvoiceRow(
        id=document.id,
        revision=document.revision,
        kind=document.kind,
        number=document.number,
        customer_id=document.customer_id,
        customer_name=document.customer_name,
        entity=document.entity,
        currency=document.currency,
        issue_date=document.issue_date,
        due_date=document.due_date,
        days_past=past,
        days_late=max((as_of - document.due_date).days, 0) if is_open else None,
        bucket=bucket_of(past),
        total_minor=document.total_minor,
        open_minor=int(open_minor),
        state=document.state,
        is_disputed=document.is_disputed,
    )


def _counted(session: Session, filters: InvoiceFilters, driving: ColumnElement[bool], scope: Scope) -> CountCapped:
    columns = (
        Document.id,
        Document.entity,
        Document.kind,
        Document.currency,
        Document.state,
        Document.is_disputed,
        Document.customer_id,
    )
    order = _order(filters)
    candidates = select(*columns).where(driving).order_by(order.key, order.id)
    return scanned_count(session, candidates, lambda seen: _remaining(filters, scope, seen))


def list_invoices(
    runtime: Runtime, viewer: Viewer | None, filters: InvoiceFilters, cursor: str | None = None, size: int = 50
) -> Page[InvoiceRow]:
    """One page of documents; what it costs depends on the page and on what is open, not on history."""
    today = runtime.today()
    as_of = filters.as_of or today
    scope = Scope(filters.entity, viewer.entities if viewer else None)
    with runtime.reading() as session:
        found = _look_up(session, scope, filters.search) if filters.search else None
        driving = _driving(filters, as_of, today, found)
        statement = select(*_columns(as_of)).where(driving, _remaining(filters, scope, Document))
        rows, next_cursor, previous_cursor = read_page(session, statement, _order(filters), cursor, size)
        count = _counted(session, filters, driving, scope)
        listed = tuple(_row(row[0], row[1], as_of, filters.basis) for row in rows)
    return Page(next_cursor, previous_cursor, count, listed)
