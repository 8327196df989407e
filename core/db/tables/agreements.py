"""Contracts, what they promise, their history, and the schedule of what is to be billed.

A line is in effect from its first to its last day; the quantities of a chain of lines add up.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Currency, Day, Id, Instant, Json, JsonList, Rate, Table


class Contract(Table):
    __tablename__ = "contracts"
    __table_args__ = (
        Index("ix_contracts_opportunity", "opportunity_id", postgresql_where=text("opportunity_id is not null")),
    )

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
    # Who makes its invoices: "stripe" (we check them) or "house" (we make them).
    billed_by: Mapped[str] = mapped_column(server_default="stripe")
    # Day of the month on which periods begin; None = the day of `starts_on`.
    anchor_day: Mapped[int | None]
    auto_renews: Mapped[bool] = mapped_column(server_default=text("false"))
    renewal_months: Mapped[int | None]
    uplift_percent: Mapped[Decimal] = mapped_column(Numeric(7, 4), server_default=text("0"))
    # Made from the CRM id, where the contract names its opportunity.
    opportunity_id: Mapped[UUID | None]
    revision: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[Instant]


class ContractLine(Table):
    """One order item: `unit_price` is per unit and month in major units, before discount.

    `charge` holds the other terms of pricing as `core.canonical.ChargeTerms`; lines with the same `root_ref` are one
    charge whose quantities add up.
    """

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
    root_ref: Mapped[str | None]
    description: Mapped[str | None]
    charge: Mapped[Json] = mapped_column(server_default=text("'{}'::jsonb"))


class ContractChange(Table):
    """One step in the life of a contract; never changed afterwards."""

    __tablename__ = "contract_changes"
    __table_args__ = (Index("ix_contract_changes_contract", "contract_id", "recorded_at"),)

    id: Mapped[Id]
    contract_id: Mapped[UUID]
    kind: Mapped[str]  # signed | amended | terms_changed | renewed | ended
    effective_on: Mapped[Day]
    recorded_at: Mapped[Instant]
    actor: Mapped[str]
    sentence: Mapped[str]
    before: Mapped[Json] = mapped_column(server_default=text("'{}'::jsonb"))
    after: Mapped[Json] = mapped_column(server_default=text("'{}'::jsonb"))


class ScheduleItem(Table):
    """A charge of a contract for one period, to be billed on a day. Periods are half-open: the end is the first day
    after. A billed item is never changed; what an amendment changes in its period becomes an `adjustment`."""

    __tablename__ = "schedule_items"
    __table_args__ = (
        Index("ix_schedule_items_contract", "contract_id", "period_start"),
        # What a billing run looks for.
        Index("ix_schedule_items_due", "bill_on", "contract_id", postgresql_where=text("state = 'open'")),
        Index("ix_schedule_items_document", "document_id", postgresql_where=text("document_id is not null")),
    )

    id: Mapped[Id]  # made from contract, charge, kind and period: planning again lands on the same row
    contract_id: Mapped[UUID]
    charge_key: Mapped[str]
    kind: Mapped[str]  # recurring | usage | one_off | milestone | true_up | adjustment
    period_start: Mapped[Day]
    period_end: Mapped[Day]
    bill_on: Mapped[Day]
    state: Mapped[str]  # open | billed | dropped
    currency: Mapped[Currency]
    # Net of discount, before tax; None while usage decides.
    expected_minor: Mapped[int | None] = mapped_column(BigInteger)
    # The rated lines as planned (adjustments are billed as they stand here).
    lines: Mapped[JsonList] = mapped_column(server_default=text("'[]'::jsonb"))
    # The terms it was planned under; those of a billed item are what its amount was computed from.
    terms_id: Mapped[UUID | None]
    # Of an adjustment: ids of the billed items that it brings up to these terms.
    covers: Mapped[JsonList] = mapped_column(server_default=text("'[]'::jsonb"))
    document_id: Mapped[UUID | None]
    planned_at: Mapped[Instant]
    closed_at: Mapped[Instant | None]
    # Of usage: what was measured when it was billed, and by how much corrections, which have exceptions of their own,
    # have changed the measure since.
    used: Mapped[Decimal | None] = mapped_column(Numeric(24, 6))
    corrected: Mapped[Decimal | None] = mapped_column(Numeric(24, 6))


class ContractTerms(Table):
    """All that was agreed under a contract at some time, as billing reads it; equal terms are one row."""

    __tablename__ = "contract_terms"

    id: Mapped[Id]  # made from the contract and the content
    contract_id: Mapped[UUID] = mapped_column(index=True)
    agreement: Mapped[Json]
    recorded_at: Mapped[Instant]


class SchedulePlan(Table):
    """How far a contract is planned, under which terms, and what keeps it from being billed."""

    __tablename__ = "schedule_plans"

    contract_id: Mapped[Id]
    terms_id: Mapped[UUID | None]
    until: Mapped[Day]
    planned_at: Mapped[Instant]
    problem: Mapped[str | None]


class Subscription(Table):
    """A subscription as the payment platform runs it; held against the contract it belongs to."""

    __tablename__ = "subscriptions"
    __table_args__ = (UniqueConstraint("source", "source_ref"),)

    id: Mapped[Id]
    source: Mapped[str]
    source_ref: Mapped[str]
    contract_number: Mapped[str | None] = mapped_column(index=True)
    customer_ref: Mapped[str]
    status: Mapped[str]
    currency: Mapped[Currency]
    items: Mapped[JsonList]  # product_code, quantity, unit_price, interval_months, meter
    updated_at: Mapped[Instant]
