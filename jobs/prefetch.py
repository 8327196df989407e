"""Reading ahead: the next pages come over the network while the last ones go into the store and are handled."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event
from typing import TypeVar

from core.ports import ConnectorFailure, Page

_T = TypeVar("_T")


def read_ahead(pages: Iterator[_T], depth: int) -> Generator[_T]:
    """The same pages, made by a thread of their own, up to `depth` in advance; what making one raises is raised here,
    after those before it."""
    waiting: Queue[_T | None] = Queue(depth)
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


def _fill(pages: Iterator[_T], waiting: Queue[_T | None], is_over: Event) -> None:
    try:
        for page in pages:
            _put(page, waiting, is_over)
            if is_over.is_set():
                return
    finally:
        _put(None, waiting, is_over)


def _put(page: _T | None, waiting: Queue[_T | None], is_over: Event) -> None:
    while not is_over.is_set():
        with suppress(Full):
            waiting.put(page, timeout=0.2)
            return


def batches(pages: Iterator[Page], size: int) -> Generator[Page]:
    """Joins small pages until `size` records are together or nothing more comes; what came before a failure is
    handed on before it is raised."""
    joined: Page | None = None
    try:
        for page in pages:
            joined = page if joined is None else Page(joined.records + page.records, page.cursor, page.is_last)
            if len(joined.records) >= size or joined.is_last:
                yield joined
                joined = None
    except ConnectorFailure:
        if joined is not None:
            yield joined
        raise
    if joined is not None:
        yield joined
