"""The trail refuses to be changed or emptied, whoever asks through the house's own connection."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "create function audit_is_append_only() returns trigger language plpgsql as "
        "$$begin raise exception 'the audit trail is append-only'; end$$"
    )
    op.execute(
        "create trigger audit_append_only before update or delete or truncate on audit "
        "for each statement execute function audit_is_append_only()"
    )


def downgrade() -> None:
    op.execute("drop trigger audit_append_only on audit")
    op.execute("drop function audit_is_append_only()")
