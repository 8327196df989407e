"""What commitments have paid: the lines against usage on documents of the house."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from core.db.bulk import is_one_of
from core.db.tables import Document, DocumentLine, ScheduleItem
from core.documents.model import DocumentState

_MEMO, _GIVEN = aliased(Document), aliased(DocumentLine)


def drawn(
    session: Session, charges: Iterable[tuple[UUID, str]], besides: Iterable[UUID] = ()
) -> dict[tuple[UUID, str], list[tuple[date, int]]]:
    """What commitments have paid so far, per contract and charge, by the first day of the period: the lines against its
    usage that count less what credit memos have given back of them, those of the documents `besides` left out."""
    wanted = set(charges)
    returned = (
        select(func.coalesce(func.sum(_GIVEN.amount_minor - _GIVEN.discount_minor), 0))
        .join(_MEMO, _MEMO.id == _GIVEN.document_id)
        .where(_MEMO.corrects_id == Document.id, _MEMO.kind == "credit_memo", _MEMO.is_issued)
        .where(_MEMO.state != DocumentState.VOID, _GIVEN.corrects_position == DocumentLine.position)
        .scalar_subquery()
    )
    statement = (
        select(
            ScheduleItem.contract_id,
            ScheduleItem.charge_key,
            ScheduleItem.period_start,
            func.sum(returned - DocumentLine.amount_minor),
        )
        .join(DocumentLine, DocumentLine.document_id == ScheduleItem.document_id)
        .join(Document, Document.id == ScheduleItem.document_id)
        .where(
            is_one_of(ScheduleItem.contract_id, {contract for contract, _ in wanted}),
            ScheduleItem.kind == "usage",
            ScheduleItem.state == "billed",
            DocumentLine.schedule_item_id == ScheduleItem.id,
            DocumentLine.amount_minor < 0,
            Document.state != DocumentState.VOID,
            ~is_one_of(Document.id, list(besides)),
        )
        .group_by(ScheduleItem.contract_id, ScheduleItem.charge_key, ScheduleItem.period_start)
    )
    found: dict[tuple[UUID, str], list[tuple[date, int]]] = defaultdict(list)
    for contract, charge, day, minor in session.execute(statement):
        if (contract, charge) in wanted:
            found[contract, charge].append((day, int(minor)))
    return found


def drawn_by(session: Session, document_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What commitments pay on these drafts, per schedule item, whatever became of the items."""
    statement = (
        select(DocumentLine.schedule_item_id, func.sum(-DocumentLine.amount_minor))
        .join(ScheduleItem, ScheduleItem.id == DocumentLine.schedule_item_id)
        .where(
            is_one_of(DocumentLine.document_id, list(document_ids)),
            ScheduleItem.kind == "usage",
            DocumentLine.amount_minor < 0,
        )
        .group_by(DocumentLine.schedule_item_id)
    )
    return {id: int(minor) for id, minor in session.execute(statement).tuples() if id is not None}
