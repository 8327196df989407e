"""Payloads of the inbox are kept as they are: compressing them took a third of a first synchronisation's writing."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table inbox alter column payload set storage external")


def downgrade() -> None:
    op.execute("alter table inbox alter column payload set storage extended")
