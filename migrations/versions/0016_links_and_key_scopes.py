"""Links of customers that people ended, and what a key for usage may send."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KEYS, _LINKS = "api_keys", "invoice_links"


def upgrade() -> None:
    op.create_table(
        _LINKS,
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_invoice_links_document_id_documents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_invoice_links")),
    )
    op.add_column(_KEYS, sa.Column("sources", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False))
    op.add_column(_KEYS, sa.Column("customer_ids", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False))


def downgrade() -> None:
    op.drop_column(_KEYS, "customer_ids")
    op.drop_column(_KEYS, "sources")
    op.drop_table(_LINKS)
