"""Billing runs and their parts, gapless numbers, tax lines, and revenue that is recognised over time."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Currency, Day, Id, Instant, Json, JsonList, Minor, Table


class BillingRun(Table):
    __tablename__ = "billing_runs"
    __table_args__ = (
        Index("ix_billing_runs_created", "created_at", "id"),
        Index("ix_billing_runs_unfinished", "state", postgresql_where=text("state in ('generating', 'releasing')")),
    )

    id: Mapped[Id]
    name: Mapped[str]
    # Everything scheduled to be billed on or before this day.
    through: Mapped[Day]
    # Codes of legal entities; NULL means all of them.
    entities: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    mode: Mapped[str]  # review (a person releases) | straight (what is clean goes out)
    state: Mapped[str]  # generating | review | releasing | released | cancelled
    started_by: Mapped[str]
    # Who told what is clean to go out; NULL for a straight run, which nobody reviews.
    released_by: Mapped[str | None]
    # Who started, resumed or released it: nobody of them may approve what it makes. Ids of people; jobs are not listed.
    changed_by: Mapped[JsonList] = mapped_column(server_default=text("'[]'::jsonb"))
    created_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
    # What the preview said: counts and money, to hold the outcome against.
    preview: Mapped[Json] = mapped_column(server_default=text("'{}'::jsonb"))
    revision: Mapped[int] = mapped_column(default=1)


class BillingRunPart(Table):
    """One contract in a run: the unit that succeeds or fails, and that a resumed run does not do twice."""

    __tablename__ = "billing_run_parts"
    __table_args__ = (
        # Read from either end: a batch is of one legal entity as far as possible.
        Index(
            "ix_billing_run_parts_pending",
            "run_id",
            "entity",
            "contract_id",
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_billing_run_parts_document", "document_id"),
        Index("ix_billing_run_parts_failed", "run_id", "contract_id", postgresql_where=text("state = 'failed'")),
    )

    run_id: Mapped[UUID] = mapped_column(ForeignKey("billing_runs.id", ondelete="CASCADE"), primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    entity: Mapped[str | None]
    currency: Mapped[Currency]
    state: Mapped[str]  # pending | done | empty | failed
    document_id: Mapped[UUID | None]
    total_minor: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None]


class NumberSequence(Table):
    """The last number given per legal entity, kind and year; taken in the transaction that uses it, so without gaps."""

    __tablename__ = "number_sequences"

    entity: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  # invoice | credit_memo
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


class DocumentTax(Table):
    """Tax of a document per jurisdiction and rate; the sum is the document's tax."""

    __tablename__ = "document_taxes"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    jurisdiction: Mapped[str]
    name: Mapped[str]
    percent: Mapped[Decimal] = mapped_column(Numeric(9, 5))
    taxable_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
    reason: Mapped[str]  # standard | reverse_charge | exempt | export | no_nexus


class RevenueSlice(Table):
    """Part of a line's net amount that is earned in one month; the slices of a line add up to it."""

    __tablename__ = "revenue_slices"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[Day] = mapped_column(primary_key=True)
    amount_minor: Mapped[Minor]
