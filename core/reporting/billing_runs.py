"""Billing runs: how far each is, what it comes to by legal entity and currency, what failed, and its invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, String, and_, exists, func, literal, or_, select, true
from sqlalchemy.orm import Session

from core.db.tables import BillingRun, BillingRunPart, Contract, Customer, Document
from core.kit.errors import NotFound
from core.reporting.paging import Order, Page, Viewer, capped_count, read_page
from core.reporting.receivables import Scope
from core.runtime import Runtime

# Of a run that is through, but left contracts behind that could not be billed.
PARTLY = "partly_released"
STATES = ("generating", "review", "releasing", "released", PARTLY, "cancelled")
STATE_WORDS = {state: "Released, some failed" if state == PARTLY else state.capitalize() for state in STATES}
_AT_WORK = ("generating", "releasing")


@dataclass(frozen=True, slots=True)
class RunRow:
    """`contracts`: its parts; `pending` and `failed` of them."""

    id: UUID
    revision: int
    name: str
    through: date
    entities: tuple[str, ...] | None
    mode: str
    state: str
    started_by: str
    created_at: datetime
    finished_at: datetime | None
    contracts: int
    pending: int
    failed: int

    @property
    def percent(self) -> int:
        """Of the parts that are through, rounded down."""
        return 100 if not self.contracts else 100 * (self.contracts - self.pending) // self.contracts

    @property
    def shown_state(self) -> str:
        """One of STATES."""
        return PARTLY if self.state == "released" and self.failed else self.state

    @property
    def is_at_work(self) -> bool:
        return self.state in _AT_WORK


@dataclass(frozen=True, slots=True)
class RunTotal:
    """Invoices of a run in one state, of one entity and currency."""

    entity: str
    currency: str
    state: str
    count: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class RunDetail:
    row: RunRow
    totals: tuple[RunTotal, ...]
    released_by: str | None
    in_grace: int
    can_release: bool
    can_cancel: bool
    can_resume: bool

    def count(self, *states: str) -> int:
        return sum(total.count for total in self.totals if not states or total.state in states)

    @property
    def drafts_left(self) -> int:
        return self.count("draft")


@dataclass(frozen=True, slots=True)
class FailureRow:
    contract_id: UUID
    contract_number: str
    customer_id: UUID | None
    customer_name: str
    entity: str | None
    error: str


@dataclass(frozen=True, slots=True)
class DraftRow:
    """An invoice of a run; `sentences` are what the rules found on it."""

    id: UUID
    revision: int
    number: str
    contract_number: str
    customer_name: str
    entity: str | None
    currency: str
    total_minor: int
    state: str
    grace_until: datetime | None
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DraftFilters:
    """None = no restriction."""

    run_id: UUID
    state: str | None = None
    is_found_only: bool = False


def _visible(viewer: Viewer | None) -> ColumnElement[bool]:
    """Runs that may bill for an entity of the reader."""
    if viewer is None or viewer.entities is None:
        return true()
    theirs = literal(sorted(viewer.entities), ARRAY(String))
    return or_(BillingRun.entities.is_(None), BillingRun.entities.bool_op("&&")(theirs))


def _parts(state: str) -> Any:
    statement = select(func.count()).where(BillingRunPart.run_id == BillingRun.id, BillingRunPart.state == state)
    return statement.correlate(BillingRun).scalar_subquery()


def _is_in(state: str) -> ColumnElement[bool]:
    if state not in ("released", PARTLY):
        return BillingRun.state == state
    failed = exists().where(BillingRunPart.run_id == BillingRun.id, BillingRunPart.state == "failed")
    return and_(BillingRun.state == "released", failed if state == PARTLY else ~failed)


def _run_row(run: BillingRun, pending: int, failed: int) -> RunRow:
    return RunRow(
        id=run.id,
        revision=run.revision,
        name=run.name,
        through=run.through,
        entities=tuple(run.entities) if run.entities is not None else None,
        mode=run.mode,
        state=run.state,
        started_by=_words(run.started_by),
        created_at=run.created_at,
        finished_at=run.finished_at,
        contracts=int(run.preview.get("contracts", 0)),
        pending=pending,
        failed=failed,
    )


def _words(label: str) -> str:
    return "The house itself" if label.startswith("job:") else label


def list_billing_runs(
    runtime: Runtime, viewer: Viewer | None, state: str | None = None, cursor: str | None = None, size: int = 50
) -> Page[RunRow]:
    """One page, newest first; `state`: one of STATES."""
    conditions = and_(_visible(viewer), _is_in(state) if state else true())
    order = Order("created_at", BillingRun.created_at, BillingRun.id, is_descending=True)
    statement = select(BillingRun, _parts("pending"), _parts("failed")).where(conditions)
    with runtime.reading() as session:
        rows, following, previous = read_page(session, statement, order, cursor, size)
        count = capped_count(session, select(BillingRun.id).where(conditions))
    return Page(following, previous, count, tuple(_run_row(row[0], row[1], row[2]) for row in rows))


def run_detail(runtime: Runtime, viewer: Viewer | None, id: UUID) -> RunDetail:
    """Raises NotFound when there is no such run or it bills for none of the reader's entities."""
    statement = select(BillingRun, _parts("pending"), _parts("failed")).where(BillingRun.id == id, _visible(viewer))
    scope = Scope(None, viewer.entities if viewer else None)
    with runtime.reading() as session:
        found = session.execute(statement).one_or_none()
        if found is None:
            raise NotFound("This billing run")
        run: BillingRun = found[0]
        row = _run_row(run, found[1], found[2])
        is_whole = scope.allowed is None or bool(run.entities and set(run.entities) <= scope.allowed)
        return RunDetail(
            row=row,
            totals=_totals(session, id, scope),
            released_by=run.released_by,
            in_grace=_in_grace(session, id, scope, runtime.now()),
            can_release=is_whole and run.state == "review",
            can_cancel=is_whole and run.state in ("generating", "review"),
            can_resume=is_whole and run.state != "cancelled" and (row.failed > 0 or row.is_at_work),
        )


def _totals(session: Session, id: UUID, scope: Scope) -> tuple[RunTotal, ...]:
    entity = func.coalesce(Document.entity, "—")
    statement = (
        select(entity, Document.currency, Document.state, func.count(), func.sum(Document.total_minor))
        .where(Document.run_id == id, scope.holds(Document.entity))
        .group_by(entity, Document.currency, Document.state)
        .order_by(entity, Document.currency, Document.state)
    )
    return tuple(RunTotal(*row[:4], int(row[4])) for row in session.execute(statement))


def _in_grace(session: Session, id: UUID, scope: Scope, now: datetime) -> int:
    waiting = and_(Document.run_id == id, Document.state == "draft", Document.grace_until > now)
    return session.scalar(select(func.count()).select_from(Document).where(waiting, scope.holds(Document.entity))) or 0


def list_failures(
    runtime: Runtime, viewer: Viewer | None, run_id: UUID, cursor: str | None = None, size: int = 20
) -> Page[FailureRow]:
    """Contracts of a run that could not be billed, with the reason."""
    scope = Scope(None, viewer.entities if viewer else None)
    conditions = and_(
        BillingRunPart.run_id == run_id, BillingRunPart.state == "failed", scope.holds(BillingRunPart.entity)
    )
    order = Order("contract_id", BillingRunPart.contract_id, BillingRunPart.contract_id)
    statement = (
        select(BillingRunPart, Contract.number, Contract.customer_id, Customer.name)
        .outerjoin(Contract, Contract.id == BillingRunPart.contract_id)
        .outerjoin(Customer, Customer.id == Contract.customer_id)
        .where(conditions)
    )
    with runtime.reading() as session:
        rows, following, previous = read_page(session, statement, order, cursor, size)
        count = capped_count(session, select(BillingRunPart.contract_id).where(conditions))
    found = [
        FailureRow(row[0].contract_id, row[1] or "—", row[2], row[3] or "—", row[0].entity, row[0].error or "")
        for row in rows
    ]
    return Page(following, previous, count, tuple(found))


def list_run_invoices(
    runtime: Runtime, viewer: Viewer | None, filters: DraftFilters, cursor: str | None = None, size: int = 50
) -> Page[DraftRow]:
    """The invoices of a run; those with findings only, if wished."""
    scope = Scope(None, viewer.entities if viewer else None)
    conditions: list[ColumnElement[bool]] = [Document.run_id == filters.run_id, scope.holds(Document.entity)]
    if filters.state is not None:
        conditions.append(Document.state == filters.state)
    if filters.is_found_only:
        conditions.append(Document.findings != [])
    order = Order("id", Document.id, Document.id)
    with runtime.reading() as session:
        rows, following, previous = read_page(session, select(Document).where(*conditions), order, cursor, size)
        count = capped_count(session, select(Document.id).where(*conditions))
    return Page(following, previous, count, tuple(_draft_row(row[0]) for row in rows))


def _draft_row(row: Document) -> DraftRow:
    return DraftRow(
        id=row.id,
        revision=row.revision,
        number=row.number,
        contract_number=row.contract_number or "—",
        customer_name=row.customer_name,
        entity=row.entity,
        currency=row.currency,
        total_minor=row.total_minor,
        state=row.state,
        grace_until=row.grace_until,
        sentences=tuple(finding["sentence"] for finding in row.findings),
    )
