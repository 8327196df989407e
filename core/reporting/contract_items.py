"""One period of a contract's schedule in full: what each item comes to, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.content import agreement_in, lines_in
from core.billing.model import Agreement, RatedLine, Slot, Span
from core.billing.rating import rate
from core.db.tables import Contract, ContractTerms, Customer, Document, ScheduleItem
from core.kit.errors import NotFound
from core.reporting.paging import Viewer
from core.reporting.receivables import Scope
from core.runtime import Runtime

_FIXED = ("recurring", "one_off", "milestone", "credit")


@dataclass(frozen=True, slots=True)
class ItemLine:
    """A line before tax, with the arithmetic behind it in words."""

    description: str
    net_minor: int
    arithmetic: str


@dataclass(frozen=True, slots=True)
class ScheduledItem:
    """An item of the schedule; `lines` are empty while usage decides, or where its terms were not kept."""

    id: UUID
    title: str
    kind: str
    state: str
    bill_on: date
    minor: int | None
    currency: str
    lines: tuple[ItemLine, ...]
    document_id: UUID | None
    document_number: str | None


def scheduled_items(runtime: Runtime, viewer: Viewer | None, ids: Sequence[UUID]) -> tuple[ScheduledItem, ...]:
    """These schedule items, each rated under the terms that it was planned or billed under. Raises NotFound."""
    scope = Scope(None, viewer.entities if viewer else None)
    statement = (
        select(ScheduleItem, Document.number)
        .join(Contract, Contract.id == ScheduleItem.contract_id)
        .outerjoin(Customer, Customer.id == Contract.customer_id)
        .outerjoin(Document, Document.id == ScheduleItem.document_id)
        .where(ScheduleItem.id.in_(list(ids)), scope.holds(Customer.entity))
        .order_by(ScheduleItem.charge_key, ScheduleItem.kind, ScheduleItem.period_start)
    )
    with runtime.reading() as session:
        rows = session.execute(statement).tuples().all()
        if not rows:
            raise NotFound("This part of the schedule")
        terms = _terms(session, [item for item, _ in rows])
        return tuple(_item(item, number, terms.get(item.terms_id)) for item, number in rows)


def _terms(session: Session, items: Sequence[ScheduleItem]) -> dict[UUID | None, Agreement]:
    wanted = {item.terms_id for item in items if item.terms_id}
    rows = session.execute(select(ContractTerms.id, ContractTerms.agreement).where(ContractTerms.id.in_(wanted)))
    return {id: agreement_in(content) for id, content in rows.tuples()}


def _item(item: ScheduleItem, number: str | None, agreement: Agreement | None) -> ScheduledItem:
    charges = {charge.key: charge.description for charge in agreement.charges} if agreement else {}
    return ScheduledItem(
        id=item.id,
        title=charges.get(item.charge_key, "A charge that is no longer agreed"),
        kind=item.kind,
        state=item.state,
        bill_on=item.bill_on,
        minor=item.expected_minor,
        currency=item.currency,
        lines=tuple(ItemLine(line.description, line.net_minor, line.arithmetic) for line in _lines(item, agreement)),
        document_id=item.document_id,
        document_number=number,
    )


def _lines(item: ScheduleItem, agreement: Agreement | None) -> Sequence[RatedLine]:
    if item.lines:
        return lines_in(item.lines)
    if agreement is None or item.kind not in _FIXED:
        return ()
    slot = Slot(item.charge_key, item.kind, Span(item.period_start, item.period_end), item.bill_on)  # type: ignore[arg-type]
    return rate(agreement, [slot], {}).lines
