"""Deliveries that have lost their reason are stopped, as long as nothing of them can have arrived."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import exists, or_, select, text
from sqlalchemy.orm import Session

from core.db.bulk import is_one_of
from core.db.tables import Delivery, DeliveryAttempt
from core.posting.model import DeliveryState
from core.posting.store import move

_MAY_STOP = (DeliveryState.QUEUED, DeliveryState.RETRYING, DeliveryState.REFUSED)
# Outcomes of an attempt after which the system holds nothing.
NOTHING_HAPPENED = ("retry", "refused", "misconfigured")
# Whoever sends a delivery holds this name meanwhile; it is free again when this transaction ends.
_IS_FREE = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")


def stop_unbegun(session: Session, document_ids: Iterable[UUID], system: str) -> set[UUID]:
    """Sets those aside that have not begun, or whose every attempt came to nothing; answers the documents of which the
    system holds something, or may."""
    mine = select(Delivery).where(is_one_of(Delivery.document_id, document_ids), Delivery.system == system)
    rows = list(session.scalars(mine.order_by(Delivery.id).with_for_update()))
    doubtful = _doubtful(session, [row.id for row in rows])
    held = set()
    for row in rows:
        if row.state == DeliveryState.SET_ASIDE:
            continue
        if row.state in _MAY_STOP and row.id not in doubtful and _is_free(session, row.id):
            move(row, DeliveryState.SET_ASIDE)
        else:
            held.add(row.document_id)
    return held


def _doubtful(session: Session, ids: list[UUID]) -> set[UUID]:
    """Deliveries with an attempt of which nobody knows that nothing came of it."""
    if not ids:
        return set()
    unsettled = or_(DeliveryAttempt.outcome.is_(None), DeliveryAttempt.outcome.not_in(NOTHING_HAPPENED))
    attempted = exists().where(DeliveryAttempt.delivery_id == Delivery.id, unsettled)
    return set(session.scalars(select(Delivery.id).where(is_one_of(Delivery.id, ids), attempted)))


def _is_free(session: Session, delivery_id: UUID) -> bool:
    return bool(session.scalar(_IS_FREE, {"name": f"delivery:{delivery_id}"}))
