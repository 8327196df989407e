"""Records as rows of the inbox, and rows as lines that the store copies: made before a transaction waits for them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from uuid import UUID

from core.intake.model import InboxRow, NewRow
from core.kit.ids import new_id
from core.kit.json_text import as_json
from core.ports import RawRecord

# What stored JSON may hold: an escaped backslash, whatever follows it, and whole characters; and what it may not: NUL,
# and halves of characters.
_WRITTEN = re.compile(
    rb"(\\\\|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})|\\u0000|\\ud[89a-f][0-9a-f]{2}", re.IGNORECASE
)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_UNREADABLE = "\ufffd"
# What COPY reads otherwise than it stands there.
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_ESCAPED = str.maketrans(_ESCAPES)
_ESCAPE = re.compile(r"\\[\\tnr]")
_MEANT = {escape: sign for sign, escape in _ESCAPES.items()}


def new_rows(records: Iterable[RawRecord]) -> tuple[NewRow, ...]:
    """A row for each record, with an id of its own."""
    return tuple([NewRow(new_id(), *_key(record), record.text or as_json(record.payload)) for record in records])


def _key(record: RawRecord) -> tuple[str, str, str]:
    """Kind, id and version as the store can hold them."""
    parts = (record.kind, record.external_id, record.version)
    if not _UNSTORABLE.search("".join(parts)):
        return parts
    kind, id, version = [_UNSTORABLE.sub(_UNREADABLE, part) for part in parts]
    return kind, id, version


def as_received(row: NewRow) -> InboxRow:
    """The row as the inbox would answer it."""
    return InboxRow(row.id, RawRecord(row.kind, row.external_id, row.version, json.loads(storable([row]))))


def storable(rows: Sequence[NewRow]) -> bytes:
    """Payloads as lines of JSON that the store accepts: what no text may hold there becomes the sign for an unreadable
    one. JSON has no line breaks of its own."""
    written = b"\n".join([row.text for row in rows])
    # Searching for a fixed text costs a tenth of matching the pattern, and hardly any batch has it.
    return _WRITTEN.sub(lambda found: found[1] or rb"\ufffd", written) if rb"\u" in written else written


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
