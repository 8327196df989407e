"""Shapes of the inbox: a received row, the place of a pull, the health of a connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.ports import RawRecord

# Up to here a failure is taken for a hiccup; from the next on, traffic rests between tries.
FAILURES_BEFORE_REST = 2
_FIRST_REST_SECONDS = 5
_LONGEST_REST_SECONDS = 300


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A received record and the row that keeps it."""

    id: UUID
    record: RawRecord


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row that is not in the inbox yet; `text` is the record's payload as JSON."""

    id: UUID
    kind: str
    external_id: str
    version: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Arrival:
    """A batch of a stream's history as it came: its rows, not in the inbox yet, as lines that the store copies, and the
    cursor that stands behind them. `unread`: ids of rows that say nothing."""

    stream: str
    cursor: dict[str, Any]
    lines: bytes
    count: int
    unread: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class StreamPlace:
    """Where a pull goes on; `is_complete` once it was read to its end for the first time."""

    cursor: dict[str, Any]
    is_complete: bool
    expected: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """All history was read by `complete_at`; news of one system has been read up to `read_until` in all its streams."""

    complete_at: datetime
    read_until: datetime


@dataclass(frozen=True, slots=True)
class Health:
    """What we know of a connection. `paused`: a person said so, or credentials are wrong; only a person resumes it."""

    state: str = "connected"  # connected | failing | paused
    failures: int = 0
    paused_until: datetime | None = None
    # Why it is paused or failing.
    sentence: str | None = None

    @property
    def is_paused(self) -> bool:
        return self.state == "paused"

    def rests_until(self, now: datetime) -> datetime | None:
        """The instant of the next try while the circuit is open; None when traffic may flow."""
        if self.paused_until is None or self.paused_until <= now:
            return None
        return self.paused_until


def rest_after(failures: int) -> timedelta:
    """How long traffic rests after so many failures in a row: doubling, at most five minutes."""
    beyond = failures - FAILURES_BEFORE_REST
    if beyond <= 0:
        return timedelta(0)
    return timedelta(seconds=min(_LONGEST_REST_SECONDS, _FIRST_REST_SECONDS * 2 ** min(beyond - 1, 10)))
