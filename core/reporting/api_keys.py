"""Keys of machines that send usage, for administrators; their secrets are not here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from core.db.tables import ApiKey
from core.runtime import Runtime


@dataclass(frozen=True, slots=True)
class KeyRow:
    """`prefix`: how the secret begins, so that people know which one it is."""

    id: UUID
    name: str
    prefix: str
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def api_keys(runtime: Runtime) -> tuple[KeyRow, ...]:
    """All keys, those in force first, youngest first."""
    columns = [getattr(ApiKey, name) for name in KeyRow.__dataclass_fields__]
    statement = select(*columns).order_by(ApiKey.revoked_at.isnot(None), ApiKey.created_at.desc(), ApiKey.id)
    with runtime.reading() as session:
        return tuple(KeyRow(*row) for row in session.execute(statement))
