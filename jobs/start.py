"""Starts everything that Procfile names, says where it is, and stops all of it together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType

import httpx

from core.access.model import DEMO_PASSWORD, demo_people
from core.kit.errors import Refused
from core.settings import Settings
from jobs.lines import note, say
from jobs.store_setup import stop_embedded

_HONCHO = Path(sys.executable).with_name("honcho")
# How honcho ends when it was told to.
_TOLD_TO_STOP = {130, 143, -signal.SIGINT, -signal.SIGTERM}
_pause = threading.Event()


def start(settings: Settings) -> int:
    """Runs until Ctrl-C, SIGTERM or the end of one of the processes; answers the exit code. Raises Refused."""
    _refuse_busy_port(settings.port)
    processes = subprocess.Popen([_HONCHO, "start"], env=environment(settings))

    def stop(number: int, _: FrameType | None) -> None:
        # Ctrl-C reaches the processes by themselves.
        if number == signal.SIGTERM:
            processes.send_signal(number)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    _announce(settings, processes)
    code = processes.wait()
    if settings.database_url is None:
        stop_embedded(settings.data_dir / "postgres")
    if code in _TOLD_TO_STOP:
        return 0
    note("A part of Quittance ended unexpectedly, so all were stopped; nothing is lost. Start again with: make run")
    return 1


def _refuse_busy_port(port: int) -> None:
    """Whoever answers there would be taken for us."""
    try:
        socket.create_connection(("localhost", port), timeout=2).close()
    except OSError:
        return
    raise Refused("start.busy", f"Port {port} is in use, perhaps by another Quittance. Choose one: make run PORT=…")


def environment(settings: Settings) -> dict[str, str]:
    """That of this process; left to itself, the web server would take the word of anybody on this machine."""
    return {**os.environ, "FORWARDED_ALLOW_IPS": settings.trusted_proxies}


def _announce(settings: Settings, processes: subprocess.Popen[bytes]) -> None:
    """Waits for the first page; beside the sandbox also tells who may sign in."""
    address = f"http://localhost:{settings.port}"
    while not _answers(f"{address}/healthz"):
        if processes.poll() is not None:
            return
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
