"""Brings the store's schema up to date, and stops the embedded store for good."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

_STOP_SECONDS = 15
_pause = threading.Event()
_ROOT = Path(__file__).resolve().parent.parent


def migration_config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "migrations"))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine) -> None:
    """Runs the versions that the store has not seen; a store that is up to date is left alone."""
    command.upgrade(migration_config(engine), "head")


def stop_embedded(folder: Path) -> None:
    """The server outlives its users when they were killed. Stops it only if it answers for this very folder."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
        with psycopg.connect(host=lines[4], port=lines[3], user="postgres", dbname="postgres") as connection:
            found = connection.execute("show data_directory").fetchone()
    except (FileNotFoundError, IndexError, psycopg.OperationalError):
        return
    if found is None or Path(found[0]) != folder.resolve():
        return
    os.kill(int(lines[0]), signal.SIGINT)
    end = time.monotonic() + _STOP_SECONDS
    while (folder / "postmaster.pid").exists() and time.monotonic() < end:
        _pause.wait(0.1)
