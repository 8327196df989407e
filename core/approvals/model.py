"""States of an approval, and what is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ApprovalState(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Asked:
    """Approval of one document by a chain of roles, as the policy decided. Amount in the reporting currency."""

    document_id: UUID
    entity: str | None
    amount_minor: int
    roles: tuple[str, ...]
    due_hours: float
    reason: str
    decision_id: UUID
    # Ids of those who made or changed it, who may not agree to it.
    touched_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Person:
    """What matters of somebody who might decide. `waiting`: how many approvals wait for them already."""

    id: UUID
    name: str
    role: str
    entities: frozenset[str] | None
    limit_minor: int
    waiting: int = 0
