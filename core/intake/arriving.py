"""Records as rows of the inbox, and rows as lines that the store copies: made before a transaction waits for them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from core.intake.model import InboxRow, NewRow
from core.kit.ids import new_id
from core.ports import RawRecord

# NUL, and halves of characters.
_UNSTORABLE = re.compile(
    rb"\\u0000|\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2})|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}"
)
# What COPY reads otherwise than it stands there.
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_ESCAPED = str.maketrans(_ESCAPES)
_ESCAPE = re.compile(r"\\[\\tnr]")
_MEANT = {escape: sign for sign, escape in _ESCAPES.items()}


def new_rows(records: Iterable[RawRecord]) -> tuple[NewRow, ...]:
    """A row for each record, with an id of its own."""
    return tuple(
        [
            NewRow(new_id(), record.kind, record.external_id, record.version, record.text or as_json(record.payload))
            for record in records
        ]
    )


def as_received(row: NewRow) -> InboxRow:
    """The row as the inbox would answer it."""
    return InboxRow(row.id, RawRecord(row.kind, row.external_id, row.version, json.loads(row.text)))


def as_json(value: Any) -> bytes:
    try:
        return to_json(value, inf_nan_mode="strings")
    except ValueError:  # half a character, which only the slower writer lets through
        return json.dumps(value, default=str).encode()


def storable(rows: Sequence[NewRow]) -> bytes:
    """Payloads as lines of JSON that the store accepts: what no text may hold there becomes the sign for an unreadable
    one. JSON has no line breaks of its own."""
    written = b"\n".join([row.text for row in rows])
    # Searching for a fixed text costs a tenth of matching the pattern, and hardly any batch has it.
    return _UNSTORABLE.sub(rb"\\ufffd", written) if rb"\u" in written else written


def lines_of(rows: Sequence[NewRow]) -> bytes:
    """Rows as COPY reads them: id, kind, external id, version and payload, a line for each."""
    if not rows:
        return b""
    payloads = storable(rows).replace(b"\\", rb"\\").split(b"\n")
    keys = [f"{row.id}\t{row.kind}\t{row.external_id}\t{row.version}" for row in rows]
    if _has_escapes("".join(keys), len(rows)):
        keys = [_escaped_key(row) for row in rows]
    return b"".join(
        [b"%b\t%b\n" % (key.encode(errors="replace"), line) for key, line in zip(keys, payloads, strict=True)]
    )


def _has_escapes(keys: str, count: int) -> bool:
    return "\\" in keys or "\n" in keys or "\r" in keys or keys.count("\t") != 3 * count


def _escaped_key(row: NewRow) -> str:
    parts = (str(row.id), row.kind, row.external_id, row.version)
    return "\t".join([part.translate(_ESCAPED) for part in parts])


def rows_of(lines: bytes) -> list[NewRow]:
    """The rows that `lines_of` wrote."""
    return [_row(line.decode()) for line in lines.split(b"\n")[:-1]]


def _row(line: str) -> NewRow:
    id, kind, external_id, version, payload = [
        _ESCAPE.sub(lambda found: _MEANT[found[0]], part) for part in line.split("\t")
    ]
    return NewRow(UUID(id), kind, external_id, version, payload.encode())
