"""The composition root: here connectors meet the house."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx

from connectors import registry
from core.kit.errors import Refused
from core.ports import Ledger, Source, TaxEngine
from core.runtime import Runtime, open_runtime
from core.workflow.papers import enclose_with
from jobs.read_apart import Reading, ReadingApart, reading_here

_SANDBOX_PATIENCE_SECONDS = 180
_pause = threading.Event()


class SandboxAbsent(Refused):
    def __init__(self) -> None:
        super().__init__("sandbox.absent", "The sandbox does not answer. Start it with: python -m sandbox")


@dataclass(frozen=True)
class House:
    """A runtime and the outside systems that it is connected to."""

    runtime: Runtime
    sources: dict[str, Source] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    engines: dict[str, TaxEngine] = field(default_factory=dict)
    # How each system's history is read; those without an entry are read in this process.
    readings: Mapping[str, Reading] = field(default_factory=dict)

    @property
    def systems(self) -> frozenset[str]:
        return frozenset(self.sources)

    def reading(self, system: str) -> Reading:
        return self.readings.get(system, reading_here)


def open_house() -> House:
    """The house on the configured store, with the sandbox's systems or those of the environment."""
    runtime = open_runtime()
    where = runtime.settings.sandbox_systems
    enclose = enclose_with(runtime.settings)
    lines = _sandbox_lines(where) if where else None
    connected = registry.from_environment(enclose) if lines is None else registry.from_sandbox(lines, enclose)
    sources = {name: each.source for name, each in connected.items() if each.source is not None}
    ledgers = {name: each.ledger for name, each in connected.items() if each.ledger is not None}
    engines = {name: each.taxes for name, each in connected.items() if each.taxes is not None}
    readings = {name: partial(ReadingApart, each.reopen) for name, each in connected.items() if each.reopen is not None}
    return House(runtime, sources, ledgers, engines, readings)


def title_of(system: str) -> str:
    """The system's name as its makers write it."""
    return registry.REGISTRY[system].capabilities.title


def _sandbox_lines(where: Path) -> list[dict[str, Any]]:
    """The sandbox's systems, as soon as they are there and ready. Raises SandboxAbsent after a while."""
    for _ in range(_SANDBOX_PATIENCE_SECONDS * 2):
        lines = _read(where)
        if lines and all(_is_ready(line) for line in lines):
            return lines
        _pause.wait(0.5)
    raise SandboxAbsent


def _read(where: Path) -> list[dict[str, Any]]:
    try:
        return cast(list[dict[str, Any]], json.loads(where.read_text()))
    except (FileNotFoundError, json.JSONDecodeError):
        return []


def _is_ready(line: dict[str, Any]) -> bool:
    try:
        # Loopback, and the sandbox signs its own certificate: nothing secret goes over this.
        answer = httpx.get(f"{line['address']}/_sandbox/health", timeout=5, verify=False)
        return answer.is_success and bool(answer.json().get("ready", True))
    except (httpx.HTTPError, ValueError):
        return False
