"""Indexes that keep the cost of lists and figures with what is shown, whatever the history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INDEXES: tuple[tuple[str, str, list[str], str | None], ...] = (
    ("ix_documents_due", "documents", ["due_date", "id"], None),
    ("ix_documents_recorded", "documents", ["recorded_at"], None),
    ("ix_documents_disputed", "documents", ["issue_date", "id"], "is_disputed"),
    ("ix_documents_corrected", "documents", ["issue_date"], "corrections <> '{}'::jsonb"),
    ("ix_transitions_by_people", "transitions", ["subject_id", "at"], "actor not like 'job:%'"),
    ("ix_payments_unapplied", "payments", ["customer_id"], "unapplied_minor <> 0"),
    ("ix_disputes_opened", "disputes", ["opened_at", "id"], None),
)


def upgrade() -> None:
    for name, table, columns, where in _INDEXES:
        op.create_index(name, table, columns, postgresql_where=sa.text(where) if where else None)


def downgrade() -> None:
    for name, table, _, _ in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
