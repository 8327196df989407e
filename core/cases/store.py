"""Rows of cases: opening without doubles, closing with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from core.cases.model import CaseState, NewCase, Route
from core.db.bulk import is_one_of
from core.db.tables import Case
from core.kit.errors import NotFound, Stale
from core.kit.ids import new_id

# As text: a bound parameter would hide from a prepared plan that the partial index fits.
_IS_OPEN = text("state = 'open'")


def open_cases(session: Session, new: Sequence[tuple[NewCase, Route]], now: datetime) -> list[UUID]:
    """Opens those that are not open already; answers the ids of the new ones."""
    rows = [_row(case, route, now) for case, route in new]
    if not rows:
        return []
    statement = pg_insert(Case).on_conflict_do_nothing(index_elements=["key"], index_where=_IS_OPEN)
    return list(session.scalars(statement.returning(Case.id), rows))


def _row(case: NewCase, route: Route, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "key": case.key,
        "code": case.code,
        "type": case.type,
        "cause": case.cause,
        "sentence": case.sentence,
        # Decimals and dates become text: evidence is shown, never computed with.
        "evidence": json.loads(json.dumps(dict(case.evidence), default=str)),
        "document_id": case.document_id,
        "customer_id": case.customer_id,
        "inbox_id": case.inbox_id,
        "delivery_id": case.delivery_id,
        "entity": case.entity,
        "stake_minor": case.stake_minor,
        "amount_minor": case.amount_minor,
        "currency": case.currency,
        "queue": route.queue,
        "owner_id": None,
        "state": CaseState.OPEN,
        "is_blocking": case.is_blocking,
        "opened_at": now,
        "due_at": now + timedelta(hours=route.due_hours),
    }


def load_open(
    session: Session, targets: Iterable[tuple[UUID, int]], outdated: Callable[[list[Case], list[Case]], Stale]
) -> list[Case]:
    """Locked open cases, all or nothing. Raises NotFound, or what `outdated` makes of those that were closed or
    changed, and of all of them."""
    wanted = dict(targets)
    statement = select(Case).where(Case.id.in_(list(wanted))).order_by(Case.id).with_for_update()
    rows = list(session.scalars(statement))
    if len(rows) != len(wanted):
        raise NotFound("One of these exceptions")
    moved = [row for row in rows if row.state != CaseState.OPEN or row.revision != wanted[row.id]]
    if moved:
        raise outdated(moved, rows)
    return rows


def open_for_documents(session: Session, ids: Iterable[UUID]) -> list[Case]:
    """Open cases of these documents, locked."""
    statement = select(Case).where(Case.document_id.in_(list(ids)), Case.state == CaseState.OPEN)
    return list(session.scalars(statement.order_by(Case.id).with_for_update()))


def close(cases: Iterable[Case], state: CaseState, resolution: str, by: str, now: datetime) -> None:
    for case in cases:
        case.state = state
        case.resolution = resolution
        case.closed_at = now
        case.closed_by = by
        case.revision += 1


def close_by(session: Session, condition: Any, resolution: str, by: str, now: datetime) -> int:
    """Resolves the open cases that fit the condition; answers how many."""
    statement = (
        update(Case)
        .where(Case.state == CaseState.OPEN, condition)
        .values(
            state=CaseState.RESOLVED,
            resolution=resolution,
            closed_at=now,
            closed_by=by,
            revision=Case.revision + 1,
        )
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(statement).all())


def open_keys(session: Session, keys: Iterable[str]) -> list[str]:
    """Which of the keys have an open case."""
    return list(session.scalars(select(Case.key).where(is_one_of(Case.key, list(keys)), _IS_OPEN)))


def told_before(session: Session, document_ids: Iterable[UUID], keys: Iterable[str]) -> set[str]:
    """Which of the keys these documents have, or had, a case of."""
    ours = is_one_of(Case.document_id, document_ids)
    return set(session.scalars(select(Case.key).where(ours, is_one_of(Case.key, keys))))


def mark_overdue(session: Session, now: datetime) -> int:
    """Flags open cases past their deadline; answers how many are newly overdue."""
    statement = (
        update(Case)
        .where(Case.state == CaseState.OPEN, Case.due_at < now, Case.is_overdue.is_(False))
        .values(is_overdue=True)
        .returning(Case.id)
    )
    return len(session.scalars(statement).all())


def documents_of_cause(session: Session, causes: Iterable[str]) -> set[UUID]:
    """Documents with an open case of one of these causes."""
    wanted = (_IS_OPEN, is_one_of(Case.cause, list(causes)), Case.document_id.is_not(None))
    return {id for id in session.scalars(select(Case.document_id).where(*wanted)) if id is not None}


def open_of_code(session: Session, code: str) -> list[Case]:
    """Open cases of one code, locked."""
    statement = select(Case).where(Case.code == code, _IS_OPEN).order_by(Case.id)
    return list(session.scalars(statement.with_for_update()))


def of_cause(session: Session, causes: Iterable[str], types: str) -> list[Case]:
    """Open and waived cases of one type with these causes; open ones locked, newest last."""
    statement = select(Case).where(
        Case.cause.in_(list(causes)), Case.type == types, Case.state.in_((CaseState.OPEN, CaseState.WAIVED))
    )
    return list(session.scalars(statement.order_by(Case.opened_at, Case.id).with_for_update()))
