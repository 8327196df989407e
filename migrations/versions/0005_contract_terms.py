"""Terms that schedules are planned under, and how far each contract is planned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contract_terms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("agreement", postgresql.JSONB(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_terms")),
    )
    op.create_index(op.f("ix_contract_terms_contract_id"), "contract_terms", ["contract_id"], unique=False)
    op.create_table(
        "schedule_plans",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("terms_id", sa.Uuid(), nullable=True),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_schedule_plans")),
    )
    op.add_column("schedule_items", sa.Column("terms_id", sa.Uuid(), nullable=True))
    op.add_column(
        "schedule_items",
        sa.Column("covers", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("schedule_items", "covers")
    op.drop_column("schedule_items", "terms_id")
    op.drop_table("schedule_plans")
    op.drop_index(op.f("ix_contract_terms_contract_id"), table_name="contract_terms")
    op.drop_table("contract_terms")
