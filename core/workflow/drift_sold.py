"""What was sold with contracts that are in force: their deals and quotes, beside what their lines come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from core.agreements import sales as rows
from core.billing.worth import worths
from core.db.tables import Opportunity, Quote
from core.validation.model import Tolerance
from core.validation.sold import Sale, SoldSide, Value
from core.workflow.agreed import Agreed
from core.workflow.context import Context
from core.workflow.gathering import tolerances


def sold_sides(ctx: Context, agreed: Iterable[Agreed]) -> dict[UUID, SoldSide]:
    """Of contracts in force that can be billed: the others are settled business, or have an exception of their own."""
    code = "drift.sold"
    running = {each.contract.id: each for each in agreed if each.contract.status == "active" and each.agreement}
    won = rows.won_for(ctx.session, running)
    if not won:
        return {}
    quotes = rows.chosen_quotes(ctx.session, {row.id for found in won.values() for row in found})
    tolerance = tolerances(ctx)(code)
    return {id: _side(running[id], found, quotes, tolerance) for id, found in won.items()}


def _side(agreed: Agreed, won: Iterable[Opportunity], quotes: Mapping[UUID, Quote], tolerance: Tolerance) -> SoldSide:
    sales = tuple(sale_of(row, quotes.get(row.id)) for row in won)
    return SoldSide(agreed.contract.starts_on, sales, _Values(agreed), tolerance, _has_usage(agreed))


def _has_usage(agreed: Agreed) -> bool:
    """Also where a quantity of 0 says that usage decides."""
    charges = agreed.agreement.charges if agreed.agreement else ()
    return any(charge.terms.kind == "usage" or not any(step.quantity for step in charge.steps) for charge in charges)


class _Values:
    """What the contract comes to; nothing is rated that nobody asks for."""

    def __init__(self, agreed: Agreed) -> None:
        self._agreed = agreed

    def __iter__(self) -> Iterator[Value]:
        found = worths(self._agreed.contract, self._agreed.lines)
        return (Value(each.words, each.net_minor) for each in found)


def sale_of(row: Opportunity, quote: Quote | None) -> Sale:
    return Sale(
        name=row.name,
        closes_on=row.closes_on,
        currency=row.currency,
        amount_minor=row.amount_minor,
        quote_number=quote.number if quote else None,
        quote_currency=quote.currency if quote else None,
        quote_minor=quote.total_minor if quote else None,
    )
