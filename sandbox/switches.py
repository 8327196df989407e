"""Behaviours that a vendor's documents leave open: switches, to try a product against either reading.

Each is set by the environment (SANDBOX_<NAME IN CAPITALS>) or by POST /_sandbox/switches on the Stripe emulator.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass
class StripeSwitches:
    """The defaults are what Stripe is believed to do."""

    list_canceled_subscriptions: bool = False  # otherwise only with status=all
    replayed_header: bool = True  # Idempotent-Replayed on replayed answers
    should_retry_on_429: bool = False  # Stripe-Should-Retry: true on 429
    rate_limited_reason: bool = True  # header Stripe-Rate-Limited-Reason on 429
    lock_timeouts: bool = False  # a fault 429 on a write is lock_timeout in place of rate_limit
    thin_events_to_all: bool = True  # endpoints for "*" also get thin v2 events
    hold_writes_ms: int = 0  # a write waits so long before it starts: lets two requests meet on one idempotency key
    meter_delay_ms: int = 200  # meter events are looked at so much later
    webhook_signature: str = "good"  # good | rotated (two v1 parts) | old (10 minutes) | wrong
    webhook_first_retry_ms: int = 500  # doubles with every attempt ...
    webhook_last_retry_ms: int = 30_000  # ... up to this
    webhook_give_up_hours: int = 72
    webhook_timeout_ms: int = 5_000

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "StripeSwitches":
        found = cls()
        names = {field.name: "SANDBOX_" + field.name.upper() for field in fields(cls)}
        found.set({name: environment[key] for name, key in names.items() if key in environment})
        return found

    def all(self) -> dict[str, bool | int | str]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def set(self, changes: Mapping[str, Any]) -> dict[str, bool | int | str]:
        """Apply some switches (text is read by the switch's type); ValueError changes nothing."""
        now = self.all()
        if unknown := set(changes) - set(now):
            raise ValueError(f"unknown switch: {min(unknown)}")
        checked = {name: _as(type(now[name]), name, value) for name, value in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)
        return self.all()


def _as(wanted: type, name: str, value: Any) -> bool | int | str:
    if wanted is bool and str(value).lower() in ("1", "true", "0", "false"):
        return str(value).lower() in ("1", "true")
    if wanted is int and str(value).isdigit():
        return int(value)
    if wanted is str and isinstance(value, str):
        return value
    raise ValueError(f"{name} does not take {value!r}")
