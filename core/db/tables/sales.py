"""What was sold before there was a contract: opportunities of the CRM and the quotes made for them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Currency, Day, Id, Instant, Table


class Opportunity(Table):
    """A deal; `amount_minor` is stated for the whole term, net of tax."""

    __tablename__ = "opportunities"
    __table_args__ = (
        Index("ix_opportunities_contract", "contract_id", postgresql_where=text("contract_id is not null")),
        # What the watch looks through for deals without a contract.
        Index("ix_opportunities_won", "closes_on", postgresql_where=text("is_won")),
    )

    id: Mapped[Id]
    source: Mapped[str]
    source_ref: Mapped[str]
    # Made from CRM ids, so a deal may arrive before its customer and its contract.
    customer_id: Mapped[UUID | None]
    contract_id: Mapped[UUID | None]
    name: Mapped[str]
    stage: Mapped[str]
    is_won: Mapped[bool]
    closes_on: Mapped[Day]
    currency: Mapped[Currency]
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    address: Mapped[str | None]
    updated_at: Mapped[Instant]


class Quote(Table):
    """An offer; of those made for one opportunity the chosen one says what was sold."""

    __tablename__ = "quotes"

    id: Mapped[Id]
    source: Mapped[str]
    source_ref: Mapped[str]
    opportunity_id: Mapped[UUID] = mapped_column(index=True)
    number: Mapped[str]
    status: Mapped[str]
    is_chosen: Mapped[bool]
    currency: Mapped[Currency]
    total_minor: Mapped[int | None] = mapped_column(BigInteger)
    po_number: Mapped[str | None]
    expires_on: Mapped[date | None]
    address: Mapped[str | None]
    updated_at: Mapped[Instant]
