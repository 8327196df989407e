"""What a new exception is made of, and its states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID


class CaseState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """An exception before it has an owner. `key` makes a second report of the same thing find the first."""

    key: str
    code: str
    type: str
    cause: str
    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    document_id: UUID | None = None
    customer_id: UUID | None = None
    inbox_id: UUID | None = None
    delivery_id: UUID | None = None
    entity: str | None = None
    stake_minor: int = 0  # reporting currency
    amount_minor: int | None = None
    currency: str | None = None
    is_blocking: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """Where the policy sends a case, and within how many hours it is due."""

    queue: str
    due_hours: float


QUEUES = ("Billing", "Order desk", "Tax", "Master data", "Ledger", "Integrations")

# Nobody lets these pass: what is missing cannot be accepted, and a rejection is not another person's to lift.
NEVER_WAIVED = frozenset({"tax.undetermined", "approval.rejected"})
