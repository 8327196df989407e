"""Order to cash: schedules, usage, billing runs, gapless numbers, tax lines, and what a release needs to know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_table(
        "billing_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("through", sa.Date(), nullable=False),
        sa.Column("entities", sa.ARRAY(sa.String()), nullable=True),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("preview", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_runs")),
    )
    op.create_index("ix_billing_runs_created", "billing_runs", ["created_at", "id"], unique=False)
    op.create_table(
        "contract_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("before", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("after", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_changes")),
    )
    op.create_index("ix_contract_changes_contract", "contract_changes", ["contract_id", "recorded_at"], unique=False)
    op.create_table(
        "meters",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("aggregation", sa.String(), nullable=False),
        sa.Column("window", sa.String(), nullable=True),
        sa.Column("late_after_hours", sa.Integer(), server_default=sa.text("72"), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_meters")),
    )
    op.create_table(
        "number_sequences",
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "kind", "year", name=op.f("pk_number_sequences")),
    )
    op.create_table(
        "schedule_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("charge_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("bill_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("expected_minor", sa.BigInteger(), nullable=True),
        sa.Column("lines", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_items")),
    )
    op.create_index("ix_schedule_items_contract", "schedule_items", ["contract_id", "period_start"], unique=False)
    op.create_index(
        "ix_schedule_items_document",
        "schedule_items",
        ["document_id"],
        unique=False,
        postgresql_where=sa.text("document_id is not null"),
    )
    op.create_index(
        "ix_schedule_items_due",
        "schedule_items",
        ["bill_on", "contract_id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_ref", sa.String(), nullable=False),
        sa.Column("contract_number", sa.String(), nullable=True),
        sa.Column("customer_ref", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("items", postgresql.JSONB(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("source", "source_ref", name=op.f("uq_subscriptions_source_source_ref")),
    )
    op.create_index(op.f("ix_subscriptions_contract_number"), "subscriptions", ["contract_number"], unique=False)
    op.create_table(
        "usage_corrections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=20, scale=6), nullable=True),
        sa.Column("archived", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_corrections")),
    )
    op.create_index(op.f("ix_usage_corrections_customer_id"), "usage_corrections", ["customer_id"], unique=False)
    op.create_table(
        "usage_days",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=24, scale=6), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("meter", "customer_id", "day", name=op.f("pk_usage_days")),
    )
    op.create_table(
        "usage_events",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("value", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("is_late", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("correction_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("source", "event_id", name=op.f("pk_usage_events")),
    )
    op.create_index(
        "ix_usage_events_rating",
        "usage_events",
        ["meter", "customer_id", "at"],
        unique=False,
        postgresql_include=["value"],
        postgresql_where=sa.text("state = 'counted'"),
    )
    op.create_index(
        "ix_usage_events_unplaced",
        "usage_events",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("state = 'unplaced'"),
    )
    op.create_table(
        "usage_receipts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("warnings", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_receipts")),
    )
    op.create_index("ix_usage_receipts_received", "usage_receipts", ["received_at"], unique=False)
    op.create_table(
        "billing_run_parts",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.String(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["billing_runs.id"], name=op.f("fk_billing_run_parts_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "contract_id", name=op.f("pk_billing_run_parts")),
    )
    op.create_index("ix_billing_run_parts_document", "billing_run_parts", ["document_id"], unique=False)
    op.create_index(
        "ix_billing_run_parts_pending",
        "billing_run_parts",
        ["run_id", "contract_id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "document_taxes",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("jurisdiction", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=9, scale=5), nullable=False),
        sa.Column("taxable_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_taxes_document_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "position", name=op.f("pk_document_taxes")),
    )
    op.create_table(
        "revenue_slices",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_revenue_slices_document_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "position", "month", name=op.f("pk_revenue_slices")),
    )
    op.add_column("contract_lines", sa.Column("root_ref", sa.String(), nullable=True))
    op.add_column("contract_lines", sa.Column("description", sa.String(), nullable=True))
    op.add_column(
        "contract_lines", sa.Column("charge", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)
    )
    op.add_column("contracts", sa.Column("billed_by", sa.String(), server_default="stripe", nullable=False))
    op.add_column("contracts", sa.Column("anchor_day", sa.Integer(), nullable=True))
    op.add_column("contracts", sa.Column("auto_renews", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("contracts", sa.Column("renewal_months", sa.Integer(), nullable=True))
    op.add_column(
        "contracts",
        sa.Column("uplift_percent", sa.Numeric(precision=7, scale=4), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("customers", sa.Column("region", sa.String(), nullable=True))
    op.add_column("customers", sa.Column("postal_code", sa.String(), nullable=True))
    op.add_column(
        "customers", sa.Column("is_tax_exempt", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("customers", sa.Column("pays_by", sa.String(), server_default="transfer", nullable=False))
    op.add_column("customers", sa.Column("release_mode", sa.String(), server_default="auto", nullable=False))
    op.add_column("document_lines", sa.Column("charge_key", sa.String(), nullable=True))
    op.add_column("document_lines", sa.Column("schedule_item_id", sa.Uuid(), nullable=True))
    op.add_column("document_lines", sa.Column("arithmetic", sa.String(), nullable=True))
    op.add_column("document_lines", sa.Column("tax_percent", sa.Numeric(precision=9, scale=5), nullable=True))
    op.add_column("document_lines", sa.Column("earned_by", sa.String(), nullable=True))
    op.add_column("documents", sa.Column("is_issued", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("documents", sa.Column("run_id", sa.Uuid(), nullable=True))
    op.add_column("documents", sa.Column("grace_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("documents", sa.Column("tax_engine", sa.String(), nullable=True))
    op.add_column("documents", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("documents", sa.Column("viewed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("documents", sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_documents_run", "documents", ["run_id", "id"], unique=False, postgresql_where=sa.text("run_id is not null")
    )
    op.create_index(
        "ix_documents_unissued", "documents", ["id"], unique=False, postgresql_where=sa.text("not is_issued")
    )
    op.add_column("legal_entities", sa.Column("region", sa.String(), nullable=True))
    op.add_column("legal_entities", sa.Column("address", sa.String(), nullable=True))
    op.add_column("legal_entities", sa.Column("tax_id", sa.String(), nullable=True))
    op.add_column("legal_entities", sa.Column("email", sa.String(), nullable=True))
    op.add_column("legal_entities", sa.Column("payment_instructions", sa.String(), nullable=True))
    op.add_column("legal_entities", sa.Column("tax_engine", sa.String(), server_default="table", nullable=False))


def downgrade() -> None:
    op.drop_column("legal_entities", "tax_engine")
    op.drop_column("legal_entities", "payment_instructions")
    op.drop_column("legal_entities", "email")
    op.drop_column("legal_entities", "tax_id")
    op.drop_column("legal_entities", "address")
    op.drop_column("legal_entities", "region")
    op.drop_index("ix_documents_unissued", table_name="documents", postgresql_where=sa.text("not is_issued"))
    op.drop_index("ix_documents_run", table_name="documents", postgresql_where=sa.text("run_id is not null"))
    op.drop_column("documents", "bounced_at")
    op.drop_column("documents", "viewed_at")
    op.drop_column("documents", "sent_at")
    op.drop_column("documents", "tax_engine")
    op.drop_column("documents", "grace_until")
    op.drop_column("documents", "run_id")
    op.drop_column("documents", "is_issued")
    op.drop_column("document_lines", "earned_by")
    op.drop_column("document_lines", "tax_percent")
    op.drop_column("document_lines", "arithmetic")
    op.drop_column("document_lines", "schedule_item_id")
    op.drop_column("document_lines", "charge_key")
    op.drop_column("customers", "release_mode")
    op.drop_column("customers", "pays_by")
    op.drop_column("customers", "is_tax_exempt")
    op.drop_column("customers", "postal_code")
    op.drop_column("customers", "region")
    op.drop_column("contracts", "uplift_percent")
    op.drop_column("contracts", "renewal_months")
    op.drop_column("contracts", "auto_renews")
    op.drop_column("contracts", "anchor_day")
    op.drop_column("contracts", "billed_by")
    op.drop_column("contract_lines", "charge")
    op.drop_column("contract_lines", "description")
    op.drop_column("contract_lines", "root_ref")
    op.drop_table("revenue_slices")
    op.drop_table("document_taxes")
    op.drop_index(
        "ix_billing_run_parts_pending", table_name="billing_run_parts", postgresql_where=sa.text("state = 'pending'")
    )
    op.drop_index("ix_billing_run_parts_document", table_name="billing_run_parts")
    op.drop_table("billing_run_parts")
    op.drop_index("ix_usage_receipts_received", table_name="usage_receipts")
    op.drop_table("usage_receipts")
    op.drop_index("ix_usage_events_unplaced", table_name="usage_events", postgresql_where=sa.text("state = 'unplaced'"))
    op.drop_index(
        "ix_usage_events_rating",
        table_name="usage_events",
        postgresql_include=["value"],
        postgresql_where=sa.text("state = 'counted'"),
    )
    op.drop_table("usage_events")
    op.drop_table("usage_days")
    op.drop_index(op.f("ix_usage_corrections_customer_id"), table_name="usage_corrections")
    op.drop_table("usage_corrections")
    op.drop_index(op.f("ix_subscriptions_contract_number"), table_name="subscriptions")
    op.drop_table("subscriptions")
    op.drop_index("ix_schedule_items_due", table_name="schedule_items", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(
        "ix_schedule_items_document", table_name="schedule_items", postgresql_where=sa.text("document_id is not null")
    )
    op.drop_index("ix_schedule_items_contract", table_name="schedule_items")
    op.drop_table("schedule_items")
    op.drop_table("number_sequences")
    op.drop_table("meters")
    op.drop_index("ix_contract_changes_contract", table_name="contract_changes")
    op.drop_table("contract_changes")
    op.drop_index("ix_billing_runs_created", table_name="billing_runs")
    op.drop_table("billing_runs")
    op.drop_table("api_keys")
