"""For whom and until when usage was measured that documents bill."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.db.bulk import is_one_of
from core.db.tables import Contract, Document, ScheduleItem


@dataclass(frozen=True, slots=True)
class Measured:
    """`until`: when the quantity was settled; None as long as it may change, as on a draft."""

    customer_id: UUID | None
    until: datetime | None


def measured(session: Session, item_ids: Iterable[UUID]) -> dict[UUID, Measured]:
    """By schedule item. What came to nothing has no document: it was settled when it was closed."""
    settled = case((ScheduleItem.document_id.is_(None), ScheduleItem.closed_at), else_=Document.released_at)
    statement = (
        select(ScheduleItem.id, func.coalesce(Document.customer_id, Contract.customer_id), settled)
        .join(Contract, Contract.id == ScheduleItem.contract_id)
        .outerjoin(Document, Document.id == ScheduleItem.document_id)
        .where(is_one_of(ScheduleItem.id, item_ids))
    )
    return {id: Measured(customer_id, until) for id, customer_id, until in session.execute(statement).tuples()}
