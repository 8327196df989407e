"""The watch over deals: what was won and has no contract after a while is money that nobody bills."""

from __future__ import annotations

from datetime import timedelta

from core.agreements import sales
from core.audit.model import Note
from core.cases import store as cases
from core.cases.model import CaseState, NewCase
from core.db.tables import Case
from core.kit.words import counted
from core.parties import store as parties
from core.validation.model import TYPES
from core.workflow.billing_commands import WatchSales
from core.workflow.context import Context, Outcome
from core.workflow.deciding import raise_cases
from core.workflow.drifting import BACK
from core.workflow.uncontracted import CODE, close_settled, is_worth_nothing, uncontracted_case


def watch_sales(command: WatchSales, ctx: Context) -> Outcome:
    """Answers `n` exceptions that are new, `settled` ones, and `last`, the deal to go on behind (None = done)."""
    settled = close_settled(ctx) if command.after is None else 0
    today = ctx.now.date()
    days = (today - BACK, today - timedelta(days=command.patience_days + 1))
    rows = sales.won_between(ctx.session, days, command.after, command.limit)
    quotes = sales.chosen_quotes(ctx.session, [row.id for row in rows])
    customers = parties.customers(ctx.session, {row.customer_id for row in rows if row.customer_id})
    found = [
        uncontracted_case(ctx, row, quotes.get(row.id), customers.get(row.customer_id) if row.customer_id else None)
        for row in rows
        if not is_worth_nothing(row, quotes.get(row.id))
    ]
    opened = raise_cases(ctx, _fresh(ctx, found))
    last = None if len(rows) < command.limit else [rows[-1].closes_on.isoformat(), str(rows[-1].id)]
    result = {"n": len(opened), "settled": settled, "last": last}
    sentence = f"Looked for the contracts of what was sold: {counted(len(opened), 'new deal')} without one."
    return Outcome(result, (Note(sentence, None, {"settled": settled}),) if opened or settled else ())


def _fresh(ctx: Context, found: list[NewCase]) -> list[NewCase]:
    """What is not told yet. Open ones are brought up to date; what was accepted at this amount stays accepted."""
    known = cases.of_cause(ctx.session, [case.cause for case in found], TYPES[CODE])
    now = {case.key: case for case in found}
    for row in known:
        if row.state == CaseState.OPEN:
            _update(row, now[row.key])
    told = {row.key for row in known if row.state == CaseState.OPEN}
    accepted = {(row.key, row.amount_minor) for row in known if row.state == CaseState.WAIVED}
    return [case for case in found if case.key not in told and (case.key, case.amount_minor) not in accepted]


def _update(row: Case, case: NewCase) -> None:
    if (row.sentence, row.amount_minor) != (case.sentence, case.amount_minor):
        row.sentence, row.amount_minor, row.stake_minor = case.sentence, case.amount_minor, case.stake_minor
        row.revision += 1
