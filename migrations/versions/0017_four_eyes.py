"""Who started, resumed or released a billing run, and who corrected usage: they may not approve what comes of it.

Runs and corrections from before name people by their names: everybody of that name counts, and documents that have not
gone out are theirs too.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_RUNS, _CORRECTIONS = "billing_runs", "usage_corrections"
_BEHIND_RUNS = """
update billing_runs r set changed_by =
  (select jsonb_agg(u.id::text) from users u where u.name in (r.started_by, r.released_by))
where exists (select from users u where u.name in (r.started_by, r.released_by))
"""
_BEHIND_CORRECTIONS = """
update usage_corrections c set made_by_id = (select min(u.id::text)::uuid from users u where u.name = c.made_by)
"""
_BEHIND_DOCUMENTS = """
update documents d set changed_by =
  (select jsonb_agg(distinct each.id) from jsonb_array_elements_text(d.changed_by || r.changed_by) each (id))
from billing_runs r where r.id = d.run_id and not d.is_issued and d.state <> 'void' and r.changed_by <> '[]'
"""


def upgrade() -> None:
    empty = sa.text("'[]'::jsonb")
    changed_by = sa.Column("changed_by", postgresql.JSONB(astext_type=sa.Text()), server_default=empty, nullable=False)
    op.add_column(_RUNS, changed_by)
    op.add_column(_CORRECTIONS, sa.Column("made_by_id", sa.Uuid(), nullable=True))
    for statement in (_BEHIND_RUNS, _BEHIND_CORRECTIONS, _BEHIND_DOCUMENTS):
        op.execute(statement)


def downgrade() -> None:
    op.drop_column(_CORRECTIONS, "made_by_id")
    op.drop_column(_RUNS, "changed_by")
