"""Shapes of the usage room: what is asked of it, and the states of an event."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID

# The source under which the house itself adds usage.
HOUSE = "quittance"
# How many digits of a quantity are kept after the point.
DIGITS = 6
# A meter that nobody has described yet counts by this.
DEFAULT_LATE_HOURS = 72

# What stands for the unit of a meter whose source names none.
NO_UNIT = "unit"

Aggregation = Literal["sum", "max", "count", "last"]
Window = Literal["hour", "day"]
CorrectionKind = Literal["add", "replace", "take_out"]


class EventState(StrEnum):
    COUNTED = "counted"
    UNPLACED = "unplaced"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Usage of a meter by a customer from `since` up to, not including, `until`; `key` names it in the answer."""

    key: Hashable
    meter: str
    customer_id: UUID
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class MeterTerms:
    """How a meter counts, and from when on its events are late."""

    code: str
    name: str = ""
    unit: str = NO_UNIT
    aggregation: Aggregation = "sum"
    window: Window | None = None
    late_after_hours: int = DEFAULT_LATE_HOURS
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as it is kept."""

    source: str
    event_id: str
    meter: str
    subject: str
    customer_id: UUID | None
    value: Decimal
    at: datetime
    received_at: datetime
    state: EventState
    is_late: bool
    correction_id: UUID | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.source, self.event_id


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a batch: the keys that were inserted, and the events that were here before as they stand."""

    fresh: frozenset[tuple[str, str]]
    repeated: dict[tuple[str, str], EventRow]


@dataclass(frozen=True, slots=True)
class Remark:
    """What is told to the sender about one event: stable code and a sentence."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class KeyScope:
    """What a key may send: events whose source begins with one of `sources`, for these customers; none means any."""

    sources: tuple[str, ...] = ()
    customer_ids: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Spike:
    """A day above `limit`, which is the median of the days before it and so many times their usual distance from it."""

    day: date
    quantity: Decimal
    median: Decimal
    limit: Decimal
