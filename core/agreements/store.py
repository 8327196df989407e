"""Rows of contracts; every write takes a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.canonical import ContractRecord, OrderLineRecord
from core.db.bulk import is_one_of, upsert_changed
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
    rows: dict[UUID, dict[str, Any]] = {
        contract_id(r.source, r.source_ref): {name: getattr(r, name) for name in _CONTRACT}
        | {
            "id": contract_id(r.source, r.source_ref),
            "customer_id": id_from("customer", r.source, r.customer_ref),
            "updated_at": now,
        }
        for r in records
    }
    if not rows:
        return set()
    statement = upsert_changed(Contract, list(rows.values()), "id", _CONTRACT, ("customer_id", "updated_at"))
    return set(session.scalars(statement.returning(Contract.id)))


def save_lines(session: Session, records: Sequence[OrderLineRecord]) -> set[UUID]:
    """Upserts contract lines; answers the ids of the contracts whose lines changed."""
    rows: dict[str, dict[str, Any]] = {
        r.source_ref: {name: getattr(r, name) for name in _LINE}
        | {
            "id": id_from("contract_line", r.source, r.source_ref),
            "source_ref": r.source_ref,
            "contract_id": contract_id(r.source, r.contract_ref),
        }
        for r in records
    }
    if not rows:
        return set()
    statement = upsert_changed(ContractLine, list(rows.values()), "source_ref", _LINE, ("contract_id",))
    return set(session.scalars(statement.returning(ContractLine.contract_id)))


def contracts_by_number(session: Session, numbers: Iterable[str]) -> dict[str, Contract]:
    wanted = list({number for number in numbers if number})
    if not wanted:
        return {}
    return {row.number: row for row in session.scalars(select(Contract).where(is_one_of(Contract.number, wanted)))}


def lines_of(session: Session, contract_ids: Iterable[UUID]) -> dict[UUID, list[ContractLine]]:
    """All lines per contract, amendments among them."""
    found: dict[UUID, list[ContractLine]] = defaultdict(list)
    for row in session.scalars(select(ContractLine).where(is_one_of(ContractLine.contract_id, contract_ids))):
        found[row.contract_id].append(row)
    return found
