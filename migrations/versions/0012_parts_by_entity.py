"""Pending parts of billing runs are read by legal entity, from either end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NAME, _TABLE = "ix_billing_run_parts_pending", "billing_run_parts"


def upgrade() -> None:
    _replace(["run_id", "entity", "contract_id"])


def downgrade() -> None:
    _replace(["run_id", "contract_id"])


def _replace(columns: list[str]) -> None:
    op.drop_index(_NAME, table_name=_TABLE)
    op.create_index(_NAME, _TABLE, columns, postgresql_where=sa.text("state = 'pending'"))
