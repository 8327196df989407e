from __future__ import annotations

from collections.abc import Iterator
from threading import Event, active_count

import pytest

from core.ports import Page, Transient
from jobs.prefetch import batches, read_ahead
from tests.fakes import raw


def pages(count: int, size: int = 1) -> Iterator[Page]:
    for number in range(count):
        yield Page(tuple(raw("a", f"{number}-{n}") for n in range(size)), {"page": number}, number == count - 1)


def test_pages_come_in_order_while_more_are_read() -> None:
    assert [page.cursor["page"] for page in read_ahead(pages(50), 12)] == list(range(50))


def test_a_failure_comes_after_the_pages_before_it() -> None:
    def failing() -> Iterator[Page]:
        yield from pages(2)
        raise Transient("Gone.")

    seen = []
    with pytest.raises(Transient):
        for page in read_ahead(failing(), 12):
            seen.append(page.cursor["page"])
    assert seen == [0, 1]


def test_who_stops_listening_leaves_no_thread_behind() -> None:
    before = active_count()
    ahead = read_ahead(pages(1_000), 12)
    next(ahead)
    ahead.close()

    assert active_count() == before


def test_reading_goes_on_while_the_listener_is_busy() -> None:
    read_third = Event()

    def telling() -> Iterator[Page]:
        for page in pages(3):
            if page.is_last:
                read_third.set()
            yield page

    ahead = read_ahead(telling(), 12)
    next(ahead)

    assert read_third.wait(5)
    assert len(list(ahead)) == 2


def test_small_pages_are_joined_and_the_cursor_is_the_last_ones() -> None:
    joined = list(batches(pages(5, size=100), 200))

    assert [(len(page.records), page.cursor["page"], page.is_last) for page in joined] == [
        (200, 1, False),
        (200, 3, False),
        (100, 4, True),
    ]
