"""Behaviour of NetSuite that differs between accounts or is not settled by its documentation."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.switches import unusable


@dataclass
class Switches:
    """Set by the environment (SANDBOX_NETSUITE_<NAME IN CAPITALS>) or by POST /_sandbox/switches on this emulator."""

    concurrency_limit: int = 15  # requests in flight per account; one more is answered 429
    upsert_appends_lines: bool = (
        True  # lines of a PUT without ?replace= are added; otherwise they take the old ones' place
    )
    expires_in_text: bool = False  # the token's expires_in is sent as text
    job_looks: int = 1  # how often an asynchronous job is seen unfinished before it is done
    property_names: str = "warning"  # what holds without the header X-NetSuite-PropertyNameValidation

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Switches":
        found = cls()
        keys = {name: f"SANDBOX_NETSUITE_{name.upper()}" for name in found.all()}
        for name, key in keys.items():
            try:
                found.set({name: _read(environment[key])} if key in environment else {})
            except ValueError:
                raise unusable(key, environment[key], getattr(found, name)) from None
        return found

    def all(self) -> dict[str, bool | int | str]:
        return asdict(self)

    def set(self, changes: Mapping[str, Any]) -> dict[str, bool | int | str]:
        """Apply some switches; ValueError changes nothing."""
        known = self.all()
        for name, value in changes.items():
            if name not in known or type(value) is not type(known[name]):
                raise ValueError(f"unknown switch or wrong type: {name}={value!r}")
        for name, value in changes.items():
            setattr(self, name, value)
        return self.all()


def _read(text: str) -> bool | int | str:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if text.isdecimal() else text
