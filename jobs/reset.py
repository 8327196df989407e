"""Forgets everything: stops the embedded store and removes what the product keeps in its data folder."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import httpx
import psycopg

from core.kit.errors import Refused
from core.settings import Settings

# Only what the product itself made; a data folder may hold other things.
_OURS = ("postgres", "sandbox")
_STOP_SECONDS = 15
_pause = threading.Event()


class StillRunning(Refused):
    def __init__(self) -> None:
        super().__init__("app.running", "Quittance is running. Stop it first (Ctrl-C where make run was started).")


def reset(settings: Settings) -> str:
    """Removes the data; answers what was done in one sentence. Raises StillRunning."""
    if _is_running(settings.port):
        raise StillRunning
    _stop_store(settings.data_dir / "postgres")
    for name in _OURS:
        shutil.rmtree(settings.data_dir / name, ignore_errors=True)
    done = f"Everything in {settings.data_dir} was removed; the next make run starts anew."
    return f"{done} The store at DATABASE_URL was left alone." if settings.database_url else done


def _is_running(port: int) -> bool:
    try:
        return httpx.get(f"http://localhost:{port}/healthz", timeout=2).is_success
    except httpx.HTTPError:
        return False


def _stop_store(folder: Path) -> None:
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
