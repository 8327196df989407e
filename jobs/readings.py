"""What records say: facts of those that can be read, and a sentence about each of the others."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from core.canonical import CanonicalRecord
from core.intake.arriving import lines_of, new_rows
from core.intake.model import Arrival
from core.kit.errors import Refused
from core.ports import Page, RawRecord, Source
from jobs.facts_by_kind import Facts, by_kind
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


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of a stream's history: its rows, what they say, and what is wrong with those that say nothing."""

    arrival: Arrival
    facts: Facts
    unreadable: list[tuple[UUID, str]]


def read_records(source: Source, records: Iterable[tuple[UUID, RawRecord]]) -> Readings:
    """Translates every record; each comes with the id of its row."""
    readings = Readings([], [])
    for id, record in records:
        try:
            readings.readable.append(Readable(id, source.to_canonical(record)))
        except _UNREADABLE as reason:
            readings.unreadable.append((id, in_words(reason)))
    return readings


def read_pages(source: Source, stream: str, cursor: Mapping[str, Any]) -> Generator[Page]:
    """A stream from `cursor` on, in pages as long as they are kept, fetched by another thread. Raises what fetching
    raises, after what came before it."""
    return batches(read_ahead(source.pull(stream, cursor), _PAGES_AHEAD), BATCH)


def read_batches(source: Source, stream: str, cursor: Mapping[str, Any]) -> Iterator[Batch]:
    """A stream's history from `cursor` on, like `read_pages`, written out and translated."""
    for page in read_pages(source, stream, cursor):
        yield _batch(source, stream, page)


def _batch(source: Source, stream: str, page: Page) -> Batch:
    rows = new_rows(page.records)
    readings = read_records(source, zip([row.id for row in rows], page.records, strict=True))
    unread = frozenset([id for id, _ in readings.unreadable])
    arrival = Arrival(stream, page.cursor, lines_of(rows), len(rows), unread)
    return Batch(arrival, facts_of(readings.readable), readings.unreadable)


def facts_of(readable: Iterable[Readable]) -> Facts:
    return by_kind([fact for each in readable for fact in each.facts])


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
