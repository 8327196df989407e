"""The clock only fires: a row unique on (job, slot) and the job behind it, in one transaction; of several clocks one
succeeds."""

from __future__ import annotations

from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core.runtime import Runtime
from jobs.lines import note
from jobs.outage import tell_outage, tell_return
from jobs.queue import enqueue_once
from jobs.schedule import SCHEDULE, Entry

_CLAIM = text(
    "insert into job_fires (job, slot, fired_at) values (:job, :slot, :now) on conflict do nothing returning job"
)
_FINISH = text(
    "update job_fires set finished_at = :now, count = :count, error = :error where job = :job and slot = :slot"
)
_DEFAULTS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": 300}


def fire(runtime: Runtime, entry: Entry) -> bool:
    """Fires the latest slot of the entry unless that has been done; says whether it did."""
    now = runtime.now()
    slot = entry.slot(now)
    with runtime.transaction() as session:
        if session.scalar(_CLAIM, {"job": entry.name, "slot": slot, "now": now}) is None:
            return False
        enqueue_once(session, entry.task, entry.arguments, slot=f"{entry.name}@{slot.isoformat()}")
    return True


def finish(runtime: Runtime, slot: str, count: int | None, error: str | None = None) -> None:
    """Writes down how a fire ended; `slot` is what the job was given."""
    name, _, at = slot.partition("@")
    values = {"job": name, "slot": datetime.fromisoformat(at), "count": count, "error": error, "now": runtime.now()}
    with runtime.transaction() as session:
        session.execute(_FINISH, values)


def start_clock(runtime: Runtime, entries: tuple[Entry, ...] = SCHEDULE) -> BackgroundScheduler:
    """Fires what was missed while nobody ran, then keeps firing until it is shut down."""
    scheduler = BackgroundScheduler(timezone="UTC", job_defaults=_DEFAULTS)
    for entry in entries:
        _try_to_fire(runtime, entry)
        scheduler.add_job(
            _try_to_fire,
            "interval",
            seconds=entry.every.total_seconds(),
            start_date=entry.slot(runtime.now()) + entry.every,
            args=[runtime, entry],
            id=entry.name,
        )
    scheduler.start()
    return scheduler


def _try_to_fire(runtime: Runtime, entry: Entry) -> None:
    try:
        fire(runtime, entry)
        tell_return()
    except SQLAlchemyError as reason:
        # The next slot comes soon.
        if not tell_outage(runtime):
            note(f"The clock could not fire {entry.name}: {type(reason).__name__}.")
