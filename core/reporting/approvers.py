"""Who might decide an approval: the reader, those who are barred from it, and those it can be handed to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.approvals.model import Person
from core.approvals.rules import refusal
from core.db.tables import Approval, Document, User
from core.runtime import Runtime


class Reader(Protocol):
    """Who reads, and for whom it is said what they may decide."""

    @property
    def entities(self) -> frozenset[str] | None: ...

    @property
    def user_id(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Deciding:
    """The instant, and the currency of limits."""

    now: datetime
    currency: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may decide; `waiting`: how many approvals wait for them already."""

    id: UUID
    name: str
    role: str
    waiting: int


def person_of(session: Session, user_id: UUID | None) -> Person | None:
    """The active person as the store knows them now."""
    row = session.get(User, user_id) if user_id else None
    return _person(row, 0) if row is not None and row.is_active else None


def _person(row: User, waiting: int) -> Person:
    scope = None if row.entities is None else frozenset(row.entities)
    return Person(row.id, row.name, row.role, scope, row.approval_limit_minor, waiting)


def touched_by(session: Session, pairs: Sequence[tuple[Approval, Document]]) -> dict[UUID, frozenset[str]]:
    """Per approval, who created or changed its document or decided an earlier step of the same round."""
    deciders: dict[tuple[UUID, int], set[str]] = defaultdict(set)
    statement = select(Approval.document_id, Approval.round, Approval.decided_by).where(
        Approval.document_id.in_([document.id for _, document in pairs]), Approval.decided_by.is_not(None)
    )
    for document_id, round, decided_by in session.execute(statement):
        deciders[document_id, round].add(str(decided_by))
    return {
        approval.id: frozenset({*document.changed_by, *deciders[document.id, approval.round]})
        for approval, document in pairs
    }


def candidates(runtime: Runtime, ids: Iterable[UUID]) -> tuple[Candidate, ...]:
    """People who may decide every one of these approvals, least busy first."""
    currency = runtime.settings.reporting_currency
    statement = select(Approval, Document).join(Document, Document.id == Approval.document_id)
    with runtime.reading() as session:
        pairs = [(row[0], row[1]) for row in session.execute(statement.where(Approval.id.in_(list(ids))))]
        touched = touched_by(session, pairs)
        people = _people(session)
    able = [who for who in people if all(_may(who, approval, touched[approval.id], currency) for approval, _ in pairs)]
    able.sort(key=lambda who: (who.waiting, who.name))
    return tuple(Candidate(who.id, who.name, who.role, who.waiting) for who in able)


def _people(session: Session) -> list[Person]:
    waiting = dict(
        session.execute(
            select(Approval.assignee_id, func.count()).where(Approval.state == "waiting").group_by(Approval.assignee_id)
        )
        .tuples()
        .all()
    )
    return [_person(row, waiting.get(row.id, 0)) for row in session.scalars(select(User).where(User.is_active))]


def _may(who: Person, approval: Approval, touched: frozenset[str], currency: str) -> bool:
    refused = refusal(
        who,
        role=approval.role,
        entity=approval.entity,
        amount_minor=approval.amount_minor,
        currency=currency,
        touched_by=touched,
    )
    return refused is None
