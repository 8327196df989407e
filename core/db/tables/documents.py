"""Invoices and credit memos, their lines, and the trail of their states."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db.types import Currency, Day, Id, Instant, Json, JsonList, Minor, Rate, Table


class Document(Table):
    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("source", "source_ref"),
        Index("ix_documents_issue", "issue_date", "id"),
        Index("ix_documents_customer", "customer_id", "issue_date"),
        Index("ix_documents_contract_period", "contract_number", "period_start"),
        Index("ix_documents_number", "number"),
        # The open-item index: what ageing, collections and most lists read.
        Index("ix_documents_open", "due_date", "id", postgresql_where=text("open_minor <> 0")),
        Index("ix_documents_settled", "settled_on", "issue_date", postgresql_where=text("settled_on is not null")),
        # How long what went through here took, without touching the rows themselves.
        Index(
            "ix_documents_posted",
            "posted_at",
            postgresql_where=text("released_at is not null"),
            postgresql_include=["recorded_at", "entity", "kind", "source"],
        ),
        Index("ix_documents_due", "due_date", "id"),
        Index("ix_documents_recorded", "recorded_at"),
        Index("ix_documents_disputed", "issue_date", "id", postgresql_where=text("is_disputed")),
        Index("ix_documents_corrected", "issue_date", postgresql_where=text("corrections <> '{}'::jsonb")),
        Index("ix_documents_run", "run_id", "id", postgresql_where=text("run_id is not null")),
        # Credit memos that came before their invoices.
        Index(
            "ix_documents_orphaned",
            "source",
            "corrects_ref",
            postgresql_where=text("corrects_id is null and corrects_ref is not null"),
        ),
        Index("ix_documents_replaces", "replaces_id", postgresql_where=text("replaces_id is not null")),
        Index("ix_documents_unissued", "id", postgresql_where=text("not is_issued")),
        Index("ix_documents_state", "state", "id", postgresql_where=text("state <> 'posted'")),
        # Billed amounts of a span of days without touching the rows themselves.
        Index(
            "ix_documents_billed",
            "issue_date",
            postgresql_include=["entity", "currency", "total_minor", "kind", "state", "is_issued"],
        ),
    )

    id: Mapped[Id]
    kind: Mapped[str]  # invoice | credit_memo
    source: Mapped[str]  # stripe | import | ...
    source_ref: Mapped[str]
    content_hash: Mapped[str]
    # When the source said what stands here, where it says so: what it said earlier may arrive later.
    told_at: Mapped[Instant | None]
    number: Mapped[str]
    entity: Mapped[str | None]
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    # Its id at the source, for when the customer's link arrives later.
    customer_ref: Mapped[str | None]
    # Names stay readable when the customer is not known yet.
    customer_name: Mapped[str]
    contract_id: Mapped[UUID | None]
    contract_number: Mapped[str | None]
    # A credit memo names the invoice it corrects.
    corrects_id: Mapped[UUID | None] = mapped_column(index=True)
    # Its id at the source, for when the invoice arrives after its credit memo.
    corrects_ref: Mapped[str | None]
    reason: Mapped[str | None]
    currency: Mapped[Currency]
    issue_date: Mapped[Day]
    due_date: Mapped[Day]
    period_start: Mapped[Day | None]
    period_end: Mapped[Day | None]
    subtotal_minor: Mapped[Minor]
    discount_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    # total minus dated applications; the sign of an invoice. 0 = settled.
    open_minor: Mapped[Minor]
    settled_on: Mapped[Day | None]
    po_number: Mapped[str | None]
    tax_id: Mapped[str | None]
    bill_to: Mapped[str | None]
    bill_to_country: Mapped[str | None]
    collection_method: Mapped[str | None]
    state: Mapped[str]
    is_disputed: Mapped[bool] = mapped_column(default=False)
    findings: Mapped[JsonList] = mapped_column(server_default=text("'[]'::jsonb"))
    waived_codes: Mapped[JsonList] = mapped_column(server_default=text("'[]'::jsonb"))
    # Who touched it: neither may approve it. Ids of people; jobs are not listed.
    changed_by: Mapped[JsonList] = mapped_column(server_default=text("'[]'::jsonb"))
    corrections: Mapped[Json] = mapped_column(server_default=text("'{}'::jsonb"))
    revision: Mapped[int] = mapped_column(default=1)
    recorded_at: Mapped[Instant]
    released_at: Mapped[Instant | None]
    posted_at: Mapped[Instant | None]
    # False for what the house drafted and has not released: it is no receivable yet.
    is_issued: Mapped[bool] = mapped_column(server_default=text("true"))
    run_id: Mapped[UUID | None]
    # Of an invoice that was billed again after a full credit: the one whose place it takes.
    replaces_id: Mapped[UUID | None]
    # The schedule items of that invoice as they were, for when nothing comes of the replacement.
    replaced_items: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    # Late usage may still change a draft until then.
    grace_until: Mapped[Instant | None]
    # Which engine determined the tax, and the customer's way of getting and paying it.
    tax_engine: Mapped[str | None]
    sent_at: Mapped[Instant | None]
    viewed_at: Mapped[Instant | None]
    bounced_at: Mapped[Instant | None]


class DocumentLine(Table):
    __tablename__ = "document_lines"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    product_code: Mapped[str | None]
    description: Mapped[str]
    quantity: Mapped[Rate]
    # Per unit and month, major units.
    unit_price: Mapped[Rate]
    amount_minor: Mapped[Minor]
    discount_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
    period_start: Mapped[Day | None]
    period_end: Mapped[Day | None]
    # Of lines that the house rated: the charge, the schedule item, and how the amount came about, in words.
    charge_key: Mapped[str | None]
    schedule_item_id: Mapped[UUID | None]
    arithmetic: Mapped[str | None]
    tax_percent: Mapped[Decimal | None] = mapped_column(Numeric(9, 5))
    # The legal entity that earns it, when that is not the one that bills (intercompany).
    earned_by: Mapped[str | None]
    # Of a credit memo of the house: the line of the invoice that it gives back.
    corrects_position: Mapped[int | None]


class Transition(Table):
    """One step of a document, case, approval, delivery or dispute; feeds timelines and process figures."""

    __tablename__ = "transitions"
    __table_args__ = (
        Index("ix_transitions_subject", "subject_id", "at"),
        # What people did: straight-through figures ask who was touched by a person.
        Index("ix_transitions_by_people", "subject_id", "at", postgresql_where=text("actor not like 'job:%'")),
    )

    id: Mapped[Id]
    subject: Mapped[str]  # document | case | approval | delivery | dispute
    subject_id: Mapped[UUID]
    old: Mapped[str | None]
    new: Mapped[str]
    at: Mapped[Instant]
    actor: Mapped[str]
    note: Mapped[str | None]
