"""When a source said what it says of documents and disputes, and credit memos that came before their invoices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_DATED, _ORPHANED = ("documents", "disputes"), "ix_documents_orphaned"


def upgrade() -> None:
    for table in _DATED:
        op.add_column(table, sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        _ORPHANED,
        "documents",
        ["source", "corrects_ref"],
        postgresql_where=sa.text("corrects_id is null and corrects_ref is not null"),
    )


def downgrade() -> None:
    op.drop_index(_ORPHANED, table_name="documents")
    for table in _DATED:
        op.drop_column(table, "told_at")
