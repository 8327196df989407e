"""Billing runs, batch by batch: any number of workers may be at the same run, and each may stop anywhere."""

from __future__ import annotations

from uuid import UUID

from core.kit.errors import Refused
from core.runtime import Runtime
from core.workflow import billing_runs, execute
from core.workflow.actors import job
from core.workflow.billing_commands import FinishRun, GenerateParts, SettleDrafts, StartBillingRun
from jobs.tidying import tidied_afterwards

BATCH = 250
_RUN, _CLOCK = job("run_billing"), job("bill_due")


def run_billing(runtime: Runtime, run_id: UUID, batch: int = BATCH) -> int:
    """Goes on with a run until nothing of it is left to do here; answers how many contracts and drafts it took."""
    done = _batches(runtime, run_id, batch)
    while execute(runtime, FinishRun(run_id=run_id), _RUN).result["is_changed"]:
        done += _batches(runtime, run_id, batch)
    return done


def _batches(runtime: Runtime, run_id: UUID, batch: int) -> int:
    done = 0
    while n := _taken(runtime, GenerateParts(run_id=run_id, limit=batch)):
        done += n
    while n := _taken(runtime, SettleDrafts(run_id=run_id, limit=batch)):
        done += n
    return done


def _taken(runtime: Runtime, command: GenerateParts | SettleDrafts) -> int:
    with tidied_afterwards():
        return int(execute(runtime, command, _RUN).result["n"])


def run_unfinished(runtime: Runtime) -> int:
    """Goes on with every run that is not finished, here and now."""
    return sum(run_billing(runtime, id) for id in billing_runs.unfinished(runtime))


def bill_due(runtime: Runtime) -> int:
    """The clock's part: drafts whose grace is over are decided, and what is due today is put into a straight run.
    Answers how many drafts and contracts that concerned."""
    done = 0
    while n := _taken(runtime, SettleDrafts(run_id=None, limit=BATCH)):
        done += n
    today = runtime.today()
    if not billing_runs.is_anything_due(runtime, today):
        return done
    try:
        started = execute(
            runtime, StartBillingRun(name=f"Due {today:%d %b %Y}", through=today, mode="straight"), _CLOCK
        )
    except Refused:
        # Another clock was quicker.
        return done
    return done + int(started.result["n"])
