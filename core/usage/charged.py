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

_PERIODS = text(
    "select c.customer_id, c.id, c.number, c.currency, s.charge_key, l.charge->>'meter' as meter, "
    "coalesce((l.charge->>'included_quantity')::numeric, 0), s.period_start, s.period_end, s.state = 'billed' "
    "from contracts c join contract_lines l on l.contract_id = c.id "
    "join schedule_items s on s.contract_id = c.id and s.charge_key = l.source_ref "
    "where c.customer_id in (select json_array_elements_text(cast(:customers as json))::uuid) "
    "and c.billed_by = 'house' "
    "and l.charge->>'meter' in (select json_array_elements_text(cast(:meters as json))) "
    "and (s.state = 'billed' or s.state <> 'dropped' and (l.charge->>'included_quantity')::numeric > 0) "
    "and s.kind = 'usage' and s.period_start <= :last and s.period_end > :first "
    "order by c.number, s.charge_key, s.period_start"
)


@dataclass(frozen=True, slots=True)
class ChargedPeriod:
    """One charge of a contract for one period (half-open), with what is included and what was used by now."""

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


def with_use(session: Session, periods: Sequence[ChargedPeriod]) -> list[ChargedPeriod]:
    """The same periods with the usage of each by now."""
    wanted = [
        Wanted(each.key, each.meter, each.customer_id, start_of(each.period_start), start_of(each.period_end))
        for each in periods
    ]
    used = measured(session, wanted) if wanted else {}
    return [replace(each, used=used[each.key]) for each in periods]
