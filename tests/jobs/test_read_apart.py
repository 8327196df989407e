"""What a process of its own reads is what would have been read here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from core.canonical import CanonicalRecord
from core.intake.arriving import rows_of
from core.intake.model import NewRow
from core.ports import Page, RawRecord, Transient
from core.runtime import Runtime
from jobs.pull import Way, pull
from jobs.read_apart import ReadingApart, ReadingBroke
from jobs.readings import Batch, read_batches
from tests import builders as b
from tests.fakes import FakeSource, raw
from tests.stores import Furniture, policies

_BUSY = "Busy."
_AT = datetime(2026, 11, 2, 10, tzinfo=UTC)


@pytest.fixture
def furniture() -> Furniture:
    return policies


def _translate(record: RawRecord) -> tuple[CanonicalRecord, ...]:
    ref = record.external_id
    return (
        b.customer(source_ref=ref, name=record.payload["name"]),
        b.invoice(source_ref=ref, told_at=_AT),
        b.customer(source_ref="c"),
    )


class Scripted(FakeSource):
    """Streams that do what their names say."""

    def pull(self, stream: str, cursor: Mapping[str, Any]) -> Iterator[Page]:
        yield from super().pull(stream, cursor)
        if stream == "failing":
            problem = Transient(_BUSY, "busy")
            problem.retry_after_seconds = 7.0
            raise problem
        if stream == "dying":
            os._exit(1)


def crm() -> FakeSource:
    many = [[raw("good", f"{n:04}", name=f"{n}") for n in range(at, at + 500)] for at in range(0, 4_000, 500)]
    odd = [[raw("good", "1", name="half \ud83d"), raw("good", "2", is_broken=True), raw("good", "3")]]
    one = [[raw("good", "1", name="One")]]
    return Scripted("salesforce", {"good": many, "odd": odd, "failing": one, "dying": one}, _translate)


@pytest.fixture
def apart() -> Iterator[Callable[[str], Iterator[Batch]]]:
    source = crm()
    with ReadingApart(crm) as read:
        yield lambda stream: read(source, stream, {})
    assert source.asked == []


def _rows(batch: Batch) -> list[NewRow]:
    return rows_of(batch.arrival.lines)


def _content(batches: Iterator[Batch]) -> list[Any]:
    """Everything but the rows' ids, which differ each time."""
    return [
        (
            (each.arrival.stream, each.arrival.cursor, each.arrival.count),
            [(row.kind, row.external_id, row.version, row.text) for row in _rows(each)],
            [row.external_id for row in _rows(each) if row.id in each.arrival.unread],
            each.facts,
            [sentence for _, sentence in each.unreadable],
        )
        for each in batches
    ]


@pytest.mark.parametrize("stream", ["good", "odd"])
def test_batches_are_the_same_as_those_read_here(apart: Callable[[str], Iterator[Batch]], stream: str) -> None:
    assert _content(apart(stream)) == _content(read_batches(crm(), stream, {}))


def test_a_failure_comes_after_what_came_before_it_and_the_next_stream_is_read(
    apart: Callable[[str], Iterator[Batch]],
) -> None:
    batches = apart("failing")
    assert next(batches).arrival.count == 1
    with pytest.raises(Transient) as told:
        next(batches)
    assert (told.value.sentence, told.value.code, told.value.retry_after_seconds) == (_BUSY, "busy", 7.0)
    assert len(_content(apart("good"))) == 4


def test_a_process_that_dies_is_told_and_replaced(apart: Callable[[str], Iterator[Batch]]) -> None:
    with pytest.raises(ReadingBroke, match="Salesforce, dying"):
        list(apart("dying"))
    assert len(_content(apart("good"))) == 4


def test_a_stream_that_is_left_begins_anew(apart: Callable[[str], Iterator[Batch]]) -> None:
    batches = apart("good")
    first = _rows(next(batches))
    del batches
    again = _rows(next(apart("good")))
    assert [row.external_id for row in again] == [row.external_id for row in first]


def test_history_is_read_apart_and_news_are_read_here(runtime: Runtime) -> None:
    source = FakeSource("salesforce", {"accounts": [[raw("accounts", "1", name="One")]]}, _customer)
    way = Way(reading=partial(ReadingApart, partial(FakeSource, "salesforce", dict(source.pages), _customer)))

    assert pull(runtime, source, ["salesforce"], way) == 1
    assert source.asked == []
    pull(runtime, source, ["salesforce"], way)
    assert source.asked == [("accounts", {"page": 1})]


def _customer(record: RawRecord) -> tuple[CanonicalRecord, ...]:
    return (b.customer(source_ref=record.external_id, name=record.payload["name"]),)
