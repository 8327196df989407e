"""Identity: UUIDv7 made by the side that acts; stable ids and hashes from business facts."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import NAMESPACE_URL, UUID

from uuid_utils.compat import uuid5, uuid7

_HOUSE = uuid5(NAMESPACE_URL, "quittance")


def new_id() -> UUID:
    """A fresh id that sorts by time."""
    return uuid7()


def id_from(*facts: str) -> UUID:
    """The same id for the same business facts, so that a repetition lands on the same row."""
    return uuid5(_HOUSE, "\x1f".join(facts))


def content_hash(content: Any) -> str:
    """Hex SHA-256 over canonical JSON; equal content gives an equal hash."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
