"""Keys for machines that send: how a secret is made, and who stands behind the one that a request shows."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from core.db.tables import ApiKey
from core.kit.errors import Forbidden, Refused
from core.runtime import Runtime
from core.workflow.actors import Actor
from core.workflow.billing_commands import CreateApiKey
from core.workflow.execute import execute

_MARK = "qk_"
_SHOWN = len(_MARK) + 6
# A key's last use is written at most this often.
_TOUCH_EVERY = timedelta(minutes=1)


class UnknownKey(Refused):
    """No key, or one that was never made here."""

    def __init__(self) -> None:
        super().__init__("api_key.unknown", "Send a valid API key: “Authorization: Bearer qk_…”.")


@dataclass(frozen=True, slots=True)
class Key:
    id: UUID
    name: str


def make_api_key(
    runtime: Runtime, name: str, actor: Actor, *, sources: Iterable[str] = (), customers: Iterable[str] = ()
) -> str:
    """Makes a key and answers its secret, which is not kept and cannot be shown again. `sources` and `customers` (by
    number) are what it may send; without any, all."""
    secret = _MARK + secrets.token_urlsafe(32)
    wish = CreateApiKey(
        name=name,
        prefix=secret[:_SHOWN],
        key_hash=_hash(secret),
        sources=tuple(sources),
        customers=tuple(customers),
    )
    execute(runtime, wish, actor)
    return secret


def key_of_secret(runtime: Runtime, secret: str) -> Key:
    """Raises UnknownKey, or Forbidden for a key that was revoked."""
    statement = select(ApiKey.id, ApiKey.name, ApiKey.last_used_at, ApiKey.revoked_at)
    with runtime.reading() as session:
        row = session.execute(statement.where(ApiKey.key_hash == _hash(secret))).one_or_none()
    if row is None:
        raise UnknownKey()
    if row.revoked_at is not None:
        raise Forbidden("api_key.revoked", "This API key was revoked. Ask an administrator for another one.")
    if row.last_used_at is None or runtime.now() - row.last_used_at >= _TOUCH_EVERY:
        _touch(runtime, row.id)
    return Key(row.id, row.name)


def _touch(runtime: Runtime, key_id: UUID) -> None:
    with runtime.transaction() as session:
        session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=runtime.now()))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
