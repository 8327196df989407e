"""Forgets everything: stops the embedded store and removes what the product keeps in its data folder."""

from __future__ import annotations

import shutil

import httpx

from core.kit.errors import Refused
from core.settings import Settings
from jobs.store_setup import stop_embedded

# Only what the product itself made; a data folder may hold other things.
_OURS = ("postgres", "sandbox")


class StillRunning(Refused):
    def __init__(self) -> None:
        super().__init__("app.running", "Quittance is running. Stop it first (Ctrl-C where make run was started).")


def reset(settings: Settings) -> str:
    """Removes the data; answers what was done in one sentence. Raises StillRunning."""
    if _is_running(settings.port):
        raise StillRunning
    stop_embedded(settings.data_dir / "postgres")
    for name in _OURS:
        shutil.rmtree(settings.data_dir / name, ignore_errors=True)
    done = f"Everything in {settings.data_dir} was removed; the next make run starts anew."
    return f"{done} The store at DATABASE_URL was left alone." if settings.database_url else done


def _is_running(port: int) -> bool:
    try:
        return httpx.get(f"http://localhost:{port}/healthz", timeout=2).is_success
    except httpx.HTTPError:
        return False
