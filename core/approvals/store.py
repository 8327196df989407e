"""Rows of approvals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from core.approvals.model import ApprovalState, Asked
from core.db.tables import Approval
from core.kit.errors import NotFound, Stale
from core.kit.ids import new_id


def request_first_step(
    session: Session, asked: Sequence[Asked], assignees: Mapping[UUID, UUID | None], now: datetime
) -> None:
    """Opens the first step of each chain, in a new round. `assignees` per document."""
    rounds = _last_rounds(session, [item.document_id for item in asked])
    rows = [
        {
            "id": new_id(),
            "document_id": item.document_id,
            "round": rounds.get(item.document_id, 0) + 1,
            "step": 1,
            "reason": item.reason,
            "role": item.roles[0],
            "assignee_id": assignees.get(item.document_id),
            "decision_id": item.decision_id,
            "entity": item.entity,
            "amount_minor": item.amount_minor,
            "state": ApprovalState.WAITING,
            "requested_at": now,
            "due_at": now + timedelta(hours=item.due_hours),
        }
        for item in asked
    ]
    if rows:
        session.execute(insert(Approval), rows)


def _last_rounds(session: Session, ids: Iterable[UUID]) -> dict[UUID, int]:
    statement = select(Approval.document_id, func.max(Approval.round)).where(Approval.document_id.in_(list(ids)))
    return {row[0]: row[1] for row in session.execute(statement.group_by(Approval.document_id))}


def request_next_step(session: Session, done: Approval, role: str, assignee: UUID | None, now: datetime) -> None:
    session.add(
        Approval(
            id=new_id(),
            document_id=done.document_id,
            round=done.round,
            step=done.step + 1,
            reason=done.reason,
            role=role,
            assignee_id=assignee,
            decision_id=done.decision_id,
            entity=done.entity,
            amount_minor=done.amount_minor,
            state=ApprovalState.WAITING,
            requested_at=now,
            due_at=now + (done.due_at - done.requested_at),
        )
    )


def load_waiting(
    session: Session, targets: Iterable[tuple[UUID, int]], outdated: Callable[[list[Approval], list[Approval]], Stale]
) -> list[Approval]:
    """Locked approvals that wait, all or nothing. Raises NotFound, or what `outdated` makes of those that were decided
    or changed, and of all of them."""
    wanted = dict(targets)
    statement = select(Approval).where(Approval.id.in_(list(wanted))).order_by(Approval.id).with_for_update()
    rows = list(session.scalars(statement))
    if len(rows) != len(wanted):
        raise NotFound("One of these approvals")
    moved = [row for row in rows if row.state != ApprovalState.WAITING or row.revision != wanted[row.id]]
    if moved:
        raise outdated(moved, rows)
    return rows


def decide(approval: Approval, state: ApprovalState, by: UUID, note: str | None, now: datetime) -> None:
    approval.state = state
    approval.decided_by = by
    approval.decided_at = now
    approval.note = note
    approval.revision += 1


def withdraw(session: Session, document_ids: Iterable[UUID], now: datetime) -> None:
    """A document that changed is no longer what was asked about."""
    session.execute(
        update(Approval)
        .where(Approval.document_id.in_(list(document_ids)), Approval.state == ApprovalState.WAITING)
        .values(state=ApprovalState.WITHDRAWN, decided_at=now, revision=Approval.revision + 1)
        .execution_options(synchronize_session=False)
    )


def waiting_counts(session: Session) -> dict[UUID, int]:
    statement = (
        select(Approval.assignee_id, func.count())
        .where(Approval.state == ApprovalState.WAITING, Approval.assignee_id.is_not(None))
        .group_by(Approval.assignee_id)
    )
    return {row[0]: row[1] for row in session.execute(statement) if row[0] is not None}


def deciders(session: Session, document_id: UUID, round: int) -> list[UUID]:
    """Who has decided an earlier step of this round."""
    statement = select(Approval.decided_by).where(
        Approval.document_id == document_id, Approval.round == round, Approval.decided_by.is_not(None)
    )
    return [id for id in session.scalars(statement) if id is not None]
