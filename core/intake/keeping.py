"""How records are written into the inbox: in one statement per batch, their payloads as the text that came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from psycopg import DataError
from psycopg.errors import UniqueViolation
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.db.bulk import copy_lines
from core.db.tables import InboxItem
from core.intake.arriving import storable
from core.intake.model import NewRow
from core.kit.errors import Refused
from core.kit.json_text import as_json

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
# What the lines bring, and what all rows of a batch have in common.
_IN_LINES = ("id", "kind", "external_id", "version", "payload")
_IN_COMMON = ("source", "state", "received_at", "handled_at", "attempts")


def insert_new(session: Session, source: str, rows: Sequence[NewRow], now: datetime) -> list[NewRow]:
    """Keeps what was not here yet, to be handled, and answers those rows in their order."""
    if not rows:
        return []
    keys = [{"id": row.id, "kind": row.kind, "external_id": row.external_id, "version": row.version} for row in rows]
    sent = {"source": source, "keys": as_json(keys).decode(), "payloads": storable(rows), "sent": len(rows)}
    kept = session.scalar(_RECEIVE, sent | {"now": now})
    if kept is None:
        return list(rows)
    new = set(kept)
    return [row for row in rows if row.id in new]


def copy_handled(session: Session, source: str, lines: bytes, now: datetime) -> None:
    """Keeps rows, as `lines_of` wrote them, whose facts are recorded with them. Raises Refused when one was here
    before, or cannot be stored: the transaction is lost then."""
    if not lines:
        return
    stamp = now.isoformat().encode()
    common = b"\t".join((b"", source.encode(), b"handled", stamp, stamp, b"1\n"))
    try:
        copy_lines(session, InboxItem, (*_IN_LINES, *_IN_COMMON), lines.replace(b"\n", common))
    except UniqueViolation as problem:
        raise repeated() from problem
    except DataError as problem:
        raise Refused("inbox.unstorable", "The store cannot hold one of these records.") from problem


def repeated() -> Refused:
    return Refused("inbox.repeated", "Some of these records were received before.")
