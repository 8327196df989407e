"""Deliveries to ledgers: the list, one with its attempts, and what an action on many of them would mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, literal_column, select, true
from sqlalchemy.orm import Session

from core.db.tables import Delivery, DeliveryAttempt, Document
from core.kit.errors import NotFound
from core.posting.model import MOVES, DeliveryState
from core.reporting.invoice_detail import system_name
from core.reporting.masking import masked
from core.reporting.paging import Order, Page, Viewer, capped_count, read_page
from core.reporting.receivables import Scope
from core.runtime import Runtime

STATES = tuple(state.value for state in DeliveryState)
# "All that match" never takes more at once; the rest follows with the next click.
MOST_AT_ONCE = 500
Verb = Literal["retry", "set_aside"]
_STOPPED = frozenset({DeliveryState.REFUSED, DeliveryState.SET_ASIDE})


@dataclass(frozen=True, slots=True)
class DeliveryFilters:
    """`state`: a state, "open" (all that have not arrived) or None = all. `search`: the number of a document."""

    state: str | None = "open"
    system: str | None = None
    search: str | None = None
    is_oldest_first: bool = True


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    id: UUID
    revision: int
    document_id: UUID
    system: str
    kind: str
    number: str
    customer_name: str
    entity: str | None
    currency: str
    total_minor: int
    state: str
    attempts: int
    error: str | None
    enqueued_at: datetime
    next_at: datetime | None
    external_number: str | None

    @property
    def can_retry(self) -> bool:
        return self.state in _STOPPED

    @property
    def can_set_aside(self) -> bool:
        return DeliveryState.SET_ASIDE in MOVES[DeliveryState(self.state)]

    def takes(self, verb: Verb) -> bool:
        return self.can_retry if verb == "retry" else self.can_set_aside


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call: what it wanted, how it ended ("under way" until then), and the exchange without secrets."""

    number: int
    action: str
    begun_at: datetime
    ended_at: datetime | None
    outcome: str
    request: dict[str, Any] | None
    response: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class DeliveryDetail:
    row: DeliveryRow
    key: str
    error_code: str | None
    delivered_at: datetime | None
    attempts: tuple[Attempt, ...]
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an action would take: the rows, their money per currency, and how many rows cannot be taken."""

    rows: tuple[DeliveryRow, ...]
    totals: tuple[tuple[str, int], ...]
    left_out: int


def preview(rows: Iterable[DeliveryRow], verb: Verb) -> Preview:
    every = tuple(rows)
    taken = tuple(row for row in every if row.takes(verb))
    totals: Counter[str] = Counter()
    for row in taken:
        totals[row.currency] += row.total_minor
    return Preview(taken, tuple(sorted(totals.items())), len(every) - len(taken))


def list_deliveries(
    runtime: Runtime, viewer: Viewer | None, filters: DeliveryFilters, cursor: str | None = None, size: int = 50
) -> Page[DeliveryRow]:
    """One page, by the time they were enqueued: their ids sort by it."""
    order = Order("enqueued", Delivery.id, Delivery.id, not filters.is_oldest_first)
    with runtime.reading() as session:
        conditions = _conditions(session, filters, viewer)
        statement = _joined(Delivery, Document).where(conditions)
        rows, following, previous = read_page(session, statement, order, cursor, size)
        count = capped_count(session, _joined(Delivery.id).where(conditions))
        return Page(following, previous, count, tuple(_row(row[0], row[1]) for row in rows))


def matching(runtime: Runtime, viewer: Viewer | None, filters: DeliveryFilters, verb: Verb) -> tuple[DeliveryRow, ...]:
    """All that the filters show and the action can take, oldest first, at most MOST_AT_ONCE."""
    able = [state for state in DeliveryState if _takes(state, verb)]
    with runtime.reading() as session:
        conditions = _conditions(session, filters, viewer)
        statement = _joined(Delivery, Document).where(conditions, Delivery.state.in_(able), _IS_OPEN)
        found = session.execute(statement.order_by(Delivery.id).limit(MOST_AT_ONCE)).all()
        return tuple(_row(row[0], row[1]) for row in found)


def delivery_detail(runtime: Runtime, viewer: Viewer | None, id: UUID) -> DeliveryDetail:
    """Raises NotFound when there is none, or it belongs to an entity the reader may not see."""
    scope = Scope(None, viewer.entities if viewer else None)
    with runtime.reading() as session:
        found = session.execute(
            _joined(Delivery, Document).where(Delivery.id == id, scope.holds(Document.entity))
        ).one_or_none()
        if found is None:
            raise NotFound("This delivery")
        delivery: Delivery = found[0]
        attempts = session.scalars(
            select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == id).order_by(DeliveryAttempt.number.desc())
        ).all()
        return DeliveryDetail(
            row=_row(delivery, found[1]),
            key=delivery.key,
            error_code=delivery.error_code,
            delivered_at=delivery.delivered_at,
            attempts=tuple(_attempt(each) for each in attempts),
            payload=masked(delivery.payload),
        )


# Spelled as in the index of open deliveries, so that the planner sees that it serves.
_IS_OPEN = Delivery.state != literal_column("'delivered'")


def _takes(state: DeliveryState, verb: Verb) -> bool:
    return state in _STOPPED if verb == "retry" else DeliveryState.SET_ASIDE in MOVES[state]


def _conditions(session: Session, filters: DeliveryFilters, viewer: Viewer | None) -> ColumnElement[bool]:
    scope = Scope(None, viewer.entities if viewer else None)
    conditions: list[ColumnElement[bool]] = [true(), scope.holds(Document.entity)]
    if filters.state == "open":
        conditions.append(_IS_OPEN)
    elif filters.state is not None:
        conditions.append(Delivery.state == filters.state)
        if filters.state != DeliveryState.DELIVERED:
            conditions.append(_IS_OPEN)
    if filters.system is not None:
        conditions.append(Delivery.system == filters.system)
    if filters.search:
        named = select(Document.id).where(Document.number.in_({filters.search, filters.search.upper()})).limit(50)
        conditions.append(Delivery.document_id.in_(session.scalars(named).all()))
    return and_(*conditions)


def _joined(*columns: Any) -> Any:
    return select(*columns).select_from(Delivery).join(Document, Document.id == Delivery.document_id)


def _row(delivery: Delivery, document: Document) -> DeliveryRow:
    is_moving = delivery.state in (DeliveryState.QUEUED, DeliveryState.RETRYING, DeliveryState.IN_DOUBT)
    return DeliveryRow(
        id=delivery.id,
        revision=delivery.revision,
        document_id=document.id,
        system=system_name(delivery.system),
        kind=document.kind,
        number=document.number,
        customer_name=document.customer_name,
        entity=document.entity,
        currency=document.currency,
        total_minor=document.total_minor,
        state=delivery.state,
        attempts=delivery.attempts,
        error=delivery.error,
        enqueued_at=delivery.enqueued_at,
        next_at=delivery.next_at if is_moving else None,
        external_number=delivery.external_number,
    )


def _attempt(attempt: DeliveryAttempt) -> Attempt:
    return Attempt(
        number=attempt.number,
        action="Sent" if attempt.action == "post" else "Looked up first",
        begun_at=attempt.begun_at,
        ended_at=attempt.ended_at,
        outcome=attempt.outcome or "under way",
        request=masked(attempt.request),
        response=masked(attempt.response),
    )
