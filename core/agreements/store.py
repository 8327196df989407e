"""Rows of contracts and of subscriptions; every write takes a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.canonical import ContractRecord, OrderLineRecord, SubscriptionRecord
from core.db.bulk import insert_rows, is_one_of, upsert_changed
from core.db.tables import Contract, ContractLine, Subscription
from core.kit.ids import id_from

HOUSE = "house"
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
    "billed_by",
    "anchor_day",
    "auto_renews",
    "renewal_months",
    "uplift_percent",
]
_LINE = ["product_code", "quantity", "unit_price", "starts_on", "ends_on", "root_ref", "description", "charge"]
_SUBSCRIPTION = ["contract_number", "customer_ref", "status", "currency", "items"]


def contract_id(source: str, source_ref: str) -> UUID:
    return id_from("contract", source, source_ref)


def save_contracts(session: Session, records: Sequence[ContractRecord], now: datetime) -> set[UUID]:
    """Upserts contracts; answers the ids that are new or changed."""
    rows: dict[UUID, dict[str, Any]] = {
        contract_id(r.source, r.source_ref): {name: getattr(r, name) for name in _CONTRACT}
        | {
            "id": contract_id(r.source, r.source_ref),
            "customer_id": id_from("customer", r.source, r.customer_ref),
            "opportunity_id": id_from("opportunity", r.source, r.opportunity_ref) if r.opportunity_ref else None,
            "updated_at": now,
        }
        for r in records
    }
    if not rows:
        return set()
    compared = (*_CONTRACT, "customer_id", "opportunity_id")
    statement = upsert_changed(Contract, list(rows.values()), "id", compared, ("updated_at",))
    return set(session.scalars(statement.returning(Contract.id)))


def save_lines(session: Session, records: Sequence[OrderLineRecord]) -> set[UUID]:
    """Upserts contract lines; answers the ids of the contracts whose lines changed."""
    rows: dict[str, dict[str, Any]] = {
        r.source_ref: {name: getattr(r, name) for name in _LINE}
        | {
            "id": id_from("contract_line", r.source, r.source_ref),
            "source_ref": r.source_ref,
            "contract_id": contract_id(r.source, r.contract_ref),
            # What is not stated is left out, so that terms that are new to us change no row.
            "charge": r.charge.model_dump(mode="json", exclude_defaults=True),
        }
        for r in records
    }
    if not rows:
        return set()
    statement = upsert_changed(ContractLine, list(rows.values()), "source_ref", _LINE, ("contract_id",))
    return set(session.scalars(statement.returning(ContractLine.contract_id)))


def save_subscriptions(session: Session, records: Sequence[SubscriptionRecord], now: datetime) -> None:
    """Upserts subscriptions as the payment platform runs them."""
    rows = {
        (r.source, r.source_ref): {
            "id": id_from("subscription", r.source, r.source_ref),
            "source": r.source,
            "source_ref": r.source_ref,
            "contract_number": r.contract_number,
            "customer_ref": r.customer_ref,
            "status": r.status,
            "currency": r.currency,
            "items": [item.model_dump(mode="json") for item in r.items],
            "updated_at": now,
        }
        for r in records
    }
    if not rows:
        return
    statement = insert_rows(Subscription, list(rows.values()))
    changed = {name: statement.excluded[name] for name in (*_SUBSCRIPTION, "updated_at")}
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))


def contracts_by_number(session: Session, numbers: Iterable[str]) -> dict[str, Contract]:
    wanted = list({number for number in numbers if number})
    if not wanted:
        return {}
    return {row.number: row for row in session.scalars(select(Contract).where(is_one_of(Contract.number, wanted)))}


def contracts(session: Session, ids: Iterable[UUID], *, is_locked: bool = False) -> dict[UUID, Contract]:
    """Contracts by id. Locked in one order: whoever plans or bills one has it alone until the transaction ends."""
    statement = select(Contract).where(is_one_of(Contract.id, ids)).order_by(Contract.id)
    if is_locked:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return {row.id: row for row in session.scalars(statement)}


def billed_by_house(session: Session, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the contracts that the house bills, once they are more than a draft."""
    is_ours = (Contract.billed_by == HOUSE, Contract.status != "draft")
    return set(session.scalars(select(Contract.id).where(is_one_of(Contract.id, ids), *is_ours)))


def lines_of(session: Session, contract_ids: Iterable[UUID]) -> dict[UUID, list[ContractLine]]:
    """All lines per contract, amendments among them."""
    found: dict[UUID, list[ContractLine]] = defaultdict(list)
    statement = select(ContractLine).where(is_one_of(ContractLine.contract_id, contract_ids))
    for row in session.scalars(statement.execution_options(populate_existing=True)):
        found[row.contract_id].append(row)
    return found


def lines_by_ref(session: Session, refs: Iterable[str]) -> dict[str, ContractLine]:
    """Lines by their id at the source."""
    rows = session.scalars(select(ContractLine).where(is_one_of(ContractLine.source_ref, refs)))
    return {row.source_ref: row for row in rows}


def subscriptions(session: Session, numbers: Iterable[str]) -> list[Subscription]:
    """Subscriptions that name one of these contracts."""
    statement = select(Subscription).where(is_one_of(Subscription.contract_number, list(numbers)))
    return list(session.scalars(statement.order_by(Subscription.contract_number, Subscription.source_ref)))


def ids_after(session: Session, after: UUID | None, limit: int) -> list[UUID]:
    """Contracts that are more than drafts, by id behind `after`."""
    statement = select(Contract.id).where(Contract.status != "draft").order_by(Contract.id).limit(limit)
    if after is not None:
        statement = statement.where(Contract.id > after)
    return list(session.scalars(statement))
