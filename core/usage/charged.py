"""The periods that usage is charged for: what each includes without further cost, and whether it has been billed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.usage.model import Wanted
from core.usage.store import measured

# The document of what came to nothing is a correction of it that has gone out, if there is one.
_IS_CORRECTED = (
    "exists (select from schedule_items a where a.contract_id = s.contract_id and a.kind = 'adjustment' "
    "and a.state = 'billed' and a.covers ? s.id::text)"
)
_CHARGED = (
    "c.customer_id, c.id, c.number, c.currency, s.charge_key, l.charge->>'meter' as meter, "
    "coalesce((l.charge->>'included_quantity')::numeric, 0), s.period_start, s.period_end, "
    f"s.state = 'billed' and case when s.document_id is null then {_IS_CORRECTED} "
    "else not coalesce(d.state = 'draft' and d.grace_until is not null, false) end, "
    f"s.state = 'billed' and s.document_id is null and not {_IS_CORRECTED}, "
    "s.id, s.document_id, s.used + coalesce(s.corrected, 0) "
)
_PERIODS = text(
    f"select {_CHARGED} from contracts c join contract_lines l on l.contract_id = c.id "
    "join schedule_items s on s.contract_id = c.id and s.charge_key = l.source_ref "
    "left join documents d on d.id = s.document_id "
    "where c.customer_id in (select json_array_elements_text(cast(:customers as json))::uuid) "
    "and c.billed_by = 'house' "
    "and l.charge->>'meter' in (select json_array_elements_text(cast(:meters as json))) "
    "and (s.state = 'billed' or s.state <> 'dropped' and (l.charge->>'included_quantity')::numeric > 0) "
    "and s.kind = 'usage' and s.period_start <= :last and s.period_end > :first "
    "order by c.number, s.charge_key, s.period_start"
)


_BILLED_LATELY = text(
    "with come as materialized (select distinct meter, customer_id, (at at time zone 'UTC')::date as day "
    "from usage_events where received_at >= :since and state = 'counted' and correction_id is null) "
    f"select distinct {_CHARGED} from come "
    "join contracts c on c.customer_id = come.customer_id and c.billed_by = 'house' "
    "join contract_lines l on l.contract_id = c.id and l.charge->>'meter' = come.meter "
    "join schedule_items s on s.contract_id = c.id and s.charge_key = l.source_ref and s.kind = 'usage' "
    "and s.state = 'billed' and come.day between s.period_start and s.period_end - 1 "
    "left join documents d on d.id = s.document_id "
)
_OF_ITEMS = text(
    f"select {_CHARGED} from schedule_items s join contracts c on c.id = s.contract_id and c.billed_by = 'house' "
    "join contract_lines l on l.contract_id = c.id and l.source_ref = s.charge_key and l.charge ? 'meter' "
    "left join documents d on d.id = s.document_id "
    "where s.id in (select json_array_elements_text(cast(:ids as json))::uuid) and s.kind = 'usage' "
)
# More than one charge of the house's contracts with a customer, as far as their lines tell.
_SHARED = text(
    "select c.customer_id, l.charge->>'meter' from contracts c join contract_lines l on l.contract_id = c.id "
    "where c.customer_id in (select json_array_elements_text(cast(:customers as json))::uuid) "
    "and c.billed_by = 'house' and c.status <> 'draft' "
    "and l.charge->>'meter' in (select json_array_elements_text(cast(:meters as json))) "
    "group by 1, 2 having count(distinct coalesce(l.root_ref, l.source_ref)) > 1"
)
# What came to nothing has not been billed: it does not count.
_COUNTED = text(
    "select c.customer_id, c.id, c.number, s.charge_key, l.charge->>'meter', s.terms_id, s.period_start, s.period_end "
    "from contracts c join contract_lines l on l.contract_id = c.id "
    "join schedule_items s on s.contract_id = c.id and s.charge_key = l.source_ref and s.kind = 'usage' "
    "where c.customer_id in (select json_array_elements_text(cast(:customers as json))::uuid) "
    "and c.billed_by = 'house' "
    "and l.charge->>'meter' in (select json_array_elements_text(cast(:meters as json))) "
    "and (s.state = 'open' or s.state = 'billed' and (s.document_id is not null or s.used > 0)) "
    "and s.period_start < :after and s.period_end > :first "
    "order by c.number, s.charge_key, s.period_start"
)


@dataclass(frozen=True, slots=True)
class CountedPeriod:
    """One charge of a contract for one period (half-open) in which it counts a meter."""

    customer_id: UUID
    contract_id: UUID
    contract_number: str
    charge_key: str
    meter: str
    terms_id: UUID | None
    period_start: date
    period_end: date


@dataclass(frozen=True, slots=True)
class ChargedPeriod:
    """One charge of a contract for one period (half-open), with what is included and what was used by now.

    `is_billed`: it, or a correction of it, is on a document that late usage does not change any more;
    `is_closed_at_nothing`: it came to nothing, so that there is none. `known`: what was measured when it was billed,
    with what corrections have made of it since; None when that was not kept.
    """

    customer_id: UUID
    contract_id: UUID
    contract_number: str
    currency: str
    charge_key: str
    meter: str
    included: Decimal
    period_start: date
    period_end: date
    is_billed: bool
    is_closed_at_nothing: bool = False
    item_id: UUID | None = None
    document_id: UUID | None = None
    known: Decimal | None = None
    used: Decimal = Decimal(0)

    @property
    def key(self) -> tuple[UUID, str, date]:
        return self.contract_id, self.charge_key, self.period_start

    @property
    def is_exceeded(self) -> bool:
        """More was used than is included; a charge that includes nothing has no entitlement to exceed."""
        return 0 < self.included < self.used

    def covers(self, at: datetime) -> bool:
        return start_of(self.period_start) <= at < start_of(self.period_end)

    def overlaps(self, since: datetime, until: datetime) -> bool:
        return start_of(self.period_start) < until and since < start_of(self.period_end)


def start_of(day: date) -> datetime:
    """Days of usage are those of UTC."""
    return datetime.combine(day, time(), UTC)


def charged_periods(
    session: Session, customers: Collection[UUID], meters: Collection[str], first: date, last: date
) -> list[ChargedPeriod]:
    """Those that include a quantity or have been billed, of contracts that the house bills, with one of these days.
    Their usage is not measured yet."""
    if not customers or not meters:
        return []
    values = {"customers": to_json(sorted(customers)).decode(), "meters": to_json(sorted(meters)).decode()}
    rows = session.execute(_PERIODS, values | {"first": first, "last": last}).all()
    return [ChargedPeriod(*row) for row in rows]


def billed_lately(session: Session, since: datetime) -> list[ChargedPeriod]:
    """Billed periods that usage received at or after `since` falls into. Their usage is not measured yet."""
    return [ChargedPeriod(*row) for row in session.execute(_BILLED_LATELY, {"since": since})]


def periods_of(session: Session, item_ids: Collection[UUID]) -> list[ChargedPeriod]:
    """The periods of schedule items, those of usage. Their usage is not measured yet."""
    if not item_ids:
        return []
    return [ChargedPeriod(*row) for row in session.execute(_OF_ITEMS, {"ids": to_json(sorted(item_ids)).decode()})]


def shared_meters(session: Session, customers: Collection[UUID], meters: Collection[str]) -> set[tuple[UUID, str]]:
    """Customers and meters for which there may be several charges."""
    if not customers or not meters:
        return set()
    values = {"customers": to_json(sorted(customers)).decode(), "meters": to_json(sorted(meters)).decode()}
    return {(row[0], row[1]) for row in session.execute(_SHARED, values)}


def counted_periods(
    session: Session, customers: Collection[UUID], meters: Collection[str], first: date, after: date
) -> list[CountedPeriod]:
    """Every period from `first` up to, not including, `after` that is to be billed or has been."""
    values = {"customers": to_json(sorted(customers)).decode(), "meters": to_json(sorted(meters)).decode()}
    rows = session.execute(_COUNTED, values | {"first": first, "after": after}).all()
    return [CountedPeriod(*row) for row in rows]


def with_use(session: Session, periods: Sequence[ChargedPeriod]) -> list[ChargedPeriod]:
    """The same periods with the usage of each by now."""
    wanted = [
        Wanted(each.key, each.meter, each.customer_id, start_of(each.period_start), start_of(each.period_end))
        for each in periods
    ]
    used = measured(session, wanted) if wanted else {}
    return [replace(each, used=used[each.key]) for each in periods]
