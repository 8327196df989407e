"""Contracts and what they promise; a line is in effect from its first to its last day, quantities add up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Numeric
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Currency, Day, Id, Instant, Rate, Table


class Contract(Table):
    __tablename__ = "contracts"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    # Made from the CRM id, so a contract may arrive before its customer.
    customer_id: Mapped[UUID] = mapped_column(index=True)
    status: Mapped[str]
    starts_on: Mapped[Day]
    ends_on: Mapped[Day | None]
    currency: Mapped[Currency]
    po_number: Mapped[str | None]
    terms_days: Mapped[int | None]
    discount_percent: Mapped[Decimal] = mapped_column(Numeric(7, 4), default=Decimal(0))
    discount_ends_on: Mapped[date | None]
    billing_frequency: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[Instant]


class ContractLine(Table):
    """One order item: `unit_price` is per unit and month in major units, before discount."""

    __tablename__ = "contract_lines"

    id: Mapped[Id]
    # Made from the CRM id, so a line may arrive before its contract.
    contract_id: Mapped[UUID] = mapped_column(index=True)
    source_ref: Mapped[str] = mapped_column(unique=True)
    product_code: Mapped[str]
    quantity: Mapped[Rate]
    unit_price: Mapped[Rate]
    starts_on: Mapped[Day]
    ends_on: Mapped[Day | None]
