"""Where a measurement plays: a sandbox process of its own, a fresh database, and the house between them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from connectors import registry
from core.db.engine import open_engine, start_embedded
from core.kit.clock import utc_now
from core.runtime import Runtime
from core.settings import Settings
from core.workflow.bootstrap import bootstrap
from core.workflow.papers import enclose_with
from jobs.store_setup import migrate, stop_embedded
from jobs.wiring import House

_PATIENCE_SECONDS = 300
_tick = threading.Event()


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: the lines that it printed, one per system."""

    systems: list[dict[str, Any]]

    def address(self, system: str) -> str:
        return next(str(line["address"]) for line in self.systems if line["system"] == system)

    def admin(self, system: str, path: str) -> Any:
        return _admin(self.address(system), path)


def _admin(address: str, path: str) -> Any:
    return httpx.get(f"{address}/_sandbox/{path}", verify=False, timeout=60).json()


@contextmanager
def sandbox(scale: str, port: int, seed: int = 7, *, environment: Mapping[str, str] | None = None) -> Iterator[Sandbox]:
    """Starts a paused sandbox and waits until its company stands; stops it at the end."""
    around = os.environ | {"PYTHONWARNINGS": "ignore"} | dict(environment or {})
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sandbox", "--paused", "--scale", scale, "--seed", str(seed)]
        command += ["--port", str(port), "--folder", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=around)
        try:
            yield Sandbox(_wait(Path(folder) / "systems.json", process))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def _wait(file: Path, process: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
    for _ in range(_PATIENCE_SECONDS * 4):
        if process.poll() is not None:
            raise RuntimeError("the sandbox ended before it was ready")
        if file.exists():
            lines: list[dict[str, Any]] = json.loads(file.read_text())
            if all(_admin(str(line["address"]), "health").get("ready") for line in lines):
                return lines
        _tick.wait(0.25)
    raise RuntimeError("the sandbox did not get ready in time")


@contextmanager
def store() -> Iterator[Runtime]:
    """A runtime on a fresh embedded database that vanishes afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "postgres"
        url = start_embedded(data)
        engine = open_engine(url)
        runtime = Runtime(Settings(data_dir=Path(folder), database_url=url), engine, utc_now)
        migrate(engine)
        bootstrap(runtime, is_demo=True)
        yield runtime
        engine.dispose()
        # A server that still writes keeps its folder from vanishing.
        stop_embedded(data)


def house(runtime: Runtime, lines: list[dict[str, Any]]) -> House:
    """The house connected to the sandbox's systems."""
    connected = registry.from_sandbox(lines, enclose_with(runtime.settings))
    return House(
        runtime,
        {name: each.source for name, each in connected.items() if each.source is not None},
        {name: each.ledger for name, each in connected.items() if each.ledger is not None},
    )
