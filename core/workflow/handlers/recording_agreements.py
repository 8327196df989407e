"""Contracts, their lines and subscriptions are kept with their history; schedules follow in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.agreements import changes, history, sales
from core.agreements import store as agreements
from core.agreements.model import Change
from core.db.tables import Contract, ContractLine
from core.usage import store as usage
from core.workflow import usage_cases
from core.workflow.commands import RecordFacts
from core.workflow.context import Context
from core.workflow.scheduling import horizon, plan
from core.workflow.uncontracted import close_contracted

Facts = Mapping[str, Any]
_CONTRACT = [column.key for column in Contract.__table__.columns]


@dataclass(frozen=True, slots=True)
class _Before:
    """Rows as they stood before the batch."""

    contracts: Mapping[UUID, Facts]
    lines: Mapping[str, Facts]


def record_agreements(ctx: Context, command: RecordFacts) -> set[UUID]:
    """Answers the ids of the contracts that are new or changed, by themselves or by their lines."""
    _record_meters(ctx, command)
    agreements.save_subscriptions(ctx.session, command.subscriptions, ctx.now)
    sold = sales.save_opportunities(ctx.session, command.opportunities, ctx.now)
    sales.save_quotes(ctx.session, command.quotes, ctx.now)
    changed = _record_contracts(ctx, command)
    if not command.is_backfill:
        close_contracted(ctx, sold, changed if command.contracts else ())
    return changed


def _record_meters(ctx: Context, command: RecordFacts) -> None:
    if command.meters:
        usage.save_meters(ctx.session, command.meters, ctx.now)
        usage_cases.close_without_meter(ctx, sorted({each.code for each in command.meters}))


def _record_contracts(ctx: Context, command: RecordFacts) -> set[UUID]:
    if not (command.contracts or command.order_lines):
        return set()
    before = _before(ctx, command)
    changed = agreements.save_contracts(ctx.session, command.contracts, ctx.now)
    touched = agreements.save_lines(ctx.session, command.order_lines)
    _keep_history(ctx, before, changed, touched)
    plan(ctx, changed | touched, horizon(ctx.now.date()))
    return changed | touched


def _before(ctx: Context, command: RecordFacts) -> _Before:
    ids = [agreements.contract_id(each.source, each.source_ref) for each in command.contracts]
    rows = agreements.contracts(ctx.session, ids) if ids else {}
    refs = [each.source_ref for each in command.order_lines]
    lines = agreements.lines_by_ref(ctx.session, refs) if refs else {}
    before = _Before(
        {id: _facts(row) for id, row in rows.items()},
        {ref: history.line_facts(row) for ref, row in lines.items()},
    )
    # The batch writes past the session: nothing of it may answer from before.
    ctx.session.expire_all()
    return before


def _facts(row: Contract) -> Facts:
    return {name: getattr(row, name) for name in _CONTRACT}


def _keep_history(ctx: Context, before: _Before, changed: set[UUID], touched: set[UUID]) -> None:
    rows = agreements.contracts(ctx.session, changed | touched)
    lines = agreements.lines_of(ctx.session, changed | touched)
    found: list[Change] = []
    for id, row in rows.items():
        if id in changed:
            found += history.contract_changes(id, before.contracts.get(id), _facts(row), ctx.now.date())
        found += history.amendments(row.starts_on, lines.get(id, []))
    found += _line_changes(ctx, before, [line for id in touched for line in lines.get(id, [])])
    changes.keep_changes(ctx.session, found, ctx.actor.label, ctx.now)


def _line_changes(ctx: Context, before: _Before, lines: list[ContractLine]) -> Iterator[Change]:
    for line in lines:
        old = before.lines.get(line.source_ref)
        change = history.line_change(line, old, ctx.now.date()) if old is not None else None
        if change is not None:
            yield change
