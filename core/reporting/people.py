"""Names of people for lists: ids never reach the screen."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.audit.model import actor_words
from core.db.tables import User

__all__ = ["actor_words", "names"]


def names(session: Session, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    wanted = {id for id in ids if id is not None}
    if not wanted:
        return {}
    return dict(session.execute(select(User.id, User.name).where(User.id.in_(wanted))).tuples().all())
