"""Usage is billed by one charge: where two count the same meter of a customer on the same days, none of them does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.agreements import schedule as schedules
from core.billing.content import agreement_in
from core.billing.metered import usage_span
from core.billing.model import Agreement, Charge, Span
from core.db.tables import ScheduleItem
from core.kit.words import day_in_words as _day
from core.usage import charged
from core.usage.charged import CountedPeriod
from core.workflow.context import Context


@dataclass(frozen=True, slots=True)
class Reading:
    """The days of a schedule item of usage on which its charge counts the meter of the customer."""

    item_id: UUID
    contract_id: UUID
    charge_key: str
    customer_id: UUID
    meter: str
    span: Span


def charge_of(agreement: Agreement, item: ScheduleItem) -> Charge | None:
    return next((charge for charge in agreement.charges if charge.key == item.charge_key), None)


def readings_of(agreement: Agreement, charge: Charge, item: ScheduleItem, customer_id: UUID | None) -> list[Reading]:
    """What the charge reads for an item of usage; nothing where none of it is charged."""
    span = usage_span(agreement, charge, Span(item.period_start, item.period_end))
    if span is None or charge.terms.meter is None or customer_id is None:
        return []
    return [Reading(item.id, item.contract_id, charge.key, customer_id, charge.terms.meter, span)]


def contested(ctx: Context, readings: Sequence[Reading]) -> dict[UUID, str]:
    """Why an item must not be billed, by item id: another charge, of this contract or of another one of the customer,
    counts some of the same usage. One short question to the store where no customer has two charges of a meter."""
    customers, meters = {each.customer_id for each in readings}, {each.meter for each in readings}
    pairs = charged.shared_meters(ctx.session, customers, meters)
    if not pairs:
        return {}
    found: dict[UUID, str] = {}
    doubtful = [each for each in readings if (each.customer_id, each.meter) in pairs]
    others = _others(ctx, doubtful)
    for reading in doubtful:
        for other, span in others[reading.customer_id, reading.meter]:
            both = None if _is_same_charge(reading, other) else reading.span.overlap(span)
            if both is not None:
                found.setdefault(reading.item_id, _told(reading, other, both))
    return found


def _is_same_charge(reading: Reading, other: CountedPeriod) -> bool:
    return (reading.contract_id, reading.charge_key) == (other.contract_id, other.charge_key)


def _others(ctx: Context, readings: Sequence[Reading]) -> dict[tuple[UUID, str], list[tuple[CountedPeriod, Span]]]:
    """Every period that counts or has counted one of these meters, with the days on which it does."""
    periods = charged.counted_periods(
        ctx.session,
        {each.customer_id for each in readings},
        {each.meter for each in readings},
        min(each.span.starts_on for each in readings),
        max(each.span.ends_on for each in readings),
    )
    agreed = _agreements(ctx, periods)
    found: dict[tuple[UUID, str], list[tuple[CountedPeriod, Span]]] = defaultdict(list)
    for each in periods:
        span = _days_of(each, agreed.get(each.terms_id) if each.terms_id else None)
        if span is not None:
            found[each.customer_id, each.meter].append((each, span))
    return found


def _agreements(ctx: Context, periods: Iterable[CountedPeriod]) -> dict[UUID, Agreement]:
    contents = schedules.terms(ctx.session, {each.terms_id for each in periods if each.terms_id})
    return {id: agreement_in(content) for id, content in contents.items()}


def _days_of(period: CountedPeriod, agreement: Agreement | None) -> Span | None:
    whole = Span(period.period_start, period.period_end)
    charge = next((each for each in agreement.charges if each.key == period.charge_key), None) if agreement else None
    return usage_span(agreement, charge, whole) if agreement is not None and charge is not None else whole


def _told(reading: Reading, other: CountedPeriod, both: Span) -> str:
    where = "another line" if other.contract_id == reading.contract_id else f"contract {other.contract_number}"
    return (
        f"Usage of “{reading.meter}” from {_day(both.starts_on)} up to {_day(both.ends_on)} is charged for by {where} "
        "too, and would be billed twice: let one of the two end before the other begins."
    )
