"""Behaviours that a vendor's documents leave open: switches, to try a product against either reading.

Each is set by the environment (SANDBOX_<NAME IN CAPITALS>) or by POST /_sandbox/switches on its emulator.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

Setting = bool | int | float | str


class SwitchUnusable(ValueError):
    """The environment sets a switch to what it does not take; the message is for people."""


def unusable(key: str, text: str, default: Setting) -> SwitchUnusable:
    return SwitchUnusable(f"{key} does not take “{text}”; it is {default} when nothing is said.")


@dataclass
class Switches:
    """What an emulator's switches have in common; each emulator names its own, with their defaults."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        found = cls()
        names = {field.name: "SANDBOX_" + field.name.upper() for field in fields(cls)}
        for name, key in names.items():
            try:
                found.set({name: environment[key]} if key in environment else {})
            except ValueError:
                raise unusable(key, environment[key], getattr(found, name)) from None
        return found

    def all(self) -> dict[str, Setting]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def set(self, changes: Mapping[str, Any]) -> dict[str, Setting]:
        """Apply some switches (text is read by the switch's type); ValueError changes nothing."""
        now = self.all()
        if unknown := set(changes) - set(now):
            raise ValueError(f"unknown switch: {min(unknown)}")
        checked = {name: _as(type(now[name]), name, value) for name, value in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)
        return self.all()


def _as(wanted: type, name: str, value: Any) -> Setting:
    text = str(value).lower()
    if wanted is bool and text in ("1", "true", "0", "false"):
        return text in ("1", "true")
    if wanted is int and text.isdigit():
        return int(text)
    if wanted is float and text.replace(".", "", 1).isdigit() and 0 <= float(text) <= 1:
        return float(text)
    if wanted is str and isinstance(value, str):
        return value
    raise ValueError(f"{name} does not take {value!r}")
