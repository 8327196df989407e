"""People of the house and the legal entities they may be limited to, for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from core.db.tables import LegalEntity, User, WebSession
from core.runtime import Runtime


@dataclass(frozen=True, slots=True)
class StaffMember:
    """`entities` None = all; the limit is in minor units of the reporting currency."""

    id: UUID
    revision: int
    email: str
    name: str
    role: str
    entities: tuple[str, ...] | None
    approval_limit_minor: int
    is_active: bool
    last_seen_at: datetime | None


def staff(runtime: Runtime) -> tuple[StaffMember, ...]:
    """Everybody, active people first, by name."""
    seen = (
        select(WebSession.user_id, func.max(WebSession.last_seen_at).label("at"))
        .group_by(WebSession.user_id)
        .subquery()
    )
    statement = (
        select(User, seen.c.at)
        .outerjoin(seen, seen.c.user_id == User.id)
        .order_by(User.is_active.desc(), User.name, User.id)
    )
    with runtime.reading() as session:
        return tuple(_member(user, at) for user, at in session.execute(statement))


def entity_names(runtime: Runtime) -> dict[str, str]:
    """Legal entities: name by code."""
    with runtime.reading() as session:
        rows = session.execute(select(LegalEntity.code, LegalEntity.name).order_by(LegalEntity.code))
        return dict(rows.tuples().all())


def _member(user: User, seen_at: datetime | None) -> StaffMember:
    return StaffMember(
        id=user.id,
        revision=user.revision,
        email=user.email,
        name=user.name,
        role=user.role,
        entities=tuple(user.entities) if user.entities is not None else None,
        approval_limit_minor=user.approval_limit_minor,
        is_active=user.is_active,
        last_seen_at=seen_at,
    )
