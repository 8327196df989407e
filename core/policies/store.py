"""Versions of policies, and the decisions they made."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.bulk import insert_rows
from core.db.tables import Decision, PolicyVersion
from core.kit.errors import Refused
from core.kit.ids import new_id
from core.policies.model import Verdict
from core.policies.rules import Policy


class NoPolicy(Refused):
    def __init__(self, name: str, day: date) -> None:
        super().__init__("policy.missing", f"No {name} policy is in effect on {day:%d %b %Y}.")


def policy_on(session: Session, name: str, day: date) -> Policy:
    """The version in effect on `day`. Raises NoPolicy."""
    statement = (
        select(PolicyVersion.id, PolicyVersion.version)
        .where(PolicyVersion.name == name, PolicyVersion.effective_from <= day)
        .order_by(PolicyVersion.effective_from.desc(), PolicyVersion.version.desc())
        .limit(1)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NoPolicy(name, day)
    cached = _compiled.get(row.id)
    if cached is None:
        model = session.execute(select(PolicyVersion.model).where(PolicyVersion.id == row.id)).scalar_one()
        cached = _compiled[row.id] = Policy(name, row.version, model)
    return cached


# Versions never change, so a compiled one may be kept for the life of the process.
_compiled: dict[UUID, Policy] = {}


def release(session: Session, name: str, model: dict[str, Any], effective_from: date, by: str, now: datetime) -> int:
    """Stores the next version of a policy; refuses one that cannot be run. Answers its number."""
    latest = session.scalar(select(func.max(PolicyVersion.version)).where(PolicyVersion.name == name)) or 0
    Policy(name, latest + 1, model)
    session.add(
        PolicyVersion(
            id=new_id(),
            name=name,
            version=latest + 1,
            model=model,
            effective_from=effective_from,
            released_by=by,
            released_at=now,
        )
    )
    return latest + 1


def record_decisions(session: Session, verdicts: list[tuple[UUID, Verdict]], now: datetime) -> dict[UUID, UUID]:
    """Keeps what was decided of each subject. Answers the decision's id per subject."""
    rows = [
        {
            "id": new_id(),
            "policy": verdict.policy,
            "version": verdict.version,
            "row": verdict.row,
            "subject_id": subject,
            "asked": verdict.asked,
            "answered": verdict.answer,
            "at": now,
        }
        for subject, verdict in verdicts
    ]
    if rows:
        session.execute(insert_rows(Decision, rows))
    return {row["subject_id"]: row["id"] for row in rows}  # type: ignore[misc]
