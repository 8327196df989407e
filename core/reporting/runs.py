"""Runs of the clock: what each job did of late, and run by run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by

from core.db.tables import JobFire
from core.reporting.invoice_detail import system_name
from core.reporting.paging import Order, Page, capped_count, read_page
from core.runtime import Runtime

SPAN = timedelta(hours=24)
# A fire without an end after this long joined the run that was waiting or at work already.
_MAY_STILL_RUN = timedelta(minutes=10)
STATES = ("finished", "failed", "running", "joined")


@dataclass(frozen=True, slots=True)
class JobSummary:
    """A job over the last 24 hours. `records`: what its runs counted, such as rows pulled."""

    job: str
    title: str
    runs: int
    failed: int
    records: int
    fired_at: datetime
    finished_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class RunFilters:
    """None = every job. `is_eventful_only` leaves out runs that found nothing to do."""

    job: str | None = None
    is_eventful_only: bool = True


@dataclass(frozen=True, slots=True)
class RunRow:
    """`state`: finished, failed, running, or joined (another run did its work)."""

    title: str
    slot: datetime
    fired_at: datetime
    took: timedelta | None
    count: int | None
    state: str
    error: str | None


def job_title(job: str) -> str:
    """ "pull_stripe" → "Pull from Stripe"."""
    if job.startswith("pull_"):
        return f"Pull from {system_name(job.removeprefix('pull_'))}"
    return job.replace("_", " ").capitalize()


def job_summaries(runtime: Runtime) -> tuple[JobSummary, ...]:
    """By title; errors are the latest of the span."""
    since = runtime.now() - SPAN
    newest_first = aggregate_order_by(JobFire.error, JobFire.slot.desc())
    errors_of = func.array_agg(newest_first).filter(JobFire.error.is_not(None))
    statement = (
        select(
            JobFire.job,
            func.count(JobFire.finished_at),
            func.count(JobFire.error),
            func.sum(JobFire.count),
            func.max(JobFire.fired_at),
            func.max(JobFire.finished_at),
            errors_of,
        )
        .where(JobFire.slot >= since)
        .group_by(JobFire.job)
    )
    with runtime.reading() as session:
        rows = session.execute(statement).tuples().all()
    found = [
        JobSummary(job, job_title(job), runs, failed, int(records or 0), fired, finished, errors[0] if errors else None)
        for job, runs, failed, records, fired, finished, errors in rows
    ]
    return tuple(sorted(found, key=lambda each: each.title))


def list_runs(runtime: Runtime, filters: RunFilters, cursor: str | None = None, size: int = 50) -> Page[RunRow]:
    """One page, newest first."""
    now = runtime.now()
    order = Order("slot", JobFire.slot, JobFire.job, is_descending=True)
    conditions = _conditions(filters, now)
    with runtime.reading() as session:
        rows, following, previous = read_page(session, select(JobFire).where(conditions), order, cursor, size)
        count = capped_count(session, select(JobFire.slot).where(conditions))
        return Page(following, previous, count, tuple(_row(row[0], now) for row in rows))


def _conditions(filters: RunFilters, now: datetime) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if filters.job is not None:
        conditions.append(JobFire.job == filters.job)
    if filters.is_eventful_only:
        is_running = and_(JobFire.finished_at.is_(None), JobFire.fired_at > now - _MAY_STILL_RUN)
        conditions.append(or_(JobFire.count > 0, JobFire.error.is_not(None), is_running))
    return and_(*conditions)


def _row(fire: JobFire, now: datetime) -> RunRow:
    return RunRow(
        title=job_title(fire.job),
        slot=fire.slot,
        fired_at=fire.fired_at,
        took=fire.finished_at - fire.fired_at if fire.finished_at else None,
        count=fire.count,
        state=_state(fire, now),
        error=fire.error,
    )


def _state(fire: JobFire, now: datetime) -> str:
    if fire.error is not None:
        return "failed"
    if fire.finished_at is not None:
        return "finished"
    return "running" if fire.fired_at > now - _MAY_STILL_RUN else "joined"
