"""A batch of usage events on its way into the store: what is refused, what is kept, what its sender should know."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.canonical import UsageRecord
from core.usage import rules, store
from core.usage.charged import ChargedPeriod, charged_periods, with_use
from core.usage.model import EventRow, EventState, KeyScope, MeterTerms, Remark
from core.usage.placing import customers_of


@dataclass(frozen=True, slots=True)
class Conflict:
    """An event whose id was used before for something else; the first stays."""

    kept: EventRow
    sent: EventRow


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of the events. `rows`: those that could be kept, as they were sent; `fresh` those that are new."""

    refused: tuple[tuple[UsageRecord, Remark], ...]
    rows: tuple[EventRow, ...]
    fresh: tuple[EventRow, ...]
    conflicts: tuple[Conflict, ...]
    taken_out: frozenset[tuple[str, str]]
    terms: Mapping[str, MeterTerms]
    # By key of a new event: the periods that it falls into which include some usage or have been billed.
    periods: Mapping[tuple[str, str], tuple[ChargedPeriod, ...]]

    def periods_of(self, row: EventRow) -> tuple[ChargedPeriod, ...]:
        return self.periods.get(row.key, ())


def take(session: Session, events: Sequence[UsageRecord], scope: KeyScope, now: datetime) -> Batch:
    """Keeps what can be kept: a handful of statements, whatever the batch. `scope`: of the key that it came with."""
    terms = store.meters(session, {event.meter for event in events})
    customers = customers_of(session, {event.subject for event in events})
    refused = [
        (event, why)
        for event in events
        if (why := rules.trespass(event, customers.get(event.subject), scope))
        or (why := rules.refusal(event, terms.get(event.meter), now))
    ]
    bad = {id(event) for event, _ in refused}
    good = [event for event in events if id(event) not in bad]
    rows = [rules.row_of(event, terms.get(event.meter), customers.get(event.subject), now) for event in good]
    kept = store.insert_events(session, rows)
    fresh, repeats = _sorted_out(rows, kept.fresh)
    standing = dict(kept.repeated) | {row.key: row for row in fresh}
    return Batch(
        refused=tuple(refused),
        rows=tuple(rows),
        fresh=tuple(fresh),
        conflicts=tuple(Conflict(standing[r.key], r) for r in repeats if not rules.is_same(standing[r.key], r)),
        taken_out=frozenset(key for key, row in kept.repeated.items() if row.state == EventState.ARCHIVED),
        terms=terms,
        periods=_periods(session, fresh),
    )


def _sorted_out(
    rows: Iterable[EventRow], inserted: frozenset[tuple[str, str]]
) -> tuple[list[EventRow], list[EventRow]]:
    """(new ones, repetitions): of one key the first row of the batch is new, if the store took it."""
    fresh: list[EventRow] = []
    repeats: list[EventRow] = []
    seen: set[tuple[str, str]] = set()
    for row in rows:
        key = row.key
        is_new = key in inserted and key not in seen
        seen.add(key)
        (fresh if is_new else repeats).append(row)
    return fresh, repeats


def _periods(session: Session, fresh: Sequence[EventRow]) -> dict[tuple[str, str], tuple[ChargedPeriod, ...]]:
    placed = [row for row in fresh if row.customer_id is not None]
    if not placed:
        return {}
    customers = {row.customer_id for row in placed if row.customer_id is not None}
    days = [row.at.date() for row in placed]
    found = charged_periods(session, customers, {row.meter for row in placed}, min(days), max(days))
    by_pair: dict[tuple[str, UUID | None], list[ChargedPeriod]] = defaultdict(list)
    for each in with_use(session, found):
        by_pair[each.meter, each.customer_id].append(each)
    covering = {row.key: _covering(by_pair.get((row.meter, row.customer_id), ()), row.at) for row in placed}
    return {key: periods for key, periods in covering.items() if periods}


def _covering(periods: Iterable[ChargedPeriod], at: datetime) -> tuple[ChargedPeriod, ...]:
    return tuple(each for each in periods if each.covers(at))


def answer_of(batch: Batch, malformed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the sender is told."""
    refused = [_line(event.source_ref, why) for event, why in batch.refused]
    return {
        "accepted": len(batch.fresh),
        "duplicates": len(batch.rows) - len(batch.fresh),
        "refused": [*[dict(each) for each in malformed], *refused],
        "warnings": _warnings(batch),
    }


def _line(event_id: str, remark: Remark) -> dict[str, str]:
    return {"id": event_id, "code": remark.code, "sentence": remark.sentence}


def _warnings(batch: Batch) -> list[dict[str, str]]:
    found = [_line(row.event_id, remark) for row in batch.fresh for remark in _remarks(batch, row)]
    again = Remark("conflict", "This id was used before for another event. The first one stays; this one was not kept.")
    found += [_line(conflict.sent.event_id, again) for conflict in batch.conflicts]
    out = Remark("taken_out", "A correction took this event out before; it does not count again.")
    found += [_line(event_id, out) for _, event_id in sorted(batch.taken_out)]
    return found


def _remarks(batch: Batch, row: EventRow) -> Iterable[Remark]:
    """What is to be said of one event that was kept."""
    terms = batch.terms.get(row.meter)
    if terms is None:
        yield Remark("no_meter", f"There is no meter “{row.meter}”. The event is kept, but nothing bills it yet.")
    elif terms.is_archived:
        yield Remark("no_meter", f"The meter “{row.meter}” is archived. The event is kept, but nothing bills it.")
    if row.customer_id is None:
        yield Remark("unknown_customer", f"No customer is called “{row.subject}”. The event waits until one is.")
    if row.is_late:
        yield Remark("late", f"The event came more than {rules.late_after(terms)} hours after it happened.")
    for period in batch.periods_of(row):
        if period.is_exceeded:
            yield _over(period)
        if period.is_billed:
            yield Remark("billed", f"{_span(period)} of contract {period.contract_number} has been billed already.")


def _over(period: ChargedPeriod) -> Remark:
    used, included = f"{period.used.normalize():,f}", f"{period.included.normalize():,f}"
    return Remark("over_entitlement", f"{used} used where contract {period.contract_number} includes {included}.")


def _span(period: ChargedPeriod) -> str:
    return f"The period from {period.period_start:%d %b %Y} to {period.period_end:%d %b %Y}"


def source_of(events: Sequence[UsageRecord]) -> str:
    """Whom a receipt names as the sender."""
    sources = Counter(event.source for event in events)
    match len(sources):
        case 0:
            return ""
        case 1:
            return next(iter(sources))
        case n:
            return f"{sources.most_common(1)[0][0]} and {n - 1} more"
