"""What was measured when usage was billed, and by how much corrections have changed it since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TABLE, _COLUMNS = "schedule_items", ("used", "corrected")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column(_TABLE, sa.Column(name, sa.Numeric(24, 6), nullable=True))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column(_TABLE, name)
