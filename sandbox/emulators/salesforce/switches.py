"""How this org behaves where orgs differ, or where the vendor's documents leave it open."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass
class SalesforceSwitches:
    """Set by the environment (SANDBOX_<NAME IN CAPITALS>) or by POST /_sandbox/switches on this emulator."""

    single_currency: bool = False  # no CurrencyIsoCode anywhere: INVALID_FIELD where it is asked for
    page_rows: int = 2000  # query pages are never longer than this, whatever batchSize asks for
    late_commit_seconds: int = 0  # rows that the company changes become visible so long after their SystemModstamp
    locator_seconds: int = 172_800  # query locators live so long ...
    open_locators: int = 10  # ... and only so many at a time: the oldest is closed
    lock_rate: float = 0.0  # share of updates and deletes refused with UNABLE_TO_LOCK_ROW
    daily_limit: int = 1_000_000  # requests in 24 hours, then REQUEST_LIMIT_EXCEEDED
    session_seconds: int = 7_200  # a token dies when it was not used for so long
    bulk_polls: int = 0  # a bulk job is seen InProgress so many times before JobComplete
    run_as_user: bool = True  # without it client credentials are refused: no client credentials user enabled

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "SalesforceSwitches":
        found = cls()
        names = {field.name: "SANDBOX_" + field.name.upper() for field in fields(cls)}
        found.set({name: environment[key] for name, key in names.items() if key in environment})
        return found

    def all(self) -> dict[str, bool | int | float]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def set(self, changes: Mapping[str, Any]) -> dict[str, bool | int | float]:
        """Apply some switches (text is read by the switch's type); ValueError changes nothing."""
        now = self.all()
        if unknown := set(changes) - set(now):
            raise ValueError(f"unknown switch: {min(unknown)}")
        checked = {name: _as(type(now[name]), name, value) for name, value in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)
        return self.all()


def _as(wanted: type, name: str, value: Any) -> bool | int | float:
    text = str(value).lower()
    if wanted is bool and text in ("1", "true", "0", "false"):
        return text in ("1", "true")
    if wanted is int and text.isdigit():
        return int(text)
    if wanted is float and text.replace(".", "", 1).isdigit() and 0 <= float(text) <= 1:
        return float(text)
    raise ValueError(f"{name} does not take {value!r}")
