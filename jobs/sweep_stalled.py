"""Finds work that waits without a job (the job was lost, or its connection was paused) and gives it one."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from core.intake import store as intake
from core.posting import store as posting
from core.runtime import Runtime, defer
from jobs.queue import DELIVERIES, INTAKE

_LIMIT = 20_000
_INBOX_PATIENCE = timedelta(seconds=20)
_WITH_JOB = text(
    "select args->>'delivery_id' from procrastinate_jobs where task_name = 'deliver' and status in ('todo', 'doing')"
)
_PAUSED = text("select 1 from connections where state = 'paused' and system = :system")
_OLD_FIRES = text("delete from job_fires where slot < :before")
_OLD_JOBS = text(
    "delete from procrastinate_jobs where status in ('succeeded', 'failed', 'aborted', 'cancelled') and id in "
    "(select job_id from procrastinate_events group by job_id having max(at) < :before)"
)


def sweep_stalled(runtime: Runtime, ledgers: list[str]) -> int:
    """Requeues deliveries and inbox rows that were left behind; answers how many jobs it made."""
    return _requeue_deliveries(runtime, ledgers) + _requeue_inbox(runtime)


def _requeue_deliveries(runtime: Runtime, ledgers: list[str]) -> int:
    with runtime.transaction() as session:
        if all(session.scalar(_PAUSED, {"system": system}) for system in ledgers):
            return 0
        waiting = posting.due_without_job(session, runtime.now(), _LIMIT)
        taken = set(session.scalars(_WITH_JOB)) if waiting else set()
        missing = [{"delivery_id": str(each)} for each in waiting if str(each) not in taken]
        defer(session, "deliver", missing, queue=DELIVERIES)
    return len(missing)


def _requeue_inbox(runtime: Runtime) -> int:
    with runtime.transaction() as session:
        sources = intake.sources_waiting(session, runtime.now() - _INBOX_PATIENCE)
        defer(session, "handle_inbox", [{"source": source} for source in sources], queue=INTAKE)
    return len(sources)


def prune(runtime: Runtime) -> int:
    """Forgets the clock's fires and the queue's finished jobs of more than a week ago."""
    before = {"before": runtime.now() - timedelta(days=7)}
    with runtime.transaction() as session:
        return sum(session.execute(statement, before).rowcount for statement in (_OLD_FIRES, _OLD_JOBS))  # type: ignore[attr-defined]
