"""Payments and their dated applications to documents; residuals come from applications only."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Currency, Day, Id, Instant, Minor, Table


class Payment(Table):
    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("source", "source_ref"),
        Index("ix_payments_unapplied", "customer_id", postgresql_where=text("unapplied_minor <> 0")),
    )

    id: Mapped[Id]
    source: Mapped[str]
    source_ref: Mapped[str]
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"), index=True)
    # The document it pays, by its id at the source: known before the document itself may be.
    invoice_ref: Mapped[str | None] = mapped_column(index=True)
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    unapplied_minor: Mapped[Minor]
    received_on: Mapped[Day]
    method: Mapped[str]  # card | bank | other
    recorded_at: Mapped[Instant]


class Application(Table):
    """Money or credit put against a document: effective on one day, known to us from another."""

    __tablename__ = "applications"
    __table_args__ = (
        UniqueConstraint("source", "source_ref"),
        Index("ix_applications_document", "document_id", "effective_on"),
        Index("ix_applications_effective", "effective_on"),
    )

    id: Mapped[Id]
    source: Mapped[str]
    source_ref: Mapped[str]
    kind: Mapped[str]  # payment | credit | write_off | refund
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"))
    credit_id: Mapped[UUID | None]
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id"))
    # Positive reduces what is open.
    amount_minor: Mapped[Minor]
    effective_on: Mapped[Day]
    recorded_at: Mapped[Instant]
