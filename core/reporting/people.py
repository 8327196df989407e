"""Names of people for lists: ids never reach the screen."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import User


def names(session: Session, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    wanted = {id for id in ids if id is not None}
    if not wanted:
        return {}
    return dict(session.execute(select(User.id, User.name).where(User.id.in_(wanted))).tuples().all())


def actor_words(label: str) -> str:
    """How a timeline names an actor: a person by name, one of the house's own jobs as the house."""
    return "Quittance" if label.startswith("job:") else label
