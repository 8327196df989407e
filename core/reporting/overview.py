"""What the first screen shows beside the figures: where the work stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, func, or_, select

from core.db.tables import Approval, Case, Customer, Delivery, Document, LegalEntity
from core.kit.errors import Refused
from core.reporting.approval_filters import SIGNED_MINOR
from core.reporting.invoice_detail import system_name
from core.reporting.paging import Viewer
from core.reporting.people import names
from core.reporting.receivables import Scope
from core.runtime import Runtime

AGES = ("< 1 day", "1–3 days", "3–7 days", "> 1 week")
_AGE_EDGES = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
UNASSIGNED = "Nobody yet"


@dataclass(frozen=True, slots=True)
class ExceptionCell:
    """Open exceptions of one type and age; `stake_minor` in the reporting currency."""

    type: str
    age: str
    count: int
    stake_minor: int
    overdue_count: int


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """Open exceptions of one type, counted by age."""

    type: str
    counts: dict[str, int]
    stake_minor: int


@dataclass(frozen=True, slots=True)
class ApproverLoad:
    """Approvals waiting for one person; `amount_minor` in the reporting currency."""

    person: str
    person_id: UUID | None
    count: int
    amount_minor: int
    overdue_count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class LedgerReject:
    system: str
    cause: str
    count: int
    oldest_at: datetime


def legal_entities(runtime: Runtime, viewer: Viewer | None) -> tuple[str, ...]:
    """Codes the reader may choose from: those on file, or those of the customers when no list came yet."""
    allowed = viewer.entities if viewer else None
    with runtime.reading() as session:
        on_file = session.scalars(select(LegalEntity.code)).all()
        codes = on_file or session.scalars(select(Customer.entity).where(Customer.entity.is_not(None)).distinct()).all()
    return tuple(code for code in sorted(filter(None, codes)) if allowed is None or code in allowed)


def check_entity(runtime: Runtime, code: str) -> None:
    """Raises Refused, naming those there are, when nothing belongs to such a legal entity."""
    known = legal_entities(runtime, None)
    with runtime.reading() as session:
        is_known = code in known or session.scalar(select(Document.id).where(Document.entity == code).limit(1))
    if not is_known:
        there_are = f"Those on file are: {', '.join(known)}." if known else "None is on file."
        raise Refused("entity.unknown", f"There is no legal entity “{code}”. {there_are}")


def exceptions_by_age(runtime: Runtime, viewer: Viewer | None, entity: str | None = None) -> tuple[ExceptionCell, ...]:
    """Open exceptions by type and age, most money first."""
    scope, now = Scope(entity, viewer.entities if viewer else None), runtime.now()
    pairs = zip(_AGE_EDGES, AGES, strict=False)
    age = case(*((Case.opened_at > now - edge, words) for edge, words in pairs), else_=AGES[-1]).label("age")
    statement = (
        select(
            Case.type,
            age,
            func.count(),
            func.coalesce(func.sum(Case.stake_minor), 0),
            func.count().filter(or_(Case.is_overdue, Case.due_at < now)),
        )
        .where(Case.state == "open", scope.holds(Case.entity))
        .group_by(Case.type, age)
    )
    with runtime.reading() as session:
        cells = [ExceptionCell(row[0], row[1], row[2], int(row[3]), row[4]) for row in session.execute(statement)]
    return tuple(sorted(cells, key=lambda cell: -cell.stake_minor))


def exception_rows(cells: Iterable[ExceptionCell]) -> tuple[ExceptionRow, ...]:
    """The cells as one row per type, most money first."""
    counts: dict[str, dict[str, int]] = {}
    stakes: Counter[str] = Counter()
    for cell in cells:
        counts.setdefault(cell.type, dict.fromkeys(AGES, 0))[cell.age] += cell.count
        stakes[cell.type] += cell.stake_minor
    return tuple(ExceptionRow(type, counts[type], stake) for type, stake in stakes.most_common())


def approvals_by_person(runtime: Runtime, viewer: Viewer | None, entity: str | None = None) -> tuple[ApproverLoad, ...]:
    """Approvals waiting, by who is asked; most money first."""
    scope = Scope(entity, viewer.entities if viewer else None)
    statement = (
        select(
            Approval.assignee_id,
            func.count(),
            func.sum(SIGNED_MINOR),
            func.count().filter(Approval.due_at < runtime.now()),
            func.min(Approval.requested_at),
        )
        .join(Document, Document.id == Approval.document_id)
        .where(Approval.state == "waiting", scope.holds(Approval.entity))
        .group_by(Approval.assignee_id)
        .order_by(func.sum(SIGNED_MINOR).desc())
    )
    with runtime.reading() as session:
        rows = session.execute(statement).all()
        people = names(session, [row[0] for row in rows])
    return tuple(
        ApproverLoad(
            people.get(row[0], UNASSIGNED) if row[0] else UNASSIGNED, row[0], row[1], int(row[2]), row[3], row[4]
        )
        for row in rows
    )


def ledger_rejects(runtime: Runtime, viewer: Viewer | None, entity: str | None = None) -> tuple[LedgerReject, ...]:
    """Postings that a ledger refused, by cause; most first."""
    scope = Scope(entity, viewer.entities if viewer else None)
    cause = func.coalesce(Delivery.error, Delivery.error_code, "No reason given")
    statement = (
        select(Delivery.system, cause, func.count(), func.min(Delivery.enqueued_at))
        .join(Document, Document.id == Delivery.document_id)
        .where(Delivery.state == "refused", scope.holds(Document.entity))
        .group_by(Delivery.system, cause)
        .order_by(func.count().desc())
    )
    with runtime.reading() as session:
        return tuple(LedgerReject(system_name(row[0]), row[1], row[2], row[3]) for row in session.execute(statement))
