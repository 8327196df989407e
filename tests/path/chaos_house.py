"""The house as processes: the web app that takes webhooks, and a worker that is killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic

import httpx

ROOT = Path(__file__).resolve().parents[2]
_pause = Event()


def wait_until(is_so: Callable[[], bool], seconds: float, what: str) -> None:
    end = monotonic() + seconds
    while not is_so():
        assert monotonic() < end, f"not within {seconds:.0f} s: {what}"
        _pause.wait(0.2)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Worker:
    """`python -m jobs work`, as often as it takes."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "jobs", "work"]
            self._process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)

    def kill(self) -> None:
        """As when the power goes: no handler runs."""
        assert self._process is not None
        assert self._process.poll() is None, f"the worker ended by itself: {self._log.read_text()[-2000:]}"
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=10)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self._process.kill()


@contextmanager
def web_app(environment: dict[str, str], log: Path) -> Iterator[str]:
    """The address of the real web app."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.address", "127.0.0.1"]
    command += ["--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    with log.open("wb") as written:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=written, stderr=written)
    try:
        wait_until(lambda: _answers(f"{address}/healthz"), 60, "the web app answers")
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).is_success
    except httpx.TransportError:
        return False


def environment(database_url: str, folder: Path, systems: Path) -> dict[str, str]:
    """Quick enough for a test: more calls at once and per second, and a short wait before a look-up."""
    return os.environ | {
        "DATABASE_URL": database_url,
        "DATA_DIR": str(folder),
        "SANDBOX_SYSTEMS": str(systems),
        "SETTLE_SECONDS": "5",
        "LONGEST_PAUSE_SECONDS": "8",
        # Nothing waits for what the CRM may still tell: an exception opens, and closes when it has.
        "DOCUMENT_PATIENCE_SECONDS": "0",
        "NETSUITE_TIMEOUT_SECONDS": "5",
        "NETSUITE_MAX_IN_FLIGHT": "5",
        "NETSUITE_REQUESTS_PER_SECOND": "60",
        "PYTHONWARNINGS": "ignore",
    }
