"""What usage is found by: customers by their number, events by when they came, days of a meter."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_customers_number", "customers", ["number"])
    op.create_index("ix_usage_events_received", "usage_events", ["received_at"], postgresql_using="brin")
    op.create_index(
        "ix_usage_days_meter",
        "usage_days",
        ["meter", "day"],
        postgresql_include=["customer_id", "quantity", "events", "late"],
    )


def downgrade() -> None:
    op.drop_index("ix_usage_days_meter", table_name="usage_days")
    op.drop_index("ix_usage_events_received", table_name="usage_events")
    op.drop_index("ix_customers_number", table_name="customers")
