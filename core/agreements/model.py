"""Shapes of the agreements room: the schedule as it is kept, and as it is to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID


class ItemState(StrEnum):
    """Dropped: it was to be billed once, and an amendment or a hindrance took it out; it may come back."""

    OPEN = "open"
    BILLED = "billed"
    DROPPED = "dropped"


ADJUSTMENT = "adjustment"
_PLANNED = ("period_end", "bill_on", "currency", "expected_minor", "terms_id", "lines", "covers")


@dataclass(frozen=True, slots=True)
class Item:
    """A schedule item as it is kept."""

    id: UUID
    contract_id: UUID
    charge_key: str
    kind: str
    period_start: date
    period_end: date
    bill_on: date
    state: str
    currency: str
    expected_minor: int | None
    lines: list[Any]
    terms_id: UUID | None
    covers: list[str]
    closed_at: datetime | None
    used: Decimal | None = None

    def is_as(self, wanted: NewItem) -> bool:
        """Whether nothing would change by writing the other in its place."""
        return self.state == ItemState.OPEN and all(getattr(self, name) == getattr(wanted, name) for name in _PLANNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """A schedule item as it is to be; the id is made from what it is about."""

    id: UUID
    contract_id: UUID
    charge_key: str
    kind: str
    period_start: date
    period_end: date
    bill_on: date
    currency: str
    expected_minor: int | None
    terms_id: UUID
    lines: list[Any]
    covers: list[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """How far a contract is planned; `problem` is the sentence of the case that keeps it from being billed."""

    terms_id: UUID | None
    until: date
    problem: str | None


class ChangeKind(StrEnum):
    SIGNED = "signed"
    AMENDED = "amended"
    TERMS_CHANGED = "terms_changed"
    RENEWED = "renewed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step in the life of a contract; `about` tells it from others of its kind, so that it is kept once."""

    contract_id: UUID
    kind: ChangeKind
    about: str
    effective_on: date
    sentence: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DueContract:
    """A contract with something to bill: how many items, and what is known of their amount."""

    contract_id: UUID
    customer_id: UUID
    entity: str | None
    currency: str
    items: int
    expected_minor: int
