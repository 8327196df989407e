"""Reading in a process of its own: fetching and translating then run beside the recording, on another core."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import Any

from core.ports import ConnectorFailure, Source
from jobs.handing_over import packed, unpacked
from jobs.readings import Batch, read_batches

Reader = Callable[[Source, str, Mapping[str, Any]], Iterator[Batch]]
Reading = Callable[[], AbstractContextManager[Reader]]
Reopen = Callable[[], Source]

# Records make very many objects and no cycles: by default the search for cycles takes a quarter of a long pull.
OBJECTS_BETWEEN_COLLECTIONS = 400_000
# A server with one thread, which has imported everything already, forks quickly and copies no lock that somebody holds.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__, "connectors.registry"])


def prepare() -> None:
    """Starts the server that the processes come from, which imports everything meanwhile; it ends with this process."""
    forkserver.ensure_running()


class ReadingBroke(Exception):
    """The process that read ended before the stream did."""


def reading_here() -> AbstractContextManager[Reader]:
    return nullcontext(read_batches)


class ReadingApart:
    """As a context, a reader like `read_batches` whose work is done by a process that opens the source anew with
    `reopen`, which must be picklable. The process starts with the first stream and ends with the context."""

    def __init__(self, reopen: Reopen) -> None:
        self._reopen = reopen
        self._process: tuple[Any, Connection] | None = None

    def __enter__(self) -> Reader:
        return self._read

    def __exit__(self, *_: object) -> None:
        self._end()

    def _read(self, source: Source, stream: str, cursor: Mapping[str, Any]) -> Iterator[Batch]:
        connection = self._connected()
        is_read = False
        try:
            connection.send((stream, dict(cursor)))
            while (sent := _received(connection, f"{source.capabilities.title}, {stream}")) is not None:
                if isinstance(sent, ConnectorFailure):
                    is_read = True
                    raise sent
                yield unpacked(sent)
            is_read = True
        finally:
            if not is_read:
                self._end()

    def _connected(self) -> Connection:
        if self._process is None:
            ours, theirs = _processes.Pipe()
            process = _processes.Process(target=_serve, args=(theirs, self._reopen), daemon=True)
            process.start()
            theirs.close()
            self._process = process, ours
        return self._process[1]

    def _end(self) -> None:
        """The process may be waiting for a slow vendor; it holds nothing that would be lost."""
        if self._process is not None:
            process, connection = self._process
            self._process = None
            connection.close()
            process.terminate()
            process.join()


def _received(connection: Connection, name: str) -> bytes | ConnectorFailure | None:
    try:
        sent: bytes | ConnectorFailure | None = connection.recv()
    except (EOFError, ConnectionResetError) as problem:
        raise ReadingBroke(f"The process that read {name} ended early.") from problem
    return sent


def _serve(connection: Connection, reopen: Reopen) -> None:
    """Reads what it is told until nobody is there any more."""
    # A signal to the worker and its group is the worker's to answer.
    os.setpgrp()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    source = reopen()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            stream, cursor = connection.recv()
            connection.send(_sent(connection, source, stream, cursor))


def _sent(connection: Connection, source: Source, stream: str, cursor: dict[str, Any]) -> ConnectorFailure | None:
    """Sends each batch of the stream, held back by the length of the pipe; answers what ended it."""
    try:
        for batch in read_batches(source, stream, cursor):
            connection.send(packed(batch))
    except ConnectorFailure as failure:
        return failure
    return None
