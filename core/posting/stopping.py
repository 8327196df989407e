"""Deliveries that have lost their reason are stopped, as long as nothing of them can have arrived."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.db.bulk import is_one_of
from core.db.tables import Delivery
from core.posting.doubt import doubtful
from core.posting.model import DeliveryState
from core.posting.store import move

_MAY_STOP = (DeliveryState.QUEUED, DeliveryState.RETRYING, DeliveryState.REFUSED)
# Whoever sends a delivery holds this name meanwhile; it is free again when this transaction ends.
_IS_FREE = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")


def stop_unbegun(session: Session, document_ids: Iterable[UUID], system: str) -> set[UUID]:
    """Sets those aside that have not begun, or whose every attempt came to nothing; answers the documents of which the
    system holds something, or may.

    The documents are locked before, so that nobody can be about to send one of them on. Who records an outcome locks
    its delivery first and waits for the document then: that is not waited for, and something may have arrived."""
    mine = select(Delivery.id, Delivery.document_id).where(
        is_one_of(Delivery.document_id, document_ids), Delivery.system == system
    )
    owners = dict(session.execute(mine).tuples().all())
    rows = _lock_free(session, owners)
    in_doubt = doubtful(session, [row.id for row in rows])
    held = {owners[id] for id in owners.keys() - {row.id for row in rows}}
    for row in rows:
        if row.id in in_doubt:
            held.add(row.document_id)
        elif row.state in _MAY_STOP and _is_free(session, row.id):
            move(row, DeliveryState.SET_ASIDE)
        elif row.state != DeliveryState.SET_ASIDE:
            held.add(row.document_id)
    return held


def _lock_free(session: Session, ids: Iterable[UUID]) -> list[Delivery]:
    statement = select(Delivery).where(is_one_of(Delivery.id, ids)).order_by(Delivery.id)
    return list(session.scalars(statement.with_for_update(skip_locked=True).execution_options(populate_existing=True)))


def _is_free(session: Session, delivery_id: UUID) -> bool:
    return bool(session.scalar(_IS_FREE, {"name": f"delivery:{delivery_id}"}))
