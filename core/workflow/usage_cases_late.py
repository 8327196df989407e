"""Usage that came after its period was billed: what came to nothing is billed yet, of the rest somebody is told.

What is late is what is measured now beyond what was measured when the period was billed, so that looking twice finds
the same, and nothing once it has been billed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select, text

from core.agreements import schedule as schedules
from core.cases import store as cases
from core.cases.model import CaseState, NewCase
from core.db.bulk import is_one_of
from core.db.tables import Case, ScheduleItem
from core.kit.money import format_minor
from core.usage import charged
from core.usage.charged import ChargedPeriod
from core.usage.model import EventRow
from core.workflow import usage_cases, usage_money
from core.workflow.context import Context
from core.workflow.scheduling import horizon, plan
from core.workflow.usage_batch import Batch

PeriodKey = tuple[UUID, str, date]
Come = Mapping[PeriodKey, Sequence[EventRow]]
CODE, CORRECTED = "usage.after_billing", "usage.corrected_after_billing"
_NOTHING = Decimal(0)
_IS_OPEN = text("state = 'open'")


def look_after(ctx: Context, periods: Iterable[ChargedPeriod], come: Come = MappingProxyType({})) -> list[UUID]:
    """The periods with their usage by now; `come`: the events that have just come, by key of the period. Answers the
    exceptions that are new."""
    every = list(periods)
    reopen(ctx, every)
    billed = [period for period in every if period.is_billed]
    _close(ctx, [_key(period) for period in billed if _late(period, come) == 0], "Nothing of it is left to bill")
    found = _cases(ctx, [period for period in billed if _late(period, come) != 0], come)
    let_go = _waived(ctx, found)
    wanted = {case.key: case for case in found if let_go.get(case.key) != case.evidence["quantity"]}
    _bring_up(ctx, wanted)
    return usage_cases.open_all(ctx, wanted.values())


def look_at_items(ctx: Context, item_ids: Collection[UUID]) -> None:
    """Schedule items that are billed by another document than before."""
    look_after(ctx, charged.with_use(ctx.session, charged.periods_of(ctx.session, item_ids)))


def come_to(batch: Batch) -> dict[PeriodKey, list[EventRow]]:
    """The new events of a batch by the periods that they fall into."""
    found: dict[PeriodKey, list[EventRow]] = defaultdict(list)
    for row in batch.fresh:
        for period in batch.periods_of(row):
            found[period.key].append(row)
    return found


def reopen(ctx: Context, periods: Iterable[ChargedPeriod]) -> None:
    """What came to nothing, and has been used otherwise since, is to be billed after all."""
    items = [each.item_id for each in periods if each.is_closed_at_nothing and each.item_id and _late(each)]
    if items:
        contracts = schedules.reopen_items(ctx.session, items)
        plan(ctx, sorted(contracts), horizon(ctx.now.date()))


def close_after_billing(ctx: Context, items: Iterable[ScheduleItem]) -> None:
    """All that was used of them by now is on an invoice."""
    subjects = {f"{item.contract_id}:{item.charge_key}:{item.period_start}" for item in items}
    if subjects:
        _close(ctx, [*(f"{CODE}:{each}" for each in subjects), *_corrections_of(ctx, subjects)], "Billed since")


def _corrections_of(ctx: Context, subjects: Collection[str]) -> list[str]:
    """Keys of the exceptions that tell corrections of these periods."""
    found = ctx.session.scalars(select(Case.key).where(_IS_OPEN, Case.code == CORRECTED))
    return [key for key in found if key.removeprefix(f"{CORRECTED}:").rpartition(":")[0] in subjects]


def _close(ctx: Context, keys: Sequence[str], resolution: str) -> None:
    found = cases.open_keys(ctx.session, keys) if keys else []
    if found:
        cases.close_by(ctx.session, is_one_of(Case.key, found), resolution, ctx.actor.label, ctx.now)


def _key(period: ChargedPeriod) -> str:
    return _key_of(period.contract_id, period.charge_key, period.period_start)


def _key_of(contract_id: UUID, charge_key: str, day: date) -> str:
    return f"{CODE}:{contract_id}:{charge_key}:{day}"


def _late(period: ChargedPeriod, come: Come = MappingProxyType({})) -> Decimal:
    """Of what was billed before that was kept, only what has just come can be told."""
    if period.known is None and period.is_billed:
        return sum((row.value for row in come.get(period.key, ())), _NOTHING)
    return period.used - (period.known or _NOTHING)


def _cases(ctx: Context, periods: Sequence[ChargedPeriod], come: Come) -> list[NewCase]:
    before = [replace(period, used=period.used - _late(period, come)) for period in periods]
    effects = usage_money.effects(ctx, before, periods) if periods else {}
    return [_case(ctx, period, effects.get(period.key), come) for period in periods]


def _case(ctx: Context, period: ChargedPeriod, effect_minor: int | None, come: Come) -> NewCase:
    quantity = f"{_late(period, come).normalize():,f}"
    worth = "" if effect_minor is None else f", {period.currency} {format_minor(effect_minor, period.currency)} net"
    span = usage_cases.month_of(period)
    sentence = (
        f"Usage of “{period.meter}” came after {span} of contract {period.contract_number} was billed: "
        f"{quantity}{worth}. It is on no invoice."
    )
    events = usage_cases.ids_of(come.get(period.key, ()))
    evidence = {"contract": period.contract_number, "period": span, "quantity": quantity, "events": events}
    case = usage_cases.after_billing(period, sentence, evidence)
    stake = ctx.in_reporting(abs(effect_minor or 0), period.currency)
    return replace(case, amount_minor=effect_minor, currency=period.currency, stake_minor=stake)


def _waived(ctx: Context, found: Sequence[NewCase]) -> dict[str, str]:
    """The quantity that a person has let go last, by key: it is not asked for again."""
    if not found:
        return {}
    statement = select(Case.key, Case.evidence["quantity"].astext).where(
        is_one_of(Case.customer_id, {case.customer_id for case in found}),
        is_one_of(Case.key, [case.key for case in found]),
        Case.state == CaseState.WAIVED,
    )
    return {row[0]: row[1] for row in ctx.session.execute(statement.order_by(Case.closed_at))}


def _bring_up(ctx: Context, wanted: Mapping[str, NewCase]) -> None:
    """Exceptions that are open tell all that has come since."""
    if not wanted:
        return
    statement = select(Case).where(is_one_of(Case.key, list(wanted)), _IS_OPEN).order_by(Case.key).with_for_update()
    for row in ctx.session.scalars(statement):
        case = wanted[row.key]
        if row.evidence.get("quantity") == case.evidence["quantity"]:
            continue
        known = list(row.evidence.get("events", []))
        more = [each for each in case.evidence["events"] if each not in known]
        row.evidence = dict(case.evidence) | {"events": (known + more)[: usage_cases.SHOWN]}
        row.sentence, row.amount_minor, row.stake_minor = case.sentence, case.amount_minor, case.stake_minor
        row.revision += 1
