"""Exceptions for people, and approvals asked of them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Currency, Id, Instant, Json, Minor, Table

_OPEN = text("state = 'open'")


class Case(Table):
    __tablename__ = "cases"
    __table_args__ = (
        # One open case per cause: a repetition finds it instead of opening another.
        Index("uq_cases_open_key", "key", unique=True, postgresql_where=_OPEN),
        Index("ix_cases_open_queue", "queue", "due_at", "id", postgresql_where=_OPEN),
        Index("ix_cases_open_money", "stake_minor", "id", postgresql_where=_OPEN),
        Index("ix_cases_open_cause", "cause", postgresql_where=_OPEN),
        Index("ix_cases_document", "document_id"),
        Index("ix_cases_closed", "closed_at"),
    )

    id: Mapped[Id]
    key: Mapped[str]  # code + subject: what makes a second report the same exception
    code: Mapped[str]  # stable finding code, such as price.outdated
    type: Mapped[str]  # taxonomy: pricing, tax, master_data, purchase_order, ...
    cause: Mapped[str]  # siblings share it
    sentence: Mapped[str]
    evidence: Mapped[Json]
    document_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None] = mapped_column(index=True)
    inbox_id: Mapped[UUID | None]
    delivery_id: Mapped[UUID | None]
    entity: Mapped[str | None]
    # What is at stake, in the reporting currency.
    stake_minor: Mapped[Minor]
    amount_minor: Mapped[Minor | None]
    currency: Mapped[Currency | None]
    queue: Mapped[str]
    owner_id: Mapped[UUID | None] = mapped_column(index=True)
    state: Mapped[str]  # open | resolved | waived
    is_blocking: Mapped[bool]
    is_overdue: Mapped[bool] = mapped_column(default=False)
    resolution: Mapped[str | None]
    opened_at: Mapped[Instant]
    due_at: Mapped[Instant]
    closed_at: Mapped[Instant | None]
    closed_by: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=1)


class Approval(Table):
    __tablename__ = "approvals"
    __table_args__ = (
        UniqueConstraint("document_id", "step", "round"),
        Index("ix_approvals_waiting", "assignee_id", "due_at", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_approvals_document", "document_id"),
    )

    id: Mapped[Id]
    document_id: Mapped[UUID]
    round: Mapped[int]
    step: Mapped[int]
    reason: Mapped[str]
    role: Mapped[str]
    assignee_id: Mapped[UUID | None]
    decision_id: Mapped[UUID | None]  # the policy decision that asked for it
    entity: Mapped[str | None]
    amount_minor: Mapped[Minor]  # in the reporting currency
    state: Mapped[str]  # waiting | approved | rejected | withdrawn
    requested_at: Mapped[Instant]
    due_at: Mapped[Instant]
    decided_at: Mapped[Instant | None]
    decided_by: Mapped[UUID | None]
    note: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=1)
