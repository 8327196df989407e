"""How records are written into the inbox: in one statement per batch, their payloads as the text that came."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from psycopg import DataError
from psycopg.errors import UniqueViolation
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.db.bulk import copy_rows
from core.db.tables import InboxItem
from core.intake.arriving import as_json
from core.intake.model import NewRow
from core.kit.errors import Refused

# One statement of constant length, whatever the number of rows: long ones cost the driver more than the store. Payloads
# come as lines of JSON, which has no line breaks of its own: each is parsed once. Answers null when all are new.
_RECEIVE = text(
    r"""
    with kept as (
        insert into inbox (id, source, kind, external_id, version, payload, state, received_at, attempts)
        select id, :source, kind, external_id, version, cast(payload as json), 'new', :now, 0
        from rows from (
            json_to_recordset(cast(:keys as json)) as (id uuid, kind text, external_id text, version text),
            string_to_table(convert_from(:payloads, 'UTF8'), e'\n')
        ) as received (id, kind, external_id, version, payload)
        on conflict do nothing
        returning id
    )
    select case when count(*) < :sent then coalesce(array_agg(id), '{}') end from kept
    """
)
_COPIED = [
    "id",
    "kind",
    "external_id",
    "version",
    "payload",
    "source",
    "state",
    "received_at",
    "handled_at",
    "attempts",
]
# NUL, and halves of characters.
_UNSTORABLE = re.compile(
    rb"\\u0000|\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2})|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}"
)


def insert_new(session: Session, source: str, rows: Sequence[NewRow], now: datetime) -> list[NewRow]:
    """Keeps what was not here yet, to be handled, and answers those rows in their order."""
    if not rows:
        return []
    keys = [{"id": row.id, "kind": row.kind, "external_id": row.external_id, "version": row.version} for row in rows]
    sent = {"source": source, "keys": as_json(keys).decode(), "payloads": b"\n".join(_lines(rows)), "sent": len(rows)}
    kept = session.scalar(_RECEIVE, sent | {"now": now})
    if kept is None:
        return list(rows)
    new = set(kept)
    return [row for row in rows if row.id in new]


def copy_handled(session: Session, source: str, rows: Sequence[NewRow], now: datetime) -> None:
    """Keeps rows whose facts are recorded with them. Raises Refused when one was here before, or cannot be stored: the
    transaction is lost then."""
    if not rows:
        return
    stamp = now.isoformat().encode()
    around = (source.encode(), b"handled", stamp, stamp, b"1")
    try:
        copy_rows(
            session,
            InboxItem,
            _COPIED,
            [(*_key(row), line, *around) for row, line in zip(rows, _lines(rows), strict=True)],
        )
    except UniqueViolation as problem:
        raise repeated() from problem
    except DataError as problem:
        raise Refused("inbox.unstorable", "The store cannot hold one of these records.") from problem


def repeated() -> Refused:
    return Refused("inbox.repeated", "Some of these records were received before.")


def _key(row: NewRow) -> tuple[bytes, ...]:
    return (str(row.id).encode(), row.kind.encode(), row.external_id.encode(), row.version.encode())


def _lines(rows: Sequence[NewRow]) -> list[bytes]:
    """Payloads as JSON that the store accepts: what no text may hold there becomes the sign for an unreadable one."""
    written = b"\n".join([row.text for row in rows])
    # Searching for a fixed text costs a tenth of matching the pattern, and hardly any batch has it.
    storable = _UNSTORABLE.sub(rb"\\ufffd", written) if rb"\u" in written else written
    return storable.split(b"\n")
