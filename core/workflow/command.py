"""What every command is: frozen data with an id made when the wish was formed."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from core.kit.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    command_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Target:
    """A row and the revision of it that the person saw."""

    id: UUID
    revision: int
