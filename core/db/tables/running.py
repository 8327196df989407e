"""Fires of the clock, rate limits of outside systems, and daily snapshots."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Currency, Day, Instant, Minor, Table


class JobFire(Table):
    """One fire of the clock; unique, so that several clocks make one run."""

    __tablename__ = "job_fires"
    __table_args__ = (Index("ix_job_fires_job_slot", "job", "slot"),)

    job: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[Instant] = mapped_column(primary_key=True)
    fired_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
    count: Mapped[int | None]
    error: Mapped[str | None]


class RateLimit(Table):
    """Theoretical arrival time per outside system (generic cell rate algorithm)."""

    __tablename__ = "rate_limits"

    system: Mapped[str] = mapped_column(primary_key=True)
    arrival_at: Mapped[Instant]


class AgeingSnapshot(Table):
    """Open amounts at the close of a day, per entity, currency and bucket by due date."""

    __tablename__ = "ageing_snapshots"

    day: Mapped[Day] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[Currency] = mapped_column(primary_key=True)
    bucket: Mapped[str] = mapped_column(primary_key=True)
    open_minor: Mapped[Minor]
    open_count: Mapped[int]
