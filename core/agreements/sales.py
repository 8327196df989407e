"""Rows of what was sold: opportunities and quotes. Every write takes a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from core.agreements.store import contract_id
from core.canonical import OpportunityRecord, QuoteRecord
from core.db.bulk import is_one_of, upsert_changed
from core.db.tables import Contract, Opportunity, Quote
from core.kit.ids import id_from

_OPPORTUNITY = ["name", "stage", "is_won", "closes_on", "currency", "amount_minor", "address"]
_QUOTE = ["number", "status", "is_chosen", "currency", "total_minor", "po_number", "expires_on", "address"]


def opportunity_id(source: str, source_ref: str) -> UUID:
    return id_from("opportunity", source, source_ref)


def save_opportunities(session: Session, records: Sequence[OpportunityRecord], now: datetime) -> set[UUID]:
    """Upserts opportunities; answers the ids that are new or changed."""
    rows: dict[UUID, dict[str, Any]] = {
        opportunity_id(r.source, r.source_ref): {name: getattr(r, name) for name in _OPPORTUNITY}
        | {
            "id": opportunity_id(r.source, r.source_ref),
            "source": r.source,
            "source_ref": r.source_ref,
            "customer_id": id_from("customer", r.source, r.customer_ref) if r.customer_ref else None,
            "contract_id": contract_id(r.source, r.contract_ref) if r.contract_ref else None,
            "updated_at": now,
        }
        for r in records
    }
    if not rows:
        return set()
    compared = (*_OPPORTUNITY, "customer_id", "contract_id")
    statement = upsert_changed(Opportunity, list(rows.values()), "id", compared, ("updated_at",))
    return set(session.scalars(statement.returning(Opportunity.id)))


def save_quotes(session: Session, records: Sequence[QuoteRecord], now: datetime) -> None:
    """Upserts quotes."""
    rows: dict[UUID, dict[str, Any]] = {
        id_from("quote", r.source, r.source_ref): {name: getattr(r, name) for name in _QUOTE}
        | {
            "id": id_from("quote", r.source, r.source_ref),
            "source": r.source,
            "source_ref": r.source_ref,
            "opportunity_id": opportunity_id(r.source, r.opportunity_ref),
            "updated_at": now,
        }
        for r in records
    }
    if rows:
        compared = (*_QUOTE, "opportunity_id")
        session.execute(upsert_changed(Quote, list(rows.values()), "id", compared, ("updated_at",)))


def won_for(session: Session, contract_ids: Iterable[UUID]) -> dict[UUID, list[Opportunity]]:
    """The deals that were won per contract, the first one first. Whichever of the two names the other."""
    found: dict[UUID, dict[UUID, Opportunity]] = defaultdict(dict)
    ids = list(contract_ids)
    named = select(Opportunity.contract_id, Opportunity).where(is_one_of(Opportunity.contract_id, ids))
    naming = (
        select(Contract.id, Opportunity)
        .join(Opportunity, Opportunity.id == Contract.opportunity_id)
        .where(is_one_of(Contract.id, ids), Contract.opportunity_id.is_not(None))
    )
    for statement in (named, naming):
        for contract, row in session.execute(statement.where(Opportunity.is_won)).tuples():
            if contract is not None:
                found[contract][row.id] = row
    return {id: sorted(rows.values(), key=lambda row: (row.closes_on, row.id)) for id, rows in found.items()}


def chosen_quotes(session: Session, opportunity_ids: Iterable[UUID]) -> dict[UUID, Quote]:
    """The quote that each of these opportunities stands for; of several, the one with the last number."""
    statement = select(Quote).where(is_one_of(Quote.opportunity_id, opportunity_ids), Quote.is_chosen)
    return {row.opportunity_id: row for row in session.scalars(statement.order_by(Quote.number, Quote.id))}


def won_between(
    session: Session, days: tuple[date, date], after: tuple[date, UUID] | None, limit: int
) -> list[Opportunity]:
    """Deals won on or between these days that no contract in force belongs to, by day and id behind `after`."""
    first, last = days
    wanted = [Opportunity.is_won, Opportunity.closes_on.between(first, last), ~_has_contract()]
    if after is not None:
        day, id = after
        wanted.append(or_(Opportunity.closes_on > day, and_(Opportunity.closes_on == day, Opportunity.id > id)))
    statement = select(Opportunity).where(*wanted).order_by(Opportunity.closes_on, Opportunity.id).limit(limit)
    return list(session.scalars(statement))


def without_contract(session: Session, opportunity_ids: Iterable[UUID]) -> dict[UUID, Opportunity]:
    """Those of these deals that are won and that no contract in force belongs to."""
    wanted = (is_one_of(Opportunity.id, opportunity_ids), Opportunity.is_won, ~_has_contract())
    return {row.id: row for row in session.scalars(select(Opportunity).where(*wanted))}


def concerned_by(session: Session, contract_ids: Iterable[UUID]) -> set[UUID]:
    """The opportunities that these contracts belong to."""
    ids = list(contract_ids)
    named = select(Opportunity.id).where(is_one_of(Opportunity.contract_id, ids))
    naming = select(Contract.opportunity_id).where(is_one_of(Contract.id, ids), Contract.opportunity_id.is_not(None))
    return {id for id in session.scalars(named.union(naming)) if id is not None}


def _has_contract() -> ColumnElement[bool]:
    """A draft bills nothing and does not count."""
    in_force = Contract.status != "draft"
    return or_(
        exists().where(Contract.id == Opportunity.contract_id, in_force),
        exists().where(Contract.opportunity_id == Opportunity.id, in_force),
    )
