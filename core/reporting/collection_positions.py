"""Positions of customers with overdue money, as sums of the open items, promises, contacts and unapplied cash.

Amounts of several currencies are brought into the reporting currency at today's stated rates; a currency without a
rate is left out and named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from core.collections.model import Position
from core.collections.rules import CARD_RETRY_DAYS, TREND_DAYS
from core.db.tables import Application, ContactLog, Customer, Document, Payment, Promise
from core.documents.model import DocumentState
from core.reporting.disputed import disputed_open
from core.reporting.exchange import Rates, rates_for
from core.reporting.receivables import Scope, receivable

# Promises broken longer ago than this are forgiven.
_PROMISE_MEMORY = timedelta(days=365)
_BEING_PUT_RIGHT = (DocumentState.RECEIVED, DocumentState.ON_HOLD, DocumentState.AWAITING_APPROVAL)


@dataclass
class _Sums:
    """What is added up for one customer before it becomes a position; minor units of the common currency."""

    money: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    oldest_due: date | None = None
    broken_promises: int = 0
    promised_until: date | None = None
    contacted_at: datetime | None = None

    def position(self, today: date) -> Position:
        return Position(
            overdue_minor=self.money["overdue"],
            disputed_minor=self.money["disputed"],
            held_minor=self.money["held"],
            retried_minor=self.money["retried"],
            promised_minor=self.money["promised"],
            unapplied_minor=self.money["unapplied"],
            days_late=(today - self.oldest_due).days if self.oldest_due else 0,
            broken_promises=self.broken_promises,
            before_minor=self.money["before"],
            promised_until=self.promised_until,
            contacted_at=self.contacted_at,
        )


@dataclass(frozen=True, slots=True)
class Positions:
    """Positions by customer; money in `currency`, `left_out` are currencies without a rate."""

    currency: str
    by_customer: dict[UUID, Position]
    left_out: tuple[str, ...]

    def of(self, customer_id: UUID) -> Position:
        return self.by_customer.get(customer_id) or Position(overdue_minor=0)


def positions(
    session: Session, scope: Scope, now: datetime, reporting: str, *, customer_id: UUID | None = None
) -> Positions:
    """Of all customers of the scope with overdue money, or of one customer."""
    today = now.date()
    chosen = Document.customer_id == customer_id if customer_id else true()
    overdue = session.execute(_overdue(scope, today, chosen)).all()
    rates = rates_for(session, today, reporting, {row.currency for row in overdue})
    sums: dict[UUID, _Sums] = defaultdict(_Sums)
    _add_overdue(sums, overdue, rates)
    ids = list(sums) if customer_id is None else [customer_id]
    _add_before(sums, session.execute(_applied_lately(scope, today, chosen)), rates)
    _add_promises(sums, session.execute(_promises(ids, today)), rates)
    _add_unapplied(sums, session.execute(_unapplied(ids)), rates)
    _add_contacts(sums, session.execute(_contacts(ids)))
    found = {id: sums[id].position(today) for id in ids if id in sums}
    return Positions(rates.currency, found, rates.left_out(row.currency for row in overdue))


def _overdue(scope: Scope, today: date, chosen: ColumnElement[bool]) -> Any:
    """Open and past due, per customer and currency, by what may be done about it. What is in dispute of an invoice is
    left alone; the rest of the invoice is not."""
    item = _overdue_items(scope, today, chosen).subquery("item")
    amount, rest = func.sum(item.c.open), func.sum(item.c.open - item.c.disputed)
    is_held, is_retried, nothing = item.c.is_held, item.c.is_retried, 0
    chased = and_(item.c.open > item.c.disputed, ~is_held, ~is_retried)
    oldest = func.min(item.c.due_date)
    return select(
        item.c.customer_id,
        item.c.currency,
        amount.label("overdue"),
        func.sum(item.c.disputed).label("disputed"),
        func.coalesce(rest.filter(is_held), nothing).label("held"),
        func.coalesce(rest.filter(~is_held, is_retried), nothing).label("retried"),
        func.coalesce(amount.filter(item.c.due_date < _before(today)), nothing).label("before"),
        func.coalesce(oldest.filter(chased), oldest).label("oldest_due"),
    ).group_by(item.c.customer_id, item.c.currency)


def _overdue_items(scope: Scope, today: date, chosen: ColumnElement[bool]) -> Any:
    """Invoices open and past due: the open-item index answers."""
    is_retried = and_(
        Document.collection_method == "charge_automatically",
        Document.due_date >= today - timedelta(days=CARD_RETRY_DAYS),
    )
    return select(
        Document.customer_id.label("customer_id"),
        Document.currency.label("currency"),
        Document.due_date.label("due_date"),
        Document.open_minor.label("open"),
        disputed_open().label("disputed"),
        Document.state.in_(_BEING_PUT_RIGHT).label("is_held"),
        func.coalesce(is_retried, false()).label("is_retried"),
    ).where(receivable(), Document.open_minor > 0, Document.due_date < today, _mine(scope), chosen)


def _mine(scope: Scope) -> ColumnElement[bool]:
    """Documents of the scope whose customer is of the scope too: others cannot be worked on."""
    ours = select(Customer.id).where(scope.holds(Customer.entity))
    return and_(Document.customer_id.in_(ours), scope.holds(Document.entity))


def _before(today: date) -> date:
    return today - timedelta(days=TREND_DAYS)


def _applied_lately(scope: Scope, today: date, chosen: ColumnElement[bool]) -> Any:
    """What was settled since of that which was overdue 30 days ago: added back, it gives what was overdue then."""
    return (
        select(
            Document.customer_id.label("customer_id"),
            Document.currency.label("currency"),
            func.sum(Application.amount_minor).label("before"),
        )
        .join(Document, Document.id == Application.document_id)
        .where(
            Application.effective_on > _before(today),
            Document.due_date < _before(today),
            receivable(),
            _mine(scope),
            chosen,
        )
        .group_by(Document.customer_id, Document.currency)
    )


def _promises(ids: list[UUID], today: date) -> Any:
    is_running = and_(Promise.state == "open", Promise.promised_on >= today)
    is_broken = and_(Promise.state == "broken", Promise.promised_on >= today - _PROMISE_MEMORY)
    return (
        select(
            Promise.customer_id.label("customer_id"),
            Promise.currency.label("currency"),
            func.coalesce(func.sum(Promise.amount_minor).filter(is_running), 0).label("promised"),
            func.max(Promise.promised_on).filter(is_running).label("until"),
            func.count().filter(is_broken).label("broken"),
        )
        .where(Promise.customer_id.in_(ids), or_(is_running, is_broken))
        .group_by(Promise.customer_id, Promise.currency)
    )


def _unapplied(ids: list[UUID]) -> Any:
    return (
        select(
            Payment.customer_id.label("customer_id"),
            Payment.currency.label("currency"),
            func.sum(Payment.unapplied_minor).label("unapplied"),
        )
        .where(Payment.unapplied_minor > 0, Payment.customer_id.in_(ids))
        .group_by(Payment.customer_id, Payment.currency)
    )


def _contacts(ids: list[UUID]) -> Any:
    """The latest contact; a note is none."""
    return (
        select(ContactLog.customer_id.label("customer_id"), func.max(ContactLog.at).label("at"))
        .where(ContactLog.customer_id.in_(ids), ContactLog.kind != "note")
        .group_by(ContactLog.customer_id)
    )


def _add_overdue(sums: dict[UUID, _Sums], rows: Iterable[Any], rates: Rates) -> None:
    for row in rows:
        found = sums[row.customer_id]
        for name in ("overdue", "disputed", "held", "retried", "before"):
            found.money[name] += rates.convert(int(getattr(row, name)), row.currency)
        found.oldest_due = min(filter(None, (found.oldest_due, row.oldest_due)))


def _add_before(sums: dict[UUID, _Sums], rows: Iterable[Any], rates: Rates) -> None:
    for row in rows:
        if row.customer_id in sums:
            sums[row.customer_id].money["before"] += rates.convert(int(row.before), row.currency)


def _add_promises(sums: dict[UUID, _Sums], rows: Iterable[Any], rates: Rates) -> None:
    for row in rows:
        found = sums[row.customer_id]
        found.money["promised"] += rates.convert(int(row.promised), row.currency)
        found.broken_promises += row.broken
        found.promised_until = max(filter(None, (found.promised_until, row.until)), default=None)


def _add_unapplied(sums: dict[UUID, _Sums], rows: Iterable[Any], rates: Rates) -> None:
    for row in rows:
        sums[row.customer_id].money["unapplied"] += rates.convert(int(row.unapplied), row.currency)


def _add_contacts(sums: dict[UUID, _Sums], rows: Iterable[Any]) -> None:
    for row in rows:
        sums[row.customer_id].contacted_at = row.at
