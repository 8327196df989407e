"""Who acts: a person with role, entities and limit, or one of the house's own jobs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    VIEWER = "viewer"
    COLLECTOR = "collector"
    ANALYST = "analyst"
    APPROVER = "approver"
    CONTROLLER = "controller"
    EXECUTIVE = "executive"
    ADMINISTRATOR = "administrator"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Actor:
    """`entities` None = all; `approval_limit_minor` in the reporting currency."""

    name: str
    role: Role
    user_id: UUID | None = None
    entities: frozenset[str] | None = None
    approval_limit_minor: int = 0

    def may_see(self, entity: str | None) -> bool:
        return self.entities is None or entity in self.entities

    @property
    def label(self) -> str:
        """How the trail names the actor."""
        return self.name if self.role is not Role.JOB else f"job:{self.name}"


def job(name: str) -> Actor:
    return Actor(name=name, role=Role.JOB)
