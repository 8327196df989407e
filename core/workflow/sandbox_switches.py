"""Faults on demand in the sandbox's systems. The one place of the core that speaks HTTP, and to the sandbox only
(docs/adr/0006-sandbox-switches.md)."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from core.kit.errors import Forbidden, Refused
from core.runtime import Runtime
from core.workflow.actors import Actor, Role

_TIMEOUT_SECONDS = 3.0
_TITLES = {"salesforce": "Salesforce", "stripe": "Stripe", "netsuite": "NetSuite", "mail": "E-mail"}
Setting = bool | int | float

# What a system can be made to do, with its calm value.
CALM: dict[str, Setting] = {
    "latency_ms": 0,
    "rate_429": 0.0,
    "rate_500": 0.0,
    "outage": False,
    "commit_then_disconnect": 0.0,
    "token_expired": False,
    "unknown_field": False,
    "duplicate_webhooks": 0.0,
    "shuffle_webhooks": False,
    "drop_webhooks": 0.0,
}


@dataclass(frozen=True, slots=True)
class SystemSwitches:
    """`settings` is empty when the system did not answer."""

    system: str
    settings: Mapping[str, Setting]

    @property
    def answers(self) -> bool:
        return bool(self.settings)

    @property
    def is_calm(self) -> bool:
        return all(value == CALM.get(name) for name, value in self.settings.items())


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the simulated company lives."""

    events_per_minute: int
    is_paused: bool


@dataclass(frozen=True, slots=True)
class Bench:
    """The sandbox's systems as they are switched now; `pace` is None when none of them answers."""

    systems: tuple[SystemSwitches, ...]
    pace: Pace | None


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings of several systems at once; a system that is not named becomes calm."""

    title: str
    sentence: str
    systems: Mapping[str, Mapping[str, Setting]] = field(default_factory=dict)
    events_per_minute: int | None = None


PRESETS: dict[str, Preset] = {
    "calm": Preset("All calm", "Every system answers at once and correctly."),
    "month_end": Preset(
        "Month-end storm",
        "Ten times the events; slow, overloaded systems; webhooks twice and out of order; connections cut after the "
        "work was done.",
        {
            "stripe": {"rate_429": 0.1, "duplicate_webhooks": 0.3, "shuffle_webhooks": True},
            "salesforce": {"latency_ms": 400, "rate_500": 0.05},
            "netsuite": {"latency_ms": 800, "rate_429": 0.2, "commit_then_disconnect": 0.1},
        },
        events_per_minute=200,
    ),
    "erp_outage": Preset("ERP outage", "NetSuite answers nothing until you end it.", {"netsuite": {"outage": True}}),
}


def look(runtime: Runtime) -> Bench:
    """How the systems are switched now. Raises Refused when there is no sandbox."""
    found, pace = [], None
    for line in _lines(runtime):
        settings = _ask(line, "faults")
        found.append(SystemSwitches(str(line["system"]), settings or {}))
        if settings is not None and pace is None:
            pace = _pace(_ask(line, "speed"))
    return Bench(tuple(found), pace)


def set_faults(runtime: Runtime, actor: Actor, system: str, changes: Mapping[str, Setting]) -> None:
    """Switches one system. Raises Forbidden, or Refused when it does not answer or does not know a setting."""
    _check(actor)
    for line in _lines(runtime):
        if line["system"] == system:
            _tell(line, "faults", changes)
            return
    raise Refused("sandbox.unknown", "The sandbox has no such system.")


def set_pace(runtime: Runtime, actor: Actor, pace: Pace) -> None:
    """Makes the company live faster, slower or not at all. Raises as `set_faults`."""
    _check(actor)
    _tell(_lines(runtime)[0], "speed", {"events_per_minute": pace.events_per_minute, "paused": pace.is_paused})


def sign_contract(runtime: Runtime, actor: Actor) -> str:
    """Has a new customer of the simulated company sign a contract that this house bills; answers which. Raises as
    `set_faults`."""
    _check(actor)
    try:
        return str(_call(_lines(runtime)[0], "POST", "sign")["signed"])
    except Refused as refused:
        if refused.code != "sandbox.refused":
            raise
        raise Refused("sandbox.empty", "The sandbox has no company that could sign a contract.") from None


def apply_preset(runtime: Runtime, actor: Actor, name: str) -> None:
    """Switches all systems. Raises as `set_faults`; the systems before the one that did not answer stay switched."""
    _check(actor)
    preset, lines = PRESETS[name], _lines(runtime)
    for line in lines:
        _tell(line, "faults", {**CALM, **preset.systems.get(str(line["system"]), {})})
    if preset.events_per_minute is not None:
        _tell(lines[0], "speed", {"events_per_minute": preset.events_per_minute, "paused": False})


def _check(actor: Actor) -> None:
    if actor.role is not Role.ADMINISTRATOR:
        raise Forbidden(
            "role.not_allowed", f"Policy “roles”: this is not for a {actor.role}; ask someone who is administrator."
        )


def _lines(runtime: Runtime) -> list[dict[str, Any]]:
    """One per system, as the sandbox wrote them down: name, address, and the authority to trust."""
    where: Path | None = runtime.settings.sandbox_systems
    if where is None:
        raise Refused("sandbox.absent", "This installation has no sandbox.")
    try:
        lines: list[dict[str, Any]] = json.loads(where.read_text())
    except (OSError, ValueError):
        lines = []
    if not lines:
        raise Refused("sandbox.absent", "The sandbox is not running. Start it and look again.")
    return lines


def _ask(line: Mapping[str, Any], endpoint: str) -> dict[str, Any] | None:
    try:
        return _call(line, "GET", endpoint)
    except Refused:
        return None


def _tell(line: Mapping[str, Any], endpoint: str, content: Mapping[str, Setting]) -> None:
    _call(line, "POST", endpoint, dict(content))


def _call(
    line: Mapping[str, Any], method: str, endpoint: str, content: dict[str, Setting] | None = None
) -> dict[str, Any]:
    title = _TITLES.get(str(line["system"]), str(line["system"]).capitalize())
    try:
        with httpx.Client(base_url=line["address"], timeout=_TIMEOUT_SECONDS, verify=_trusted(line)) as client:
            answer = client.request(method, f"/_sandbox/{endpoint}", json=content)
            body: dict[str, Any] = answer.json()
    except (httpx.HTTPError, OSError, ValueError):
        raise Refused("sandbox.silent", f"The sandbox's {title} does not answer.") from None
    if answer.is_error:
        raise Refused("sandbox.refused", f"The sandbox's {title} does not know this setting.")
    return body


def _trusted(line: Mapping[str, Any]) -> ssl.SSLContext | bool:
    authority = line.get("ca_file")
    return ssl.create_default_context(cafile=authority) if authority else True


def _pace(answer: Mapping[str, Any] | None) -> Pace | None:
    return Pace(int(answer["events_per_minute"]), bool(answer["paused"])) if answer else None
