"""Locks that hold across machines for as long as a piece of work lasts, and vanish with the process that held them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

_TRY = text("select pg_try_advisory_lock(hashtextextended(:name, 0))")
_RELEASE = text("select pg_advisory_unlock(hashtextextended(:name, 0))")


@contextmanager
def exclusive(engine: Engine, name: str) -> Iterator[bool]:
    """True while this process holds `name`; False when someone else does. No transaction stays open meanwhile."""
    with one_of(engine, [name]) as taken:
        yield taken is not None


@contextmanager
def one_of(engine: Engine, names: list[str]) -> Iterator[str | None]:
    """The first of `names` that was free, held for the length of the block; None when all are taken."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        taken = next((name for name in names if connection.scalar(_TRY, {"name": name})), None)
        try:
            yield taken
        finally:
            _release(connection, taken)


def _release(connection: Connection, name: str | None) -> None:
    if name is not None and not connection.invalidated:
        connection.execute(_RELEASE, {"name": name})
