"""Runs the chain on the engine that the caller hands over, or on the configured store."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Engine

from core.db.engine import database_url, open_engine
from core.db.tables import Table
from core.settings import Settings


def _is_ours(_: Any, name: str | None, kind: str, *__: Any) -> bool:
    """The queue's tables come with its own SQL; Alembic must not propose to drop them."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def _run(engine: Engine) -> None:
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=Table.metadata, include_object=_is_ours, compare_type=True
        )
        with context.begin_transaction():
            context.run_migrations()


_handed_over = context.config.attributes.get("engine")
_run(_handed_over if isinstance(_handed_over, Engine) else open_engine(database_url(Settings())))
