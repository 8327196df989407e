"""Locks that hold across machines for as long as a piece of work lasts, and vanish with the process that held them.

A process holds all its locks on one connection: with one each, work under way would keep from the pool the very
connections that it needs to end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError

_TRY = text("select pg_try_advisory_lock(hashtextextended(:name, 0))")
_RELEASE = text("select pg_advisory_unlock(hashtextextended(:name, 0))")


class _Locks:
    """What this process holds in one store, which would hand a lock to the same connection twice."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._held: set[str] = set()
        self._connection: Connection | None = None

    def take(self, engine: Engine, names: list[str]) -> str | None:
        with self._guard:
            free = (name for name in names if name not in self._held)
            taken = next((name for name in free if self._ask(engine, _TRY, name)), None)
            if taken is not None:
                self._held.add(taken)
            self._rest()
            return taken

    def give_back(self, engine: Engine, name: str) -> None:
        with self._guard:
            self._held.discard(name)
            # A connection that is gone has taken its locks along.
            with suppress(DBAPIError):
                self._ask(engine, _RELEASE, name)
            self._rest()

    def _ask(self, engine: Engine, statement: TextClause, name: str) -> bool:
        if self._connection is None:
            self._connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            return bool(self._connection.scalar(statement, {"name": name}))
        except DBAPIError:
            self._connection.close()
            self._connection = None
            raise

    def _rest(self) -> None:
        """With nothing held, the connection goes back to those who work."""
        if self._connection is not None and not self._held:
            self._connection.close()
            self._connection = None


_all: WeakKeyDictionary[Engine, _Locks] = WeakKeyDictionary()
_finding = Lock()


@contextmanager
def exclusive(engine: Engine, name: str) -> Iterator[bool]:
    """True while this work holds `name`; False when other work does, here or on another machine. No transaction
    stays open meanwhile."""
    with one_of(engine, [name]) as taken:
        yield taken is not None


@contextmanager
def one_of(engine: Engine, names: list[str]) -> Iterator[str | None]:
    """The first of `names` that was free, held for the length of the block; None when all are taken."""
    with _finding:
        locks = _all.setdefault(engine, _Locks())
    taken = locks.take(engine, names)
    try:
        yield taken
    finally:
        if taken is not None:
            locks.give_back(engine, taken)
