"""Records as rows of the inbox, written out before a transaction waits for them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic_core import to_json

from core.intake.model import NewRow
from core.kit.ids import new_id
from core.ports import RawRecord


def new_rows(records: Iterable[RawRecord]) -> tuple[NewRow, ...]:
    """A row for each record, with an id of its own."""
    return tuple(
        [
            NewRow(new_id(), record.kind, record.external_id, record.version, record.text or as_json(record.payload))
            for record in records
        ]
    )


def as_json(value: Any) -> bytes:
    try:
        return to_json(value, inf_nan_mode="strings")
    except ValueError:  # half a character, which only the slower writer lets through
        return json.dumps(value, default=str).encode()
