"""Billing runs, batch by batch: any number of workers may be at the same run, and each may stop anywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from core.intake import store as intake
from core.kit.errors import Refused
from core.kit.ids import new_id
from core.runtime import Runtime
from core.workflow import billing_runs, execute
from core.workflow.actors import job
from core.workflow.billing_commands import FinishRun, GenerateParts, SettleDrafts, StartBillingRun
from jobs.schedule import AGREED
from jobs.tidying import tidied_afterwards

BATCH = 500
# A run that is not finished by then has no job any more, or can do with another.
_LEFT_BEHIND = timedelta(hours=1)
_RUN, _CLOCK = job("run_billing"), job("bill_due")


def run_billing(runtime: Runtime, run_id: UUID, batch: int = BATCH, *, is_from_behind: bool = False) -> int:
    """Goes on with a run until nothing of it is left to do here; answers how many contracts and drafts it took."""
    parts = GenerateParts(run_id=run_id, limit=batch, is_from_behind=is_from_behind)
    done = _batches(runtime, parts)
    while execute(runtime, FinishRun(run_id=run_id), _RUN).result["is_changed"]:
        done += _batches(runtime, parts)
    return done


def _batches(runtime: Runtime, parts: GenerateParts) -> int:
    done = 0
    while n := _taken(runtime, replace(parts, command_id=new_id())):
        done += n
    while n := _taken(runtime, SettleDrafts(run_id=parts.run_id, limit=parts.limit)):
        done += n
    return done


def _taken(runtime: Runtime, command: GenerateParts | SettleDrafts) -> int:
    with tidied_afterwards():
        return int(execute(runtime, command, _RUN).result["n"])


def run_unfinished(runtime: Runtime, age: timedelta = timedelta(0)) -> int:
    """Goes on with every run of that age that is not finished, here and now; answers what `run_billing` does."""
    return sum([run_billing(runtime, id) for id in billing_runs.unfinished(runtime, age)])


def bill_due(runtime: Runtime) -> int:
    """The clock's part: drafts whose grace is over are decided, runs that lost their jobs are gone on with, and what is
    due today is put into a straight run.
    Answers how many drafts and contracts that concerned."""
    if not _is_all_agreed_read(runtime):
        return 0
    done = 0
    while n := _taken(runtime, SettleDrafts(run_id=None, limit=BATCH)):
        done += n
    done += run_unfinished(runtime, _LEFT_BEHIND)
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


def _is_all_agreed_read(runtime: Runtime) -> bool:
    """While the CRM is read for the first time, half a contract may be here."""
    with runtime.reading() as session:
        connected = intake.connected_systems(session)
        return {stream for stream in AGREED if stream[0] in connected} <= intake.completed_streams(session)
