"""Brings the store's schema up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

_ROOT = Path(__file__).resolve().parent.parent


def migration_config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "migrations"))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine) -> None:
    """Runs the versions that the store has not seen; a store that is up to date is left alone."""
    command.upgrade(migration_config(engine), "head")
