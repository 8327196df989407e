"""Deliveries of which an attempt may have arrived, though nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.db.bulk import is_one_of
from core.db.tables import DeliveryAttempt

# Outcomes of an attempt after which the system holds nothing.
NOTHING_HAPPENED = ("retry", "refused", "misconfigured")


def doubtful(session: Session, delivery_ids: Iterable[UUID]) -> set[UUID]:
    """Those with an attempt of which nobody knows that nothing came of it."""
    unsettled = or_(DeliveryAttempt.outcome.is_(None), DeliveryAttempt.outcome.not_in(NOTHING_HAPPENED))
    attempted = select(DeliveryAttempt.delivery_id).where(is_one_of(DeliveryAttempt.delivery_id, delivery_ids))
    return set(session.scalars(attempted.where(unsettled).distinct()))
