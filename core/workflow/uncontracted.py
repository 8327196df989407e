"""Deals that were won and that nobody bills, because no contract came of them: one exception each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from core.agreements import sales
from core.cases import store as cases
from core.cases.model import CaseState, NewCase
from core.db.tables import Case, Customer, Opportunity, Quote
from core.documents import store as documents
from core.kit.money import format_minor
from core.kit.words import day_in_words
from core.validation.model import TYPES
from core.workflow.context import Context
from core.workflow.deciding import case_key

CODE = "sale.uncontracted"


def uncontracted_case(ctx: Context, row: Opportunity, quote: Quote | None, customer: Customer | None) -> NewCase:
    """`quote`: the one that the deal stands for; its total counts where the deal states no amount."""
    code = "sale.uncontracted"
    minor, currency = _money(row, quote)
    amount = f" for {currency} {format_minor(minor, currency)}" if minor is not None else ""
    told = f"“{row.name}” was won on {day_in_words(row.closes_on)}{amount}"
    return NewCase(
        key=case_key(code, row.id),
        code=code,
        type=TYPES[code],
        cause=case_key(code, row.id),
        sentence=f"{told}, but no contract in force belongs to it: nobody bills it.",
        evidence=_evidence(row, quote),
        customer_id=customer.id if customer else None,
        entity=customer.entity if customer else None,
        stake_minor=ctx.in_reporting(minor or 0, currency),
        amount_minor=minor,
        currency=currency,
        is_blocking=False,
    )


def is_worth_nothing(row: Opportunity, quote: Quote | None) -> bool:
    """A pilot for free, or a deal that takes something away: there is nothing to bill."""
    minor = _money(row, quote)[0]
    return minor is not None and minor <= 0


def _money(row: Opportunity, quote: Quote | None) -> tuple[int | None, str]:
    if row.amount_minor is None and quote is not None:
        return quote.total_minor, quote.currency
    return row.amount_minor, row.currency


def _evidence(row: Opportunity, quote: Quote | None) -> Mapping[str, object]:
    return {
        "opportunity": row.name,
        "stage": row.stage,
        "won_on": day_in_words(row.closes_on),
        "quote": quote.number if quote else None,
        "purchase_order": quote.po_number if quote else None,
        "source_address": row.address,
    }


def close_contracted(ctx: Context, opportunity_ids: Iterable[UUID], contract_ids: Iterable[UUID]) -> int:
    """Closes the exceptions of deals whose contract has come, or that are no longer won; answers how many."""
    ids = set(opportunity_ids)
    contracts = list(contract_ids)
    if contracts:
        ids |= sales.concerned_by(ctx.session, contracts)
    if not ids:
        return 0
    keys = {case_key(CODE, id): id for id in ids}
    open_keys = cases.open_keys(ctx.session, keys)
    if not open_keys:
        return 0
    waiting = sales.without_contract(ctx.session, [keys[key] for key in open_keys])
    gone = [key for key in open_keys if keys[key] not in waiting]
    return _close(ctx, cases.of_cause(ctx.session, gone, TYPES[CODE])) if gone else 0


def close_settled(ctx: Context) -> int:
    """As `close_contracted`, for all that are open."""
    rows = {UUID(row.key.removeprefix(f"{CODE}:")): row for row in cases.open_of_code(ctx.session, CODE)}
    waiting = sales.without_contract(ctx.session, rows)
    return _close(ctx, [row for id, row in rows.items() if id not in waiting])


def _close(ctx: Context, found: Iterable[Case]) -> int:
    rows = [row for row in found if row.state == CaseState.OPEN]
    by = ctx.actor.label
    cases.close(rows, CaseState.RESOLVED, "Its contract has come, or it is no longer won", by, ctx.now)
    documents.leave_transitions(ctx.session, "case", [(row.id, "open", "resolved") for row in rows], ctx.now, by)
    ctx.session.flush()
    return len(rows)
