"""Which line of an invoice a line of a credit memo gives back, and which invoice a new one replaces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("replaces_id", sa.Uuid(), nullable=True))
    op.add_column("documents", sa.Column("replaced_items", postgresql.JSONB(), nullable=True))
    op.add_column("document_lines", sa.Column("corrects_position", sa.Integer(), nullable=True))
    op.create_index(
        "ix_documents_replaces", "documents", ["replaces_id"], postgresql_where=sa.text("replaces_id is not null")
    )


def downgrade() -> None:
    op.drop_index("ix_documents_replaces", table_name="documents")
    op.drop_column("document_lines", "corrects_position")
    op.drop_column("documents", "replaced_items")
    op.drop_column("documents", "replaces_id")
