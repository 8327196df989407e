"""Differences between contracts and the systems that carry them out: the queue, one difference, and what leaked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from core.db.tables import Case, Customer
from core.kit.errors import NotFound
from core.kit.money import to_decimal
from core.reporting.figure import Drill, Figure, Working
from core.reporting.paging import Order, Page, Viewer, capped_count, read_page
from core.reporting.receivables import Scope
from core.runtime import Runtime
from core.validation.drift import LEAKING

KINDS: dict[str, str] = {
    "drift.billed": "Billed by Stripe",
    "drift.invoice": "Invoice",
    "drift.schedule": "Schedule",
    "drift.subscription": "Subscription",
    "drift.ledger": "Ledger",
    "drift.terms": "Terms",
    "drift.sold": "Sold",
}
# The five places in which a contract stands, and the platform's subscription beside them.
SIDES = ("Sold", "Agreed", "Scheduled", "Invoiced", "Subscription", "Posted")


@dataclass(frozen=True, slots=True)
class DriftFilters:
    """None = no restriction. `direction`: "under" was billed too little, "over" too much."""

    kind: str | None = None
    direction: str | None = None
    entity: str | None = None
    is_descending: bool = True


@dataclass(frozen=True, slots=True)
class DriftRow:
    """`effect_minor` in the contract's currency, positive = too little was billed; `stake_minor` in the reporting
    currency."""

    id: UUID
    revision: int
    kind: str
    contract: str
    contract_id: UUID
    customer_name: str | None
    entity: str | None
    sentence: str
    effect_minor: int
    currency: str
    stake_minor: int
    opened_at: datetime
    has_fix: bool


@dataclass(frozen=True, slots=True)
class KindSum:
    """Open differences of one kind; money in the reporting currency."""

    kind: str
    count: int
    under_minor: int
    over_minor: int


@dataclass(frozen=True, slots=True)
class DriftDetail:
    """One difference: what each side says of it, and what is proposed."""

    row: DriftRow
    state: str
    sides: Mapping[str, str]
    fix_words: str
    document_id: UUID | None


def _conditions(scope: Scope, filters: DriftFilters) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [Case.type == "drift", Case.state == "open", scope.holds(Case.entity)]
    if filters.kind is not None:
        conditions.append(Case.code == filters.kind)
    if filters.direction is not None:
        conditions.append(Case.amount_minor > 0 if filters.direction == "under" else Case.amount_minor < 0)
    return and_(*conditions)


def list_drift(
    runtime: Runtime, viewer: Viewer | None, filters: DriftFilters, cursor: str | None = None, size: int = 50
) -> Page[DriftRow]:
    """One page of open differences, the dearest first."""
    scope = Scope(filters.entity, viewer.entities if viewer else None)
    order = Order("stake", Case.stake_minor, Case.id, filters.is_descending)
    statement = select(Case, Customer.name).outerjoin(Customer, Customer.id == Case.customer_id)
    with runtime.reading() as session:
        conditions = _conditions(scope, filters)
        rows, following, previous = read_page(session, statement.where(conditions), order, cursor, size)
        count = capped_count(session, select(Case.id).where(conditions))
        return Page(following, previous, count, tuple(_row(row[0], row[1]) for row in rows))


def _row(found: Case, customer: str | None) -> DriftRow:
    return DriftRow(
        id=found.id,
        revision=found.revision,
        kind=found.code,
        contract=str(found.evidence["contract"]),
        contract_id=UUID(found.evidence["contract_id"]),
        customer_name=customer,
        entity=found.entity,
        sentence=found.sentence,
        effect_minor=found.amount_minor or 0,
        currency=found.currency or "USD",
        stake_minor=found.stake_minor,
        opened_at=found.opened_at,
        has_fix=bool(found.evidence.get("fix")),
    )


def drift_sums(runtime: Runtime, viewer: Viewer | None, entity: str | None = None) -> tuple[KindSum, ...]:
    """Every kind, whether something of it is open or not."""
    scope = Scope(entity, viewer.entities if viewer else None)
    with runtime.reading() as session:
        found = {row[0]: row for row in session.execute(_sums(_conditions(scope, DriftFilters())))}
    return tuple(
        KindSum(kind, *(int(each) for each in found[kind][1:])) if kind in found else KindSum(kind, 0, 0, 0)
        for kind in KINDS
    )


def _sums(conditions: ColumnElement[bool]) -> Any:
    under = func.coalesce(func.sum(case((Case.amount_minor > 0, Case.stake_minor))), 0)
    over = func.coalesce(func.sum(case((Case.amount_minor < 0, Case.stake_minor))), 0)
    return select(Case.code, func.count(), under, over).where(conditions).group_by(Case.code)


def drift_detail(runtime: Runtime, viewer: Viewer | None, id: UUID) -> DriftDetail:
    """Raises NotFound for what is no difference, or outside the reader's entities."""
    scope = Scope(None, viewer.entities if viewer else None)
    statement = (
        select(Case, Customer.name)
        .outerjoin(Customer, Customer.id == Case.customer_id)
        .where(Case.id == id, Case.type == "drift", scope.holds(Case.entity))
    )
    with runtime.reading() as session:
        row = session.execute(statement).one_or_none()
        if row is None:
            raise NotFound("This difference")
        found: Case = row[0]
        told = found.evidence
        return DriftDetail(_row(found, row[1]), found.state, told["sides"], str(told["fix_words"]), found.document_id)


def leakage(runtime: Runtime, viewer: Viewer | None, entity: str | None = None) -> Figure:
    """What was billed too little and found: open, or put right since. Accepted differences do not count."""
    scope = Scope(entity, viewer.entities if viewer else None)
    currency = runtime.settings.reporting_currency
    with runtime.reading() as session:
        rows = _leaks(session, scope)
    total = sum(stake for _, _, stake, _ in rows)
    words = {"open": "Open", "resolved": "Put right"}
    return Figure(
        key="leakage",
        name="Leakage found",
        value=to_decimal(total, currency),
        unit=currency,
        formula="Sum of what contracts say should have been billed, less what was billed, per difference found",
        settings=(
            ("Kinds", ", ".join(KINDS[kind] for kind in LEAKING)),
            ("Counted", "open and put right, not accepted"),
        ),
        numerator=None,
        denominator=None,
        working=Working(
            ("Contract", "Difference", "State", f"Leakage, {currency}"),
            tuple(
                (contract, sentence, words[state], to_decimal(stake, currency))
                for contract, sentence, stake, state in rows
            ),
        ),
        drill=Drill("drift", (("direction", "Too little"),)),
    )


def _leaks(session: Session, scope: Scope) -> list[tuple[str, str, int, str]]:
    """The latest report of each difference: one that was put right and came back is one."""
    latest = (
        select(Case)
        .distinct(Case.key)
        .where(Case.type == "drift", Case.code.in_(LEAKING), scope.holds(Case.entity))
        .order_by(Case.key, Case.opened_at.desc(), Case.id.desc())
    )
    found = [row for row in session.scalars(latest) if (row.amount_minor or 0) > 0 and row.state != "waived"]
    found.sort(key=lambda row: (-row.stake_minor, row.key))
    return [(str(row.evidence["contract"]), row.sentence, row.stake_minor, row.state) for row in found]


def leakage_total(runtime: Runtime, viewer: Viewer | None = None) -> Decimal:
    """The figure's value alone, in the reporting currency."""
    value = leakage(runtime, viewer).value
    return Decimal(value or 0)
