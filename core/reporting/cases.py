"""The queue of exceptions: figures, pages of rows, and all that match a filter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core.cases.model import QUEUES
from core.db.tables import Case, Customer, Document
from core.reporting.case_actions import Action, available_actions
from core.reporting.case_filters import CaseFilters, is_past_due, matching, midnight, order_of
from core.reporting.overview import AGES
from core.reporting.paging import Page, Viewer, capped_count, read_page
from core.reporting.people import actor_words, names
from core.reporting.receivables import Scope
from core.runtime import Runtime
from core.validation.model import TYPE_TITLES, TYPES
from core.validation.titles import FINDING_TITLES

__all__ = ["AGES", "FINDING_TITLES", "QUEUES", "TYPES", "TYPE_TITLES", "CaseFilters"]

# At most this many are changed by one action on all that match.
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One exception in the queue; `stake_minor` in the reporting currency."""

    id: UUID
    revision: int
    code: str
    type: str
    sentence: str
    document_id: UUID | None
    document_number: str | None
    customer_name: str | None
    entity: str | None
    stake_minor: int
    queue: str
    owner: str | None
    state: str
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    is_overdue: bool
    available_actions: frozenset[Action]


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """What is open now, and what was closed since midnight (UTC); money in `currency`."""

    open_count: int
    overdue_count: int
    stake_minor: int
    closed_today: int
    currency: str


@dataclass(frozen=True, slots=True)
class CaseSelection:
    """Exceptions to act on together: (id, revision) of each, and what they come to."""

    targets: tuple[tuple[UUID, int], ...]
    stake_minor: int
    currency: str
    entities: frozenset[str | None]
    available_actions: frozenset[Action]
    matching: int

    @property
    def count(self) -> int:
        return len(self.targets)

    @property
    def left_out(self) -> int:
        """How many match but are not among the targets: too many for one action."""
        return max(0, self.matching - self.count)


def rows_of(session: Session, found: Iterable[Any], now: datetime) -> tuple[CaseRow, ...]:
    rows = list(found)
    people = names(session, [row[0].owner_id for row in rows])
    return tuple(_row(row, people.get(row[0].owner_id), now) for row in rows)


def _row(row: Any, owner: str | None, now: datetime) -> CaseRow:
    case: Case = row[0]
    return CaseRow(
        id=case.id,
        revision=case.revision,
        code=case.code,
        type=case.type,
        sentence=case.sentence,
        document_id=case.document_id,
        document_number=row.number,
        customer_name=row.customer or row.billed_name,
        entity=case.entity,
        stake_minor=case.stake_minor,
        queue=case.queue,
        owner=owner,
        state=case.state,
        opened_at=case.opened_at,
        due_at=case.due_at,
        closed_at=case.closed_at,
        closed_by=actor_words(case.closed_by) if case.closed_by else None,
        is_overdue=case.state == "open" and (case.is_overdue or case.due_at < now),
        available_actions=available_actions(
            case.state, row.document_state, code=case.code, is_blocking=case.is_blocking
        ),
    )


def case_rows(condition: ColumnElement[bool]) -> Any:
    """The statement behind rows of the queue."""
    return (
        select(
            Case,
            Document.number.label("number"),
            Document.state.label("document_state"),
            Document.customer_name.label("billed_name"),
            Customer.name.label("customer"),
        )
        .outerjoin(Document, Document.id == Case.document_id)
        .outerjoin(Customer, Customer.id == Case.customer_id)
        .where(condition)
    )


def list_cases(
    runtime: Runtime, viewer: Viewer | None, filters: CaseFilters, cursor: str | None = None, size: int = 50
) -> Page[CaseRow]:
    """One page of the queue."""
    now = runtime.now()
    with runtime.reading() as session:
        condition = matching(session, viewer, filters, now)
        found, following, previous = read_page(session, case_rows(condition), order_of(filters), cursor, size)
        count = capped_count(session, select(Case.id).where(condition))
        return Page(following, previous, count, rows_of(session, found, now))


def case_summary(runtime: Runtime, viewer: Viewer | None, entity: str | None = None) -> CaseSummary:
    scope, now = Scope(entity, viewer.entities if viewer else None), runtime.now()
    counts = select(func.count(), func.count().filter(is_past_due(now)), func.coalesce(func.sum(Case.stake_minor), 0))
    closed = select(func.count()).where(Case.closed_at >= midnight(now), scope.holds(Case.entity))
    with runtime.reading() as session:
        found = session.execute(counts.where(Case.state == "open", scope.holds(Case.entity))).one()
        return CaseSummary(
            open_count=found[0],
            overdue_count=found[1],
            stake_minor=int(found[2]),
            closed_today=session.scalar(closed) or 0,
            currency=runtime.settings.reporting_currency,
        )


def select_matching(
    runtime: Runtime, viewer: Viewer | None, filters: CaseFilters, limit: int = MOST_AT_ONCE
) -> CaseSelection:
    """All exceptions that match, in the order of the queue, as far as one action may go."""
    now, order = runtime.now(), order_of(filters)
    direction = (order.key.desc(), order.id.desc()) if order.is_descending else (order.key, order.id)
    with runtime.reading() as session:
        condition = matching(session, viewer, filters, now)
        found = session.execute(case_rows(condition).order_by(*direction).limit(limit))
        rows = rows_of(session, found, now)
        count = capped_count(session, select(Case.id).where(condition)).value
    return selection(rows, runtime.settings.reporting_currency, count)


def selection(rows: Iterable[CaseRow], currency: str, count: int | None = None) -> CaseSelection:
    """Rows to act on together; an action is available when it is for each of them."""
    chosen = tuple(rows)
    common = [row.available_actions for row in chosen]
    return CaseSelection(
        targets=tuple((row.id, row.revision) for row in chosen),
        stake_minor=sum(row.stake_minor for row in chosen),
        currency=currency,
        entities=frozenset(row.entity for row in chosen),
        available_actions=frozenset.intersection(*common) if common else frozenset(),
        matching=len(chosen) if count is None else count,
    )
