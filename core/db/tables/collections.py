"""Disputes, promises to pay, and the log of contacts with customers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Currency, Day, Id, Instant, Minor, Table


class Dispute(Table):
    __tablename__ = "disputes"
    __table_args__ = (
        UniqueConstraint("source", "source_ref"),
        Index("ix_disputes_state", "state", "opened_at"),
        Index("ix_disputes_opened", "opened_at", "id"),
    )

    id: Mapped[Id]
    source: Mapped[str]  # stripe (card) | salesforce (case) | house
    source_ref: Mapped[str]
    kind: Mapped[str]  # customer | card
    number: Mapped[str | None]
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("documents.id"), index=True)
    # How the source names the document, for when it arrives later.
    invoice_ref: Mapped[str | None]
    invoice_number: Mapped[str | None]
    customer_id: Mapped[UUID | None] = mapped_column(index=True)
    reason: Mapped[str]
    sentence: Mapped[str | None]
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    state: Mapped[str]  # open | upheld | rejected | withdrawn
    # When the source said what stands here, where it says so: what it said earlier may arrive later.
    told_at: Mapped[Instant | None]
    opened_at: Mapped[Instant]
    due_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None]
    outcome_note: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=1)


class Promise(Table):
    __tablename__ = "promises"

    id: Mapped[Id]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    promised_on: Mapped[Day]
    note: Mapped[str | None]
    state: Mapped[str]  # open | kept | broken | withdrawn
    made_by: Mapped[str]
    made_at: Mapped[Instant]


class ContactLog(Table):
    __tablename__ = "contact_log"

    id: Mapped[Id]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    kind: Mapped[str]  # call | email | note
    outcome: Mapped[str]
    note: Mapped[str | None]
    at: Mapped[Instant]
    by: Mapped[str]
