"""Personal links: a token opens one document to whoever holds it, without a sign-in. It names the document and is
signed with a key of the house, so that nobody can make one or turn one into another."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.tables import HouseKey

_NAME = "view_links"
_SIGNATURE_BYTES = 20


def signing_key(session: Session) -> bytes:
    """The house's key for links; made when it is first asked for."""
    statement = select(HouseKey.value).where(HouseKey.name == _NAME)
    found = session.scalar(statement)
    if found is None:
        fresh = insert(HouseKey).values(name=_NAME, value=secrets.token_hex(32))
        session.execute(fresh.on_conflict_do_nothing())
        found = session.scalars(statement).one()
    return bytes.fromhex(found)


def token_of(key: bytes, document: UUID) -> str:
    """The same for the same document, whenever it is asked for."""
    return base64.urlsafe_b64encode(document.bytes + _signature(key, document)).rstrip(b"=").decode()


def document_of(key: bytes, token: str) -> UUID | None:
    """The document that the token opens; None when it was not signed here."""
    try:
        content = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(content) != 16 + _SIGNATURE_BYTES:
        return None
    document = UUID(bytes=content[:16])
    return document if hmac.compare_digest(content[16:], _signature(key, document)) else None


def _signature(key: bytes, document: UUID) -> bytes:
    return hmac.digest(key, b"view:" + document.bytes, hashlib.sha256)[:_SIGNATURE_BYTES]
