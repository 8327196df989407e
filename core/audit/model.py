"""What one entry of the trail says, and how its hash is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core.kit.ids import content_hash

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that happened. `subject`: "invoice:<id>", "case:<id>", ...; `sentence` is for people."""

    sentence: str
    subject: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what, when, by which command."""

    at: datetime
    actor: str
    command: str
    command_id: UUID


def actor_words(label: str) -> str:
    """How a timeline names an actor: a person by name, one of the house's own jobs as the house."""
    return "Quittance" if label.startswith("job:") else label


def chain_hash(previous: str, seq: int, deed: Deed, note: Note) -> str:
    """Hex SHA-256 over the previous hash and everything the entry says."""
    return content_hash(
        {
            "previous": previous,
            "seq": seq,
            "at": deed.at.isoformat(),
            "actor": deed.actor,
            "command": deed.command,
            "command_id": str(deed.command_id),
            "subject": note.subject,
            "sentence": note.sentence,
            "detail": note.detail,
        }
    )
