"""Holds contracts against their schedule, invoices, subscription and ledger, in bounded batches."""

from __future__ import annotations

from uuid import UUID

from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.billing_commands import WatchDrift


def watch_drift(runtime: Runtime) -> int:
    """Answers how many differences are new."""
    after, count = None, 0
    while True:
        result = execute(runtime, WatchDrift(after=after), job("watch_drift")).result
        count += int(result["n"])
        if result["last"] is None:
            return count
        after = UUID(result["last"])
