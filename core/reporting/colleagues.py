"""People that work can be handed to, by the roles that do it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from core.db.tables import User
from core.runtime import Runtime

# Who settles exceptions.
TRIAGE_ROLES = ("analyst", "controller")


@dataclass(frozen=True, slots=True)
class Colleague:
    """`entities` None = all."""

    id: UUID
    name: str
    role: str
    entities: frozenset[str] | None

    def acts_for(self, entities: Iterable[str | None]) -> bool:
        return self.entities is None or all(entity in self.entities for entity in entities)


def colleagues(runtime: Runtime, roles: Iterable[str] = TRIAGE_ROLES) -> tuple[Colleague, ...]:
    """Active people of these roles, by name."""
    statement = select(User).where(User.is_active, User.role.in_(list(roles))).order_by(User.name, User.id)
    with runtime.reading() as session:
        return tuple(
            Colleague(row.id, row.name, row.role, None if row.entities is None else frozenset(row.entities))
            for row in session.scalars(statement)
        )
