"""What outside systems sent is kept as the text that came: it is read as a whole, never searched by field."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table inbox alter column payload type json using payload::json")


def downgrade() -> None:
    op.execute("alter table inbox alter column payload type jsonb using payload::jsonb")
