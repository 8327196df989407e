"""Rows of contracts; every write takes a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from core.canonical import ContractRecord, OrderLineRecord
from core.db.tables import Contract, ContractLine
from core.kit.ids import id_from

_CONTRACT = [
    "number",
    "status",
    "starts_on",
    "ends_on",
    "currency",
    "po_number",
    "terms_days",
    "discount_percent",
    "discount_ends_on",
    "billing_frequency",
]
_LINE = ["product_code", "quantity", "unit_price", "starts_on", "ends_on"]


def contract_id(source: str, source_ref: str) -> UUID:
    return id_from("contract", source, source_ref)


def save_contracts(session: Session, records: Sequence[ContractRecord], now: datetime) -> set[UUID]:
    """Upserts contracts; answers the ids that are new or changed."""
    fresh = {contract_id(r.source, r.source_ref): r for r in records}
    known = {row.id: row for row in session.scalars(select(Contract).where(Contract.id.in_(list(fresh))))}
    changed = {id for id, r in fresh.items() if id not in known or _differs(known[id], r, _CONTRACT)}
    rows: list[dict[str, Any]] = [
        {name: getattr(fresh[id], name) for name in _CONTRACT}
        | {
            "id": id,
            "customer_id": id_from("customer", fresh[id].source, fresh[id].customer_ref),
            "updated_at": now,
            "revision": 1,
        }
        for id in changed
    ]
    if rows:
        statement = pg_insert(Contract)
        updates: dict[str, Any] = {name: statement.excluded[name] for name in (*_CONTRACT, "customer_id", "updated_at")}
        updates["revision"] = Contract.revision + 1
        session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=updates), rows)
    return changed


def save_lines(session: Session, records: Sequence[OrderLineRecord]) -> set[UUID]:
    """Upserts contract lines; answers the ids of the contracts whose lines changed."""
    fresh = {r.source_ref: r for r in records}
    statement = select(ContractLine).where(ContractLine.source_ref.in_(list(fresh)))
    known = {row.source_ref: row for row in session.scalars(statement)}
    changed = [r for ref, r in fresh.items() if ref not in known or _differs(known[ref], r, _LINE)]
    rows: list[dict[str, Any]] = [
        {name: getattr(r, name) for name in _LINE}
        | {
            "id": id_from("contract_line", r.source, r.source_ref),
            "source_ref": r.source_ref,
            "contract_id": contract_id(r.source, r.contract_ref),
        }
        for r in changed
    ]
    if rows:
        insert = pg_insert(ContractLine)
        updates = {name: insert.excluded[name] for name in (*_LINE, "contract_id")}
        session.execute(insert.on_conflict_do_update(index_elements=["source_ref"], set_=updates), rows)
    return {contract_id(r.source, r.contract_ref) for r in changed}


def _differs(row: Any, record: Any, names: Iterable[str]) -> bool:
    return any(getattr(row, name) != getattr(record, name) for name in names)


def contracts_by_number(session: Session, numbers: Iterable[str]) -> dict[str, Contract]:
    wanted = list({number for number in numbers if number})
    if not wanted:
        return {}
    return {row.number: row for row in session.scalars(select(Contract).where(Contract.number.in_(wanted)))}


def lines_of(session: Session, contract_ids: Iterable[UUID]) -> dict[UUID, list[ContractLine]]:
    """All lines per contract, amendments among them."""
    found: dict[UUID, list[ContractLine]] = defaultdict(list)
    for row in session.scalars(select(ContractLine).where(ContractLine.contract_id.in_(list(contract_ids)))):
        found[row.contract_id].append(row)
    return found
