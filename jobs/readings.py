"""What records say: facts of those that can be read, and a sentence about each of the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from core.canonical import CanonicalRecord
from core.intake.arriving import new_rows
from core.intake.model import Arrival
from core.kit.errors import Refused
from core.ports import RawRecord, Source
from jobs.prefetch import batches, read_ahead

BATCH = 1_000
_PAGES_AHEAD = 12
# What a translation may stumble over in a payload of an unknown shape.
_UNREADABLE = (ValueError, LookupError, TypeError, ArithmeticError, AttributeError, Refused)


@dataclass(frozen=True, slots=True)
class Readable:
    """A row of the inbox, by its id, and the facts that it brings."""

    id: UUID
    facts: tuple[CanonicalRecord, ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """What a batch of rows says, and what is wrong with those that say nothing."""

    readable: list[Readable]
    unreadable: list[tuple[UUID, str]]

    def of(self, ids: Iterable[UUID]) -> Readings:
        """Only what these rows say."""
        kept = frozenset(ids)
        readable = [each for each in self.readable if each.id in kept]
        return Readings(readable, [each for each in self.unreadable if each[0] in kept])


Batch = tuple[Arrival, Readings]


def read_records(source: Source, records: Iterable[tuple[UUID, RawRecord]]) -> Readings:
    """Translates every record; each comes with the id of its row."""
    readings = Readings([], [])
    for id, record in records:
        try:
            readings.readable.append(Readable(id, source.to_canonical(record)))
        except _UNREADABLE as reason:
            readings.unreadable.append((id, in_words(reason)))
    return readings


def read_batches(source: Source, stream: str, cursor: Mapping[str, Any]) -> Iterator[Batch]:
    """A stream from `cursor` on, in batches as they are kept: another thread fetches while this one translates. Raises
    what reading raises, after what came before it."""
    for batch in batches(read_ahead(source.pull(stream, cursor), _PAGES_AHEAD), BATCH):
        rows = new_rows(batch.records)
        ids = [row.id for row in rows]
        yield Arrival(stream, batch.cursor, rows), read_records(source, zip(ids, batch.records, strict=True))


def in_words(reason: Exception) -> str:
    """One line for people; no record's content beyond the names of its fields."""
    if isinstance(reason, ValidationError):
        first = reason.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    if isinstance(reason, Refused):
        return reason.sentence
    if isinstance(reason, LookupError):
        return f"A field is missing: {reason}"
    return " ".join(str(reason).split()) or type(reason).__name__
