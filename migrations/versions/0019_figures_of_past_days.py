"""Indexes for what was open on a past day, and for the time from receipt to posting."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_SETTLED, _POSTED = "ix_documents_settled", "ix_documents_posted"
_IS_SETTLED = sa.text("settled_on is not null")


def upgrade() -> None:
    op.drop_index(_SETTLED, table_name="documents")
    op.create_index(_SETTLED, "documents", ["settled_on", "issue_date"], postgresql_where=_IS_SETTLED)
    op.create_index(
        _POSTED,
        "documents",
        ["posted_at"],
        postgresql_where=sa.text("released_at is not null"),
        postgresql_include=["recorded_at", "entity", "kind", "source"],
    )


def downgrade() -> None:
    op.drop_index(_POSTED, table_name="documents")
    op.drop_index(_SETTLED, table_name="documents")
    op.create_index(_SETTLED, "documents", ["settled_on"], postgresql_where=_IS_SETTLED)
