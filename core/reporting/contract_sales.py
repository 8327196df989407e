"""What was sold with a contract: deals and quotes of the CRM, beside the contract's own value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.agreements import sales
from core.agreements import store as agreements
from core.billing.worth import worths
from core.db.tables import Contract, Customer, Opportunity, Quote
from core.kit.errors import NotFound
from core.reporting.invoice_detail import system_name
from core.reporting.paging import Viewer
from core.reporting.receivables import Scope
from core.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Offer:
    """The quote that a deal stands for; `address`: where it is opened in its own system."""

    number: str
    status: str
    total_minor: int | None
    currency: str
    po_number: str | None
    expires_on: date | None
    address: str | None


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity that was won; its amount is over the whole term, net of tax."""

    name: str
    stage: str
    closes_on: date
    amount_minor: int | None
    currency: str
    system: str
    address: str | None
    quote: Offer | None


@dataclass(frozen=True, slots=True)
class ContractWorth:
    """What the contract comes to over its term by its lines, net of tax; in words which lines."""

    words: str
    net_minor: int


@dataclass(frozen=True, slots=True)
class ContractSales:
    """Deals, the first one first, beside the contract."""

    contract: Contract
    deals: tuple[Deal, ...]
    worth: tuple[ContractWorth, ...]


def contract_sales(runtime: Runtime, viewer: Viewer | None, id: UUID) -> ContractSales:
    """Raises NotFound when there is no such contract or its customer belongs to an entity the reader may not see."""
    scope = Scope(None, viewer.entities if viewer else None)
    wanted = select(Contract).outerjoin(Customer, Customer.id == Contract.customer_id)
    with runtime.reading() as session:
        contract = session.scalar(wanted.where(Contract.id == id, scope.holds(Customer.entity)))
        if contract is None:
            raise NotFound("This contract")
        won = sales.won_for(session, [id]).get(id, [])
        quotes = sales.chosen_quotes(session, [row.id for row in won])
        deals = tuple(_deal(row, quotes.get(row.id)) for row in won)
        return ContractSales(contract, deals, _worth(session, contract) if deals else ())


def _worth(session: Session, contract: Contract) -> tuple[ContractWorth, ...]:
    lines = agreements.lines_of(session, [contract.id]).get(contract.id, [])
    return tuple(ContractWorth(each.words, each.net_minor) for each in worths(contract, lines))


def _deal(row: Opportunity, quote: Quote | None) -> Deal:
    return Deal(
        name=row.name,
        stage=row.stage,
        closes_on=row.closes_on,
        amount_minor=row.amount_minor,
        currency=row.currency,
        system=system_name(row.source),
        address=row.address,
        quote=_offer(quote) if quote else None,
    )


def _offer(row: Quote) -> Offer:
    return Offer(
        number=row.number,
        status=row.status,
        total_minor=row.total_minor,
        currency=row.currency,
        po_number=row.po_number,
        expires_on=row.expires_on,
        address=row.address,
    )
