"""Reading ahead: the next pages come over the network while the last ones go into the store."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event

from core.ports import Page

_DEPTH = 12


def read_ahead(pages: Iterator[Page]) -> Iterator[Page]:
    """The same pages, read by a thread of their own; what reading raises is raised here, after the pages before it."""
    waiting: Queue[Page | None] = Queue(_DEPTH)
    is_over = Event()
    with ThreadPoolExecutor(1, "read-ahead") as pool:
        reading = pool.submit(_fill, pages, waiting, is_over)
        try:
            while (page := waiting.get()) is not None:
                yield page
            reading.result()
        finally:
            is_over.set()
            with suppress(Empty):
                while True:
                    waiting.get_nowait()


def _fill(pages: Iterator[Page], waiting: Queue[Page | None], is_over: Event) -> None:
    try:
        for page in pages:
            _put(page, waiting, is_over)
            if is_over.is_set():
                return
    finally:
        _put(None, waiting, is_over)


def _put(page: Page | None, waiting: Queue[Page | None], is_over: Event) -> None:
    while not is_over.is_set():
        with suppress(Full):
            waiting.put(page, timeout=0.2)
            return


def batches(pages: Iterator[Page], size: int) -> Iterator[Page]:
    """Joins small pages until `size` records are together or nothing more comes."""
    joined: Page | None = None
    for page in pages:
        joined = page if joined is None else Page(joined.records + page.records, page.cursor, page.is_last)
        if len(joined.records) >= size or joined.is_last:
            yield joined
            joined = None
    if joined is not None:
        yield joined
