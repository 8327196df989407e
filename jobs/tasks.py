"""The queue's tasks by name: each calls one job and says when to come back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from jobs.clock import finish
from jobs.decide_waiting import decide_waiting
from jobs.deliver import deliver
from jobs.determine_tax import determine_tax
from jobs.escalate_overdue import escalate_overdue
from jobs.exclusive import exclusive
from jobs.handle_inbox import handle_waiting, is_all_history_read
from jobs.lines import first_line, note
from jobs.outage import tell_outage
from jobs.plan_schedules import plan_schedules
from jobs.pull import Way, try_pull
from jobs.queue import enqueue_once
from jobs.run_billing import bill_due, run_billing
from jobs.schedule import SCHEDULE
from jobs.summarise_usage import summarise_usage
from jobs.sweep_stalled import prune, sweep_stalled
from jobs.take_snapshot import take_snapshot
from jobs.watch_drift import watch_drift
from jobs.wiring import House

HEARTBEAT_SECONDS = 3.0
STALLED_SECONDS = 10.0
_TRIES = 12
_INBOX_BUSY_SECONDS = 5.0
_PULL_BUSY_SECONDS = 2.0
# The clock calls these again before long, and a second try would collide with its next call.
_SOON_AGAIN = {entry.task for entry in SCHEDULE if entry.every < timedelta(minutes=1)}
_FIRST_BILLING = timedelta(minutes=2)
_ANOTHER = text(
    "select 1 from procrastinate_jobs where task_name = 'handle_inbox' and status = 'todo' "
    "and args->>'source' = :source limit 1"
)


class ComeBack(Exception):
    """Not a failure: the job gives its place back until `at`."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"again at {at:%H:%M:%S}")
        self.at = at


class ComeBackOrRetry(BaseRetryStrategy):
    """Comes back when the job said so; anything unforeseen is tried again with full jitter, up to a budget."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, ComeBack):
            return RetryDecision(retry_at=exception.at)
        if job.attempts >= _TRIES:
            return None
        span = min(300.0, 2.0 * 2**job.attempts)
        return RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=random.uniform(0.5, span)))


class _Told:
    """Tells how a run ended: the clock's row, and whoever watches the worker. What was raised goes on."""

    def __init__(self, house: House, name: str, slot: str | None) -> None:
        self._house = house
        self._name = name
        self._slot = slot
        self.count: int | None = None

    def __enter__(self) -> _Told:
        return self

    def __exit__(self, _: object, reason: BaseException | None, __: object) -> None:
        if isinstance(reason, ComeBack):
            return
        if isinstance(reason, SQLAlchemyError) and tell_outage(self._house.runtime):
            return
        error = first_line(reason) if reason else None
        if error:
            note(f"{self._name} will be tried again: {error}")
        if self._slot:
            finish(self._house.runtime, self._slot, self.count, error)


def register(app: App, house: House) -> None:
    """Makes the house's jobs known to the queue."""
    for name, run in _runs(house).items():
        retry = False if name in _SOON_AGAIN else ComeBackOrRetry()
        app.task(name=name, retry=retry, pass_context=True)(_as_task(house, name, run))

    @app.task(name="retry_stalled", pass_context=False)
    async def retry_stalled(slot: str | None = None) -> None:
        """Hands jobs of workers that no longer give signs of life to the others."""
        stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS))
        for job in stalled:
            await _hand_on(app, job)
        if slot:
            await asyncio.to_thread(finish, house.runtime, slot, len(stalled))


async def _hand_on(app: App, job: Job) -> None:
    """Puts a lost job in line again, unless the same waits there already: then that one will do."""
    try:
        await app.job_manager.retry_job(job, retry_at=datetime.now(UTC))
    except UniqueViolation:
        await app.job_manager.finish_job(job, Status.ABORTED, delete_job=False)
    except ConnectorException:
        # It has ended in the meantime.
        return


def _as_task(house: House, name: str, run: Callable[..., int | None]) -> Callable[..., None]:
    """Sync, so that it runs in a thread of its own."""

    def task(context: JobContext, *, slot: str | None = None, **arguments: Any) -> None:
        with _Told(house, name, slot) as told:
            told.count = run(context, **arguments)

    return task


def _runs(house: House) -> dict[str, Callable[..., int | None]]:
    return {
        "pull": lambda context, system: _pull(house, context, system),
        "handle_inbox": lambda _, source: handle_inbox(house, source),
        "deliver": lambda _, delivery_id: _deliver(house, delivery_id),
        "decide_waiting": lambda _: decide_waiting(house.runtime, house.sources.values()),
        "escalate_overdue": lambda _: escalate_overdue(house.runtime),
        "plan_schedules": lambda _: plan_schedules(house.runtime),
        "take_snapshot": lambda _: take_snapshot(house.runtime),
        "summarise_usage": lambda _: summarise_usage(house.runtime),
        "sweep_stalled": lambda _: sweep_stalled(house.runtime, list(house.ledgers)),
        "run_billing": lambda _, run_id, is_from_behind: run_billing(
            house.runtime, UUID(run_id), is_from_behind=is_from_behind
        ),
        "determine_tax": lambda _: determine_tax(house.runtime, house.engines),
        "bill_due": lambda _: bill_due(house.runtime),
        "watch_drift": lambda _: watch_drift(house.runtime),
        "prune": lambda _: prune(house.runtime),
    }


def _pull(house: House, context: JobContext, system: str) -> int:
    """Asks for another turn soon when the system's records are in other hands: webhooks must not keep it waiting.
    Not by coming back: of pulls of a system only one may wait, and the clock may have put it in line."""
    source = house.sources.get(system)
    if source is None:
        return 0
    was_read = is_all_history_read(house.runtime, house.sources.values())
    count = try_pull(house.runtime, source, house.systems, Way(context.should_abort, house.reading(system)))
    if not was_read and is_all_history_read(house.runtime, house.sources.values()):
        # What the history makes due is billed soon, and not only with the clock's next hour.
        with house.runtime.transaction() as session:
            enqueue_once(session, "bill_due", {}, at=datetime.now(UTC) + _FIRST_BILLING)
    if count is None:
        soon = datetime.now(UTC) + timedelta(seconds=random.uniform(0.5, _PULL_BUSY_SECONDS))
        with house.runtime.transaction() as session:
            enqueue_once(session, "pull", {"system": system}, at=soon)
    return count or 0


def handle_inbox(house: House, source: str) -> int:
    """Rows that came by webhook, or are to be tried again. While somebody else is at the same source's rows it comes
    back, unless another of its kind waits already: one takes all."""
    connected = house.sources.get(source)
    if connected is None:
        return 0
    with exclusive(house.runtime.engine, f"intake:{source}") as is_ours:
        if not is_ours:
            if _does_another_wait(house, source):
                return 0
            raise ComeBack(datetime.now(UTC) + timedelta(seconds=random.uniform(1, _INBOX_BUSY_SECONDS)))
        return handle_waiting(house.runtime, connected)


def _does_another_wait(house: House, source: str) -> bool:
    with house.runtime.reading() as session:
        return session.scalar(_ANOTHER, {"source": source}) is not None


def _deliver(house: House, delivery_id: str) -> None:
    again = deliver(house.runtime, house.ledgers, UUID(delivery_id))
    if again is not None:
        raise ComeBack(again)
