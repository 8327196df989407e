"""Makes a store ready for use, and tells people where to go."""

from __future__ import annotations

import os
import threading
import time

import httpx

from core.access.model import DEMO_PASSWORD, demo_people
from core.kit.errors import Refused
from core.runtime import Runtime
from core.settings import Settings
from core.workflow.bootstrap import bootstrap
from jobs.lines import say
from jobs.store_setup import migrate

_PATIENCE_SECONDS = 120
_pause = threading.Event()


class AppAbsent(Refused):
    def __init__(self) -> None:
        super().__init__("app.absent", "The web app does not answer.")


def prepare(runtime: Runtime) -> None:
    """Brings the schema up to date and seeds what every house needs; beside the sandbox also its people."""
    migrate(runtime.engine)
    bootstrap(runtime, is_demo=runtime.settings.sandbox_systems is not None)


def announce(settings: Settings) -> None:
    """Waits for the first page, then prints its address and, beside the sandbox, who may sign in."""
    address = f"http://localhost:{settings.port}"
    end, parent = time.monotonic() + _PATIENCE_SECONDS, os.getppid()
    while not _answers(f"{address}/healthz"):
        if os.getppid() != parent:
            return  # whoever started the app has given up
        if time.monotonic() > end:
            raise AppAbsent
        _pause.wait(0.25)
    say(f"\n  Quittance is at {address}")
    if settings.sandbox_systems is not None:
        say(f"  Sign in as one of these; the password is {DEMO_PASSWORD}")
        for person in demo_people():
            say(f"    {person.role:<14} {person.email}")
    say("  Ctrl-C stops everything; make run continues where it was.\n")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False
