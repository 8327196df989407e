"""One customer: what is owed and how old it is, contracts, promises, disputes, and what was said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from core.db.tables import ContactLog, Contract, Customer, Dispute, Document, Promise
from core.kit.errors import NotFound
from core.reporting import receivables
from core.reporting.formulas import BUCKETS
from core.reporting.paging import Viewer
from core.reporting.receivables import Scope
from core.runtime import Runtime

Owned = TypeVar("Owned", Contract, Promise, Dispute, ContactLog)
_MOST = 50


@dataclass(frozen=True, slots=True)
class Balance:
    """What the customer owes in one currency at the close of the day."""

    currency: str
    buckets: dict[str, int]
    count: int

    @property
    def total_minor(self) -> int:
        return sum(self.buckets.values())

    @property
    def overdue_minor(self) -> int:
        return self.total_minor - self.buckets["current"]


@dataclass(frozen=True, slots=True)
class CustomerDetail:
    """Lists are the newest first, at most 50 each."""

    customer: Customer
    as_of: date
    balances: tuple[Balance, ...]
    contracts: tuple[Contract, ...]
    promises: tuple[Promise, ...]
    disputes: tuple[Dispute, ...]
    contacts: tuple[ContactLog, ...]


def customer_detail(runtime: Runtime, viewer: Viewer | None, id: UUID, as_of: date | None = None) -> CustomerDetail:
    """Raises NotFound when there is no such customer or it belongs to an entity the reader may not see."""
    day = as_of or runtime.today()
    scope = Scope(None, viewer.entities if viewer else None)
    with runtime.reading() as session:
        customer = session.scalar(select(Customer).where(Customer.id == id, scope.holds(Customer.entity)))
        if customer is None:
            raise NotFound("This customer")
        return CustomerDetail(
            customer=customer,
            as_of=day,
            balances=_balances(session, id, day, scope),
            contracts=_newest(session, Contract, Contract.starts_on, id),
            promises=_newest(session, Promise, Promise.made_at, id),
            disputes=_newest(session, Dispute, Dispute.opened_at, id, _is_seen(scope)),
            contacts=_newest(session, ContactLog, ContactLog.at, id),
        )


def customer_name(runtime: Runtime, viewer: Viewer | None, id: UUID) -> str:
    """Raises NotFound as `customer_detail` does."""
    scope = Scope(None, viewer.entities if viewer else None)
    with runtime.reading() as session:
        name = session.scalar(select(Customer.name).where(Customer.id == id, scope.holds(Customer.entity)))
    if name is None:
        raise NotFound("This customer")
    return name


def _is_seen(scope: Scope) -> ColumnElement[bool]:
    """A dispute about a document belongs to the document's legal entity, any other to the customer's."""
    hidden = select(Document.id).where(Document.id == Dispute.document_id, ~scope.holds(Document.entity))
    return ~hidden.exists()


def _newest(
    session: Session, table: type[Owned], column: Any, id: UUID, condition: ColumnElement[bool] | None = None
) -> tuple[Owned, ...]:
    owner: Any = table
    statement = select(table).where(owner.customer_id == id, true() if condition is None else condition)
    statement = statement.order_by(column.desc()).limit(_MOST)
    return tuple(session.scalars(statement))


def _balances(session: Session, id: UUID, day: date, scope: Scope) -> tuple[Balance, ...]:
    later = receivables.later_applications(day)
    amount = receivables.open_amount(later)
    bucket = receivables.bucket_case(day, "due").label("bucket")
    statement = (
        select(Document.currency, bucket, func.sum(amount), func.count())
        .outerjoin(later, later.c.id == Document.id)
        .where(receivables.receivable(), receivables.open_on(day), amount != 0, Document.customer_id == id)
        .where(scope.holds(Document.entity))
        .group_by(Document.currency, bucket)
    )
    found: dict[str, tuple[dict[str, int], list[int]]] = {}
    for currency, name, minor, count in session.execute(statement):
        buckets, counts = found.setdefault(currency, (dict.fromkeys(BUCKETS, 0), []))
        buckets[name] += int(minor)
        counts.append(count)
    return tuple(Balance(currency, buckets, sum(counts)) for currency, (buckets, counts) in sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Facets:
    """What lists can be narrowed to."""

    segments: tuple[str, ...]
    currencies: tuple[str, ...]


def facets(runtime: Runtime, viewer: Viewer | None) -> Facets:
    """Segments and currencies of the customers the reader may see."""
    scope = Scope(None, viewer.entities if viewer else None)
    seen = select(Customer.segment, Customer.currency).where(scope.holds(Customer.entity)).distinct()
    with runtime.reading() as session:
        pairs = session.execute(seen).tuples().all()
    return Facets(tuple(sorted({s for s, _ in pairs if s})), tuple(sorted({c for _, c in pairs})))
