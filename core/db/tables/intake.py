"""The inbox, the cursors of the pulls, and the state of each connection."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Id, Instant, Json, JsonText, Table


class InboxItem(Table):
    """An outside fact as it came; unique on (source, kind, external id, version)."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "kind", "external_id", "version"),
        Index("ix_inbox_unhandled", "source", "received_at", postgresql_where=text("state <> 'handled'")),
        Index("ix_inbox_received", "received_at", "id"),
    )

    id: Mapped[Id]
    source: Mapped[str]
    kind: Mapped[str]
    external_id: Mapped[str]
    version: Mapped[str]
    payload: Mapped[JsonText]
    state: Mapped[str]  # new | handled | failed | set_aside
    received_at: Mapped[Instant]
    handled_at: Mapped[Instant | None]
    error: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    case_id: Mapped[UUID | None]


class SyncCursor(Table):
    """Where a pull stands, and what people see of it."""

    __tablename__ = "sync_cursors"

    system: Mapped[str] = mapped_column(primary_key=True)
    stream: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[Json] = mapped_column(server_default=text("'{}'::jsonb"))
    records: Mapped[int] = mapped_column(default=0)
    expected: Mapped[int | None]
    started_at: Mapped[Instant | None]
    advanced_at: Mapped[Instant | None]
    # Set when the stream was first read to its end; from then on pulls are incremental.
    completed_at: Mapped[Instant | None]


class Connection(Table):
    __tablename__ = "connections"

    system: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]  # connected | failing | paused
    sentence: Mapped[str | None]
    failures: Mapped[int] = mapped_column(default=0)
    checked_at: Mapped[Instant | None]
    succeeded_at: Mapped[Instant | None]
    paused_until: Mapped[Instant | None]
