"""Deliveries to ledgers with every attempt, and what the ledgers say they hold."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Currency, Day, Id, Instant, Json, Minor, Table


class Delivery(Table):
    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("system", "key"),
        Index("ix_deliveries_open", "system", "state", "next_at", postgresql_where=text("state <> 'delivered'")),
        Index("ix_deliveries_document", "document_id"),
    )

    id: Mapped[Id]
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id"))
    system: Mapped[str]
    key: Mapped[str]
    state: Mapped[str]  # queued | in_doubt | retrying | refused | delivered | set_aside
    payload: Mapped[Json]  # the canonical ledger document as decided at release
    attempts: Mapped[int] = mapped_column(default=0)
    external_id: Mapped[str | None]
    external_number: Mapped[str | None]
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    next_at: Mapped[Instant]
    enqueued_at: Mapped[Instant]
    delivered_at: Mapped[Instant | None]
    revision: Mapped[int] = mapped_column(default=1)


class DeliveryAttempt(Table):
    """Committed before the call; an attempt without outcome is in doubt."""

    __tablename__ = "delivery_attempts"

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str]  # post | find
    begun_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    outcome: Mapped[str | None]
    request: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    response: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class LedgerEntry(Table):
    """A transaction as the ledger holds it; reconciled with ours by key."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        UniqueConstraint("system", "kind", "external_id"),
        Index("ix_ledger_entries_key", "system", "key"),
    )

    id: Mapped[Id]
    system: Mapped[str]
    kind: Mapped[str]  # invoice | credit_memo | payment
    external_id: Mapped[str]
    key: Mapped[str | None]
    number: Mapped[str | None]
    currency: Mapped[Currency]
    total_minor: Mapped[Minor]
    open_minor: Mapped[Minor]
    dated_on: Mapped[Day]
    modified_at: Mapped[Instant]
