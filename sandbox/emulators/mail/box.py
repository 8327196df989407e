"""Messages that arrived: kept as they came, one per message id, however often it came."""

import hashlib
import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from sandbox.records import Records

Doc = dict[str, Any]
_NEWEST = """
SELECT doc FROM record WHERE kind = 'message'
AND (? IS NULL OR EXISTS (SELECT 1 FROM json_each(doc, '$.to') WHERE lower(value) = ?))
ORDER BY created DESC, id DESC LIMIT ?
"""


class Box:
    """Bodies are kept as text: every byte of a message as the character of the same number."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def take(self, content: bytes, sender: str, recipients: list[str], at: int) -> Doc:
        """A message as it came. The same id again is the same message: receivers show one."""
        found = parsed(content)
        message_id = str(found["Message-ID"] or "")
        id = hashlib.sha256(f"{message_id}\n{','.join(recipients)}".encode()).hexdigest()[:16]
        known = self._records.get("message", id)
        files = [{"name": name, "type": type, "bytes": len(body)} for name, type, body in attachments(found)]
        first_at = int(known["received_at"]) if known else at
        doc: Doc = {
            "id": id,
            "message_id": message_id,
            "from": sender,
            "to": recipients,
            "subject": str(found["Subject"] or ""),
            "received_at": first_at,
            "copies": known["copies"] + 1 if known else 1,
            "attachments": files,
        }
        self._records.put("message", id, doc, first_at, at)
        self._records.put("content", id, {"raw": content.decode("latin-1")}, first_at, at)
        return doc

    def list(self, to: str | None = None, limit: int = 100) -> list[Doc]:
        """Newest first."""
        rows = self._records.query(_NEWEST, (to and to.lower(), to and to.lower(), limit))
        return [json.loads(text) for (text,) in rows]

    def get(self, id: str) -> Doc | None:
        return self._records.get("message", id)

    def content(self, id: str) -> EmailMessage | None:
        kept = self._records.get("content", id)
        return parsed(str(kept["raw"]).encode("latin-1")) if kept else None


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def attachments(message: EmailMessage) -> Iterator[tuple[str, str, bytes]]:
    """Name, type and content of each file in the message."""
    for part in message.iter_attachments():
        body = part.get_payload(decode=True)
        yield part.get_filename() or "unnamed", part.get_content_type(), body if isinstance(body, bytes) else b""


def text_of(message: EmailMessage, kind: str) -> str | None:
    """The body as "plain" or "html"."""
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else None
