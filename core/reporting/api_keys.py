"""Keys of machines that send usage, for administrators; their secrets are not here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from core.db.bulk import is_one_of
from core.db.tables import ApiKey, Customer
from core.reporting.people import actor_words
from core.runtime import Runtime


@dataclass(frozen=True, slots=True)
class KeyRow:
    """`prefix`: how the secret begins, so that people know which one it is. `sources` and `customers` (by name) are
    what it may send; none means any."""

    id: UUID
    name: str
    prefix: str
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    sources: tuple[str, ...]
    customers: tuple[str, ...]


def api_keys(runtime: Runtime) -> tuple[KeyRow, ...]:
    """All keys, those in force first, youngest first."""
    statement = select(ApiKey).order_by(ApiKey.revoked_at.isnot(None), ApiKey.created_at.desc(), ApiKey.id)
    with runtime.reading() as session:
        keys = session.scalars(statement).all()
        wanted = {id for key in keys for id in key.customer_ids}
        found = session.execute(select(Customer.id, Customer.name).where(is_one_of(Customer.id, wanted))).tuples()
        names = dict(found.all())
    return tuple(_row(key, sorted(names[id] for id in key.customer_ids if id in names)) for key in keys)


def _row(key: ApiKey, customers: list[str]) -> KeyRow:
    return KeyRow(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        created_by=actor_words(key.created_by),
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
        sources=tuple(key.sources),
        customers=tuple(customers),
    )
