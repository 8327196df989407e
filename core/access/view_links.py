"""Personal links: a token opens one document to whoever holds it, without a sign-in. It names the document and is
signed with a key of the house, so that nobody can make one or turn one into another.

A link ends by itself some time after the document was settled, at once when it is void, and when a person ends it. A
link that was ended stays so: the next one is of another generation.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.bulk import is_one_of
from core.db.tables import Document, HouseKey, InvoiceLink

_NAME, _VOID = "view_links", "void"
_ID_BYTES, _GENERATION_BYTES, _SIGNATURE_BYTES = 16, 2, 20


def signing_key(session: Session) -> bytes:
    """The house's key for links; made when it is first asked for."""
    statement = select(HouseKey.value).where(HouseKey.name == _NAME)
    found = session.scalar(statement)
    if found is None:
        fresh = insert(HouseKey).values(name=_NAME, value=secrets.token_hex(32))
        session.execute(fresh.on_conflict_do_nothing())
        found = session.scalars(statement).one()
    return bytes.fromhex(found)


@dataclass(frozen=True, slots=True)
class Named:
    """What a token was signed for."""

    document: UUID
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What a link's end depends on."""

    is_void: bool
    is_open: bool
    settled_on: date | None
    ended_at: datetime | None = None

    def last_day(self, days: int) -> date | None:
        """The last day on which the link opens the document; None while that is not to be said."""
        return self.settled_on + timedelta(days=days) if self.settled_on and not self.is_open else None

    def has_ended(self, today: date, days: int) -> bool:
        last = self.last_day(days)
        return self.is_void or self.ended_at is not None or (last is not None and today > last)


def standing_of(row: Document, link: InvoiceLink | None) -> Standing:
    """`link`: what `links_of` says of the document."""
    return Standing(row.state == _VOID, row.open_minor != 0, row.settled_on, link.ended_at if link else None)


def token_of(key: bytes, document: UUID, generation: int = 0) -> str:
    """The same for the same document and generation, whenever it is asked for."""
    content = document.bytes + (generation.to_bytes(_GENERATION_BYTES) if generation else b"")
    return base64.urlsafe_b64encode(content + _signature(key, content)).rstrip(b"=").decode()


def named_by(key: bytes, token: str) -> Named | None:
    """What the token was signed for; None when it was not signed here."""
    try:
        signed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    content, signature = signed[:-_SIGNATURE_BYTES], signed[-_SIGNATURE_BYTES:]
    if len(content) not in (_ID_BYTES, _ID_BYTES + _GENERATION_BYTES):
        return None
    if not hmac.compare_digest(signature, _signature(key, content)):
        return None
    return Named(UUID(bytes=content[:_ID_BYTES]), int.from_bytes(content[_ID_BYTES:]))


def _signature(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, b"view:" + content, hashlib.sha256)[:_SIGNATURE_BYTES]


def links_of(session: Session, documents: Iterable[UUID]) -> dict[UUID, InvoiceLink]:
    """Of the documents about whose link somebody decided something."""
    wanted = list(documents)
    if not wanted:
        return {}
    found = session.scalars(select(InvoiceLink).where(is_one_of(InvoiceLink.document_id, wanted)))
    return {row.document_id: row for row in found}


def end(session: Session, document: UUID, by: str, now: datetime) -> bool:
    """Ends the document's present link; False when it was ended before. The document has to be locked."""
    row = session.get(InvoiceLink, document)
    if row is None:
        row = InvoiceLink(document_id=document, generation=0)
        session.add(row)
    elif row.ended_at is not None:
        return False
    row.ended_at, row.ended_by = now, by
    return True


def renew(session: Session, document: UUID) -> None:
    """After the link was ended the next one is a new one. The document has to be locked."""
    row = session.get(InvoiceLink, document)
    if row is not None and row.ended_at is not None:
        row.generation, row.ended_at, row.ended_by = row.generation + 1, None, None
        session.flush()
