"""Rows of the history of contracts: added, never changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.agreements.model import Change
from core.db.bulk import insert_rows, is_one_of
from core.db.tables import ContractChange
from core.kit.ids import id_from


def keep_changes(session: Session, changes: Iterable[Change], actor: str, now: datetime) -> int:
    """Adds steps that are not known yet; answers how many."""
    rows = {row["id"]: row for row in (_row(change, actor, now) for change in changes)}
    if not rows:
        return 0
    statement = insert_rows(ContractChange, list(rows.values())).on_conflict_do_nothing()
    return len(session.scalars(statement.returning(ContractChange.id)).all())


def _row(change: Change, actor: str, now: datetime) -> dict[str, object]:
    return {
        "id": id_from("contract_change", str(change.contract_id), change.kind, change.about),
        "contract_id": change.contract_id,
        "kind": change.kind,
        "effective_on": change.effective_on,
        "recorded_at": now,
        "actor": actor,
        "sentence": change.sentence,
        "before": to_jsonable_python(dict(change.before)),
        "after": to_jsonable_python(dict(change.after)),
    }


def changes_of(session: Session, contract_ids: Iterable[UUID]) -> list[ContractChange]:
    """The history of these contracts by the day from which each step holds."""
    statement = select(ContractChange).where(is_one_of(ContractChange.contract_id, contract_ids))
    return list(session.scalars(statement.order_by(ContractChange.effective_on, ContractChange.recorded_at)))
