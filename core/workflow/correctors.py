"""Who has corrected usage that is billed: they had a hand in every document that counts it, and in every one that gives
it back or charges it otherwise at the quantity that was measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from types import MappingProxyType
from uuid import UUID

from core.agreements import schedule as schedules
from core.agreements.model import ADJUSTMENT
from core.billing.content import agreement_in
from core.billing.renewing import term_start
from core.db.tables import ScheduleItem
from core.documents.measured import measured
from core.usage.corrections import Corrected, by_people
from core.workflow.context import Context
from core.workflow.metered_once import Reading, charge_of, readings_of

_NONE: Mapping[UUID, datetime] = MappingProxyType({})


def correctors(
    ctx: Context,
    readings: Sequence[Reading],
    terms: Mapping[UUID, date],
    until: Mapping[UUID, datetime] = _NONE,
) -> dict[UUID, tuple[str, ...]]:
    """Ids of people by item. `terms`: of items under a commitment, the first day of its term: what was used since then
    decides what the commitment leaves to them. `until`: when what was measured was settled;
    other items are measured now."""
    made: dict[tuple[str, UUID], list[Corrected]] = defaultdict(list)
    for each in by_people(ctx.session, {reading.customer_id for reading in readings}):
        made[each.meter, each.customer_id].append(each)
    found = {}
    for reading in readings if made else ():
        since = min(terms.get(reading.item_id, reading.span.starts_on), reading.span.starts_on)
        people = [
            str(each.person_id)
            for each in made.get((reading.meter, reading.customer_id), ())
            if each.since < _midnight(reading.span.ends_on)
            and each.until > _midnight(since)
            and each.made_at <= until.get(reading.item_id, each.made_at)
        ]
        if people:
            found[reading.item_id] = tuple(dict.fromkeys(people))
    return found


def correctors_of_billed(ctx: Context, items: Iterable[ScheduleItem]) -> dict[UUID, tuple[str, ...]]:
    """Ids of the people who had corrected what was measured when it was billed, by item: of an item of usage, and of
    an adjustment by the items that it covers. Who corrects it later has changed nothing of that; what is billed again
    counts as it is now, until its draft has gone out."""
    covered = {item.id: _counted(item) for item in items if item.kind in (ADJUSTMENT, "usage")}
    billed = schedules.items(ctx.session, {id for ids in covered.values() for id in ids}) if covered else []
    metered = [item for item in billed if item.kind == "usage"]
    if not metered:
        return {}
    found = _measured_by(ctx, metered)
    return {id: people for id, ids in covered.items() if (people := _together(found.get(each, ()) for each in ids))}


def _counted(item: ScheduleItem) -> list[UUID]:
    return [UUID(id) for id in item.covers] if item.kind == ADJUSTMENT else [item.id]


def _together(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(id for group in groups for id in group))


def _measured_by(ctx: Context, items: Sequence[ScheduleItem]) -> dict[UUID, tuple[str, ...]]:
    """As they were billed: by the terms, for the customer and until the instant of then."""
    kept = schedules.terms(ctx.session, {item.terms_id for item in items if item.terms_id})
    agreed = {id: agreement_in(content) for id, content in kept.items()}
    known = measured(ctx.session, [item.id for item in items])
    readings, terms = [], {}
    for item in items:
        agreement = agreed.get(item.terms_id) if item.terms_id else None
        charge = charge_of(agreement, item) if agreement else None
        if agreement is None or charge is None:
            continue
        readings += readings_of(agreement, charge, item, known[item.id].customer_id)
        if charge.terms.commit_amount is not None:
            terms[item.id] = term_start(agreement, item.period_start)
    return correctors(ctx, readings, terms, {id: each.until for id, each in known.items() if each.until})


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
