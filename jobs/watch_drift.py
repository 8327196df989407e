"""Holds contracts against what was sold, their schedule, invoices, subscription and ledger, in bounded batches."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.billing_commands import WatchDrift, WatchSales

_ACTOR = job("watch_drift")


def watch_drift(runtime: Runtime) -> int:
    """Answers how many differences, and deals without a contract, are new."""
    return _contracts(runtime) + _sales(runtime)


def _contracts(runtime: Runtime) -> int:
    after, count = None, 0
    while True:
        result = execute(runtime, WatchDrift(after=after), _ACTOR).result
        count += int(result["n"])
        if result["last"] is None:
            return count
        after = UUID(result["last"])


def _sales(runtime: Runtime) -> int:
    days, after, count = runtime.settings.contract_patience_days, None, 0
    while True:
        result = execute(runtime, WatchSales(patience_days=days, after=after), _ACTOR).result
        count += int(result["n"])
        if result["last"] is None:
            return count
        day, id = result["last"]
        after = (date.fromisoformat(day), UUID(id))
