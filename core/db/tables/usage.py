"""Meters, usage events and their corrections, receipts of what was sent, and the keys of those who send."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, Index, Numeric, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Day, Id, Instant, JsonList, Table


class Meter(Table):
    __tablename__ = "meters"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    unit: Mapped[str]
    aggregation: Mapped[str]  # sum | max | count | last
    # The aggregate is taken per window and the windows of a period are added up; None: one window, the period.
    window: Mapped[str | None]  # hour | day
    # Events that arrive later than this after they happened are kept, but flagged.
    late_after_hours: Mapped[int] = mapped_column(server_default=text("72"))
    archived_at: Mapped[Instant | None]


class UsageEvent(Table):
    """What a customer used at an instant. `source` + `event_id` is the key: sent twice, it counts once."""

    __tablename__ = "usage_events"
    __table_args__ = (
        # What rating reads, without touching the rows.
        Index(
            "ix_usage_events_rating",
            "meter",
            "customer_id",
            "at",
            postgresql_include=["value"],
            postgresql_where=text("state = 'counted'"),
        ),
        Index("ix_usage_events_unplaced", "received_at", postgresql_where=text("state = 'unplaced'")),
        # Events are appended, so block ranges are enough to find what came lately, and cost next to nothing.
        Index("ix_usage_events_received", "received_at", postgresql_using="brin"),
    )

    source: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    meter: Mapped[str]
    # How the sender names the customer; unplaced until that leads to one of ours.
    subject: Mapped[str]
    customer_id: Mapped[UUID | None]
    value: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    at: Mapped[Instant]
    received_at: Mapped[Instant]
    state: Mapped[str]  # counted | unplaced | archived
    is_late: Mapped[bool] = mapped_column(server_default=text("false"))
    # The correction that archived or added it.
    correction_id: Mapped[UUID | None]


class UsageDay(Table):
    """Usage per customer, meter and day for charts and lists; rebuilt from events, never rated from."""

    __tablename__ = "usage_days"
    __table_args__ = (
        Index("ix_usage_days_meter", "meter", "day", postgresql_include=["customer_id", "quantity", "events", "late"]),
    )

    meter: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[Day] = mapped_column(primary_key=True)
    quantity: Mapped[Decimal] = mapped_column(Numeric(24, 6))
    events: Mapped[int]
    late: Mapped[int]


class UsageReceipt(Table):
    """One batch as it was answered."""

    __tablename__ = "usage_receipts"
    __table_args__ = (Index("ix_usage_receipts_received", "received_at"),)

    id: Mapped[Id]
    key_id: Mapped[UUID | None]
    source: Mapped[str]
    received_at: Mapped[Instant]
    accepted: Mapped[int]
    duplicates: Mapped[int]
    refused: Mapped[int]
    late: Mapped[int]
    # Code, sentence and the events' ids, shortened.
    warnings: Mapped[JsonList]


class UsageCorrection(Table):
    """Usage of a span that a person replaced, added or took out; the events before are archived, never deleted."""

    __tablename__ = "usage_corrections"

    id: Mapped[Id]
    meter: Mapped[str]
    customer_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str]  # add | replace | take_out
    since: Mapped[Instant]
    until: Mapped[Instant]
    quantity: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    archived: Mapped[int]
    reason: Mapped[str]
    made_by: Mapped[str]
    # Who may not approve what bills it; NULL for a job.
    made_by_id: Mapped[UUID | None]
    made_at: Mapped[Instant]


class ApiKey(Table):
    """A key for machines that send; only its hash is kept, the prefix tells people which one it is."""

    __tablename__ = "api_keys"

    id: Mapped[Id]
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    # What it may send: events whose source begins with one of these, for these customers; none = any.
    sources: Mapped[list[str]] = mapped_column(ARRAY(String), server_default=text("'{}'"))
    customer_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    created_by: Mapped[str]
    created_at: Mapped[Instant]
    last_used_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]
