"""Billing runs: who released them, what a resumed run looks for, and billed amounts without drafts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BILLED = ["entity", "currency", "total_minor", "kind", "state"]


def upgrade() -> None:
    op.add_column("billing_runs", sa.Column("released_by", sa.String(), nullable=True))
    op.create_index(
        "ix_billing_runs_unfinished",
        "billing_runs",
        ["state"],
        postgresql_where=sa.text("state in ('generating', 'releasing')"),
    )
    op.create_index(
        "ix_billing_run_parts_failed",
        "billing_run_parts",
        ["run_id", "contract_id"],
        postgresql_where=sa.text("state = 'failed'"),
    )
    _replace_billed([*_BILLED, "is_issued"])


def downgrade() -> None:
    _replace_billed(_BILLED)
    op.drop_index("ix_billing_run_parts_failed", table_name="billing_run_parts")
    op.drop_index("ix_billing_runs_unfinished", table_name="billing_runs")
    op.drop_column("billing_runs", "released_by")


def _replace_billed(included: list[str]) -> None:
    op.drop_index("ix_documents_billed", table_name="documents")
    op.create_index("ix_documents_billed", "documents", ["issue_date"], postgresql_include=included)
