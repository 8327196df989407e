"""People as the approvals room needs to see them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.approvals import store as approvals
from core.approvals.model import Person
from core.db.tables import User
from core.kit.errors import NotFound
from core.workflow.actors import Actor


def active_people(session: Session) -> list[Person]:
    """Everybody who may sign in, with how many approvals wait for them."""
    waiting = approvals.waiting_counts(session)
    rows = session.scalars(select(User).where(User.is_active))
    return [
        Person(
            row.id,
            row.name,
            row.role,
            None if row.entities is None else frozenset(row.entities),
            row.approval_limit_minor,
            waiting.get(row.id, 0),
        )
        for row in rows
    ]


def person(session: Session, user_id: UUID | None) -> Person:
    """One active person. Raises NotFound."""
    found = next((p for p in active_people(session) if p.id == user_id), None)
    if found is None:
        raise NotFound("This person")
    return found


def acting(session: Session, actor: Actor) -> Person:
    """The actor as the store knows them now: a role or limit taken away a moment ago counts."""
    return person(session, actor.user_id)
