"""One contract: what was agreed and when it changed, beside what is billed, was billed and will be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session

from core.billing.content import agreement_in
from core.billing.model import Charge
from core.db.tables import (
    Case,
    Contract,
    ContractChange,
    ContractTerms,
    Customer,
    Document,
    ScheduleItem,
    SchedulePlan,
    Subscription,
)
from core.kit.errors import NotFound
from core.reporting.paging import Viewer
from core.reporting.people import actor_words
from core.reporting.receivables import Scope
from core.runtime import Runtime

Show = Literal["near", "open", "billed", "all"]
_BEFORE, _AFTER = timedelta(days=186), timedelta(days=372)
_MOST_ITEMS, _MOST_ROWS = 600, 50


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the contract; `before` and `after` hold what it changed."""

    kind: str
    effective_on: date
    recorded_at: datetime
    by: str
    sentence: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """A schedule item. `minor` is None while usage decides; for a correction it is the difference."""

    id: UUID
    charge_key: str
    kind: str
    state: str
    bill_on: date
    minor: int | None
    document_id: UUID | None


@dataclass(frozen=True, slots=True)
class Period:
    """Days up to, not including, `ends_on`, with what is scheduled for them."""

    starts_on: date
    ends_on: date
    cells: tuple[Cell, ...]

    @property
    def last_day(self) -> date:
        return self.ends_on - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ChargeTitle:
    key: str
    title: str
    pricing: str


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice or credit memo of the contract."""

    id: UUID
    number: str
    kind: str
    state: str
    issue_date: date
    period_start: date | None
    period_end: date | None
    total_minor: int
    open_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Item:
    """What the payment platform bills by a subscription of its own."""

    subscription: str
    status: str
    product_code: str | None
    quantity: Decimal
    unit_price: Decimal
    interval_months: int


@dataclass(frozen=True, slots=True)
class ContractDetail:
    """`problem`: why the house cannot bill it, with the open case about it. `is_cut`: more is scheduled than shown."""

    contract: Contract
    customer: Customer | None
    problem: str | None
    case_id: UUID | None
    planned_until: date | None
    charges: tuple[ChargeTitle, ...]
    periods: tuple[Period, ...]
    is_cut: bool
    steps: tuple[Step, ...]
    documents: tuple[Billed, ...]
    items: tuple[Item, ...]


def contract_detail(runtime: Runtime, viewer: Viewer | None, id: UUID, show: Show = "near") -> ContractDetail:
    """Raises NotFound when there is no such contract or its customer belongs to an entity the reader may not see."""
    scope = Scope(None, viewer.entities if viewer else None)
    with runtime.reading() as session:
        found = session.execute(
            select(Contract, Customer)
            .outerjoin(Customer, Customer.id == Contract.customer_id)
            .where(Contract.id == id, scope.holds(Customer.entity))
        ).one_or_none()
        if found is None:
            raise NotFound("This contract")
        contract, customer = found.tuple()
        plan = session.get(SchedulePlan, id)
        items = _scheduled(session, id, show, runtime.today())
        return ContractDetail(
            contract=contract,
            customer=customer,
            problem=plan.problem if plan else None,
            case_id=_case_id(session, id) if plan and plan.problem else None,
            planned_until=plan.until if plan else None,
            charges=_titles(session, id, items),
            periods=_periods(items[:_MOST_ITEMS]),
            is_cut=len(items) > _MOST_ITEMS,
            steps=_steps(session, id),
            documents=_documents(session, contract.number),
            items=_subscription_items(session, contract.number),
        )


def _scheduled(session: Session, id: UUID, show: Show, today: date) -> Sequence[ScheduleItem]:
    wanted: dict[Show, ColumnElement[bool]] = {
        "near": and_(ScheduleItem.period_end >= today - _BEFORE, ScheduleItem.period_start <= today + _AFTER),
        "open": ScheduleItem.state == "open",
        "billed": ScheduleItem.state == "billed",
        "all": true(),
    }
    order = (ScheduleItem.period_start, ScheduleItem.period_end, ScheduleItem.kind, ScheduleItem.id)
    statement = select(ScheduleItem).where(ScheduleItem.contract_id == id, wanted[show]).order_by(*order)
    return session.scalars(statement.limit(_MOST_ITEMS + 1)).all()


def _periods(items: Sequence[ScheduleItem]) -> tuple[Period, ...]:
    found: dict[tuple[date, date], list[Cell]] = defaultdict(list)
    for item in items:
        found[item.period_start, item.period_end].append(
            Cell(
                id=item.id,
                charge_key=item.charge_key,
                kind=item.kind,
                state=item.state,
                bill_on=item.bill_on,
                minor=item.expected_minor,
                document_id=item.document_id,
            )
        )
    return tuple(Period(*span, tuple(cells)) for span, cells in sorted(found.items()))


def _titles(session: Session, id: UUID, items: Sequence[ScheduleItem]) -> tuple[ChargeTitle, ...]:
    """Charges as they were named under the latest terms in which they occur; two of one name are told apart."""
    statement = select(ContractTerms.agreement).where(ContractTerms.contract_id == id)
    charges: dict[str, Charge] = {}
    for content in session.scalars(statement.order_by(ContractTerms.recorded_at)):
        charges |= {charge.key: charge for charge in agreement_in(content).charges}
    shown = [charge for key, charge in charges.items() if any(item.charge_key == key for item in items)]
    shown.sort(key=lambda charge: (charge.terms.kind != "recurring", charge.description, charge.key))
    used: dict[str, int] = defaultdict(int)
    titles = []
    for charge in shown:
        used[charge.description] += 1
        number = used[charge.description]
        title = charge.description if number == 1 else f"{charge.description} ({number})"
        titles.append(ChargeTitle(charge.key, title, _pricing(charge)))
    return tuple(titles)


def _pricing(charge: Charge) -> str:
    words = f"{charge.terms.kind}, {charge.terms.pricing}".replace("_", " ")
    return words[:1].upper() + words[1:]


def _case_id(session: Session, id: UUID) -> UUID | None:
    keys = [f"{code}:{id}" for code in ("contract.unbillable", "contract.ended_early", "amendment.before_start")]
    return session.scalar(select(Case.id).where(Case.key.in_(keys), Case.state == "open").limit(1))


def _steps(session: Session, id: UUID) -> tuple[Step, ...]:
    statement = (
        select(ContractChange)
        .where(ContractChange.contract_id == id)
        .order_by(ContractChange.effective_on.desc(), ContractChange.recorded_at.desc(), ContractChange.id)
        .limit(_MOST_ROWS)
    )
    return tuple(
        Step(row.kind, row.effective_on, row.recorded_at, actor_words(row.actor), row.sentence, row.before, row.after)
        for row in session.scalars(statement)
    )


def _documents(session: Session, number: str) -> tuple[Billed, ...]:
    statement = (
        select(Document)
        .where(Document.contract_number == number)
        .order_by(Document.issue_date.desc(), Document.id.desc())
        .limit(_MOST_ROWS)
    )
    return tuple(
        Billed(
            id=row.id,
            number=row.number,
            kind=row.kind,
            state=row.state,
            issue_date=row.issue_date,
            period_start=row.period_start,
            period_end=row.period_end,
            total_minor=row.total_minor,
            open_minor=row.open_minor,
            currency=row.currency,
        )
        for row in session.scalars(statement)
    )


def _subscription_items(session: Session, number: str) -> tuple[Item, ...]:
    rows = session.scalars(select(Subscription).where(Subscription.contract_number == number).limit(_MOST_ROWS))
    return tuple(
        Item(
            subscription=row.source_ref,
            status=row.status,
            product_code=item["product_code"],
            quantity=Decimal(item["quantity"]),
            unit_price=Decimal(item["unit_price"]),
            interval_months=item["interval_months"],
        )
        for row in rows
        for item in row.items
    )
