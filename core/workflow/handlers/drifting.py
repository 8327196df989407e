"""The drift watch."""

from __future__ import annotations

from core.workflow.billing_commands import ApplyDriftFix, WatchDrift
from core.workflow.context import Context, Outcome


def watch_drift(command: WatchDrift, ctx: Context) -> Outcome:
    return Outcome({"n": 0, "last": None})


def apply_drift_fix(command: ApplyDriftFix, ctx: Context) -> Outcome:
    return Outcome({"n": 0})
