"""Who has corrected usage that is billed: they had a hand in every document that counts it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID

from core.usage.corrections import Corrected, by_people
from core.workflow.context import Context
from core.workflow.metered_once import Reading


def correctors(ctx: Context, readings: Sequence[Reading], terms: Mapping[UUID, date]) -> dict[UUID, tuple[str, ...]]:
    """Ids of people by item. `terms`: of items under a commitment, the first day of its term: what was used since then
    decides what the commitment leaves to them."""
    made: dict[tuple[str, UUID], list[Corrected]] = defaultdict(list)
    for each in by_people(ctx.session, {reading.customer_id for reading in readings}):
        made[each.meter, each.customer_id].append(each)
    found = {}
    for reading in readings if made else ():
        since = min(terms.get(reading.item_id, reading.span.starts_on), reading.span.starts_on)
        people = [
            str(each.person_id)
            for each in made.get((reading.meter, reading.customer_id), ())
            if each.since < _midnight(reading.span.ends_on) and each.until > _midnight(since)
        ]
        if people:
            found[reading.item_id] = tuple(dict.fromkeys(people))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
