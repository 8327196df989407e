"""Usage per day and per customer, as the read model of days has it; late, repeated and unplaced events beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, func, select, text
from sqlalchemy.orm import Session

from core.db.bulk import is_one_of
from core.db.tables import Customer, Meter, UsageCorrection, UsageDay, UsageReceipt
from core.reporting.invoices import customer_ids
from core.reporting.paging import CountCapped, Order, Page, Viewer, capped_count, read_page
from core.reporting.receivables import Scope
from core.runtime import Runtime
from core.usage.charged import ChargedPeriod, charged_periods, with_use
from core.usage.model import NO_UNIT
from core.usage.rules import SPIKE_DAYS, spikes
from core.usage.rules import SPIKE_RULE as SPIKE_RULE

_MOST_UNPLACED = 50
_MOST_CORRECTIONS = 20
_MICRO = 1_000_000
_UNPLACED = text(
    "select subject, meter, count(*), min(at), max(received_at) from usage_events where state = 'unplaced' "
    "group by subject, meter order by count(*) desc, subject, meter limit :most"
)


@dataclass(frozen=True, slots=True)
class UsageFilters:
    """Days are inclusive. `search`: part of the customer's name or number."""

    meter: str
    since: date
    until: date
    search: str | None = None
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class MeterChoice:
    code: str
    name: str
    unit: str

    @property
    def measure(self) -> str:
        """What a quantity of it is a quantity of: its unit, or its name where the source states no unit."""
        return self.name if self.unit == NO_UNIT else self.unit


@dataclass(frozen=True, slots=True)
class DayOfUsage:
    day: date
    quantity: Decimal
    events: int
    late: int
    # Of a spike: what it was held against.
    limit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SentUsage:
    """What senders sent in the days, all meters together: duplicates and refusals are no events of ours."""

    accepted: int
    duplicates: int
    refused: int


@dataclass(frozen=True, slots=True)
class CustomerUsage:
    """`included` and `used`: of the contract's present period, where it includes some."""

    id: UUID
    number: str
    name: str
    entity: str | None
    quantity: Decimal
    events: int
    late: int
    included: Decimal | None = None
    used: Decimal | None = None

    @property
    def is_over(self) -> bool:
        return self.included is not None and self.used is not None and self.used > self.included


@dataclass(frozen=True, slots=True)
class UnplacedUsage:
    subject: str
    meter: str
    events: int
    first_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class MadeCorrection:
    kind: str
    since: datetime
    until: datetime
    quantity: Decimal | None
    archived: int
    reason: str
    made_by: str
    made_at: datetime


def meter_choices(runtime: Runtime) -> tuple[MeterChoice, ...]:
    """Described meters by name; archived ones last."""
    statement = select(Meter.code, Meter.name, Meter.unit).order_by(Meter.archived_at.isnot(None), Meter.name)
    with runtime.reading() as session:
        return tuple(MeterChoice(*row) for row in session.execute(statement))


def usage_by_day(runtime: Runtime, viewer: Viewer | None, filters: UsageFilters) -> tuple[DayOfUsage, ...]:
    """Every day asked for, those without usage too; spikes are found with the days before them."""
    first = filters.since - timedelta(days=SPIKE_DAYS)
    with runtime.reading() as session:
        columns = (UsageDay.day, func.sum(UsageDay.quantity), func.sum(UsageDay.events), func.sum(UsageDay.late))
        statement = select(*columns).where(_matching(session, viewer, filters, first)).group_by(UsageDay.day)
        found = {row[0]: DayOfUsage(row[0], row[1], int(row[2]), int(row[3])) for row in session.execute(statement)}
    days = [first + timedelta(days=n) for n in range((filters.until - first).days + 1)]
    every = [found.get(day, DayOfUsage(day, Decimal(0), 0, 0)) for day in days]
    # Before the first usage there is nothing to compare with.
    used = [each for each in every if found and each.day >= min(found)]
    limits = {spike.day: spike.limit for spike in spikes((each.day, each.quantity) for each in used)}
    return tuple(
        DayOfUsage(each.day, each.quantity, each.events, each.late, limits.get(each.day))
        for each in every
        if each.day >= filters.since
    )


def sent_usage(runtime: Runtime, filters: UsageFilters) -> SentUsage:
    columns = (UsageReceipt.accepted, UsageReceipt.duplicates, UsageReceipt.refused)
    statement = select(*[func.coalesce(func.sum(column), 0) for column in columns]).where(
        UsageReceipt.received_at >= _start(filters.since),
        UsageReceipt.received_at < _start(filters.until + timedelta(days=1)),
    )
    with runtime.reading() as session:
        return SentUsage(*[int(value) for value in session.execute(statement).one()])


def usage_by_customer(
    runtime: Runtime, viewer: Viewer | None, filters: UsageFilters, cursor: str | None = None, size: int = 50
) -> Page[CustomerUsage]:
    """One page of customers, those who used most first."""
    with runtime.reading() as session:
        sums = _sums(_matching(session, viewer, filters, filters.since))
        order = Order("quantity", cast(sums.c.quantity * _MICRO, BigInteger), sums.c.customer_id, is_descending=True)
        wanted = select(sums, Customer.number, Customer.name, Customer.entity).join(
            Customer, Customer.id == sums.c.customer_id
        )
        rows, following, previous = read_page(session, wanted, order, cursor, size)
        count = _count(session, sums)
        periods = _present(session, runtime.today(), filters.meter, {row.customer_id for row in rows})
    return Page(following, previous, count, tuple(_customer(row, periods.get(row.customer_id)) for row in rows))


def _sums(matching: ColumnElement[bool]) -> Any:
    columns = (
        UsageDay.customer_id,
        func.sum(UsageDay.quantity).label("quantity"),
        func.sum(UsageDay.events).label("events"),
        func.sum(UsageDay.late).label("late"),
    )
    return select(*columns).where(matching).group_by(UsageDay.customer_id).subquery()


def _count(session: Session, sums: Any) -> CountCapped:
    statement: Select[Any] = select(sums.c.customer_id)
    return capped_count(session, statement)


def _customer(row: Any, period: ChargedPeriod | None) -> CustomerUsage:
    return CustomerUsage(
        id=row.customer_id,
        number=row.number,
        name=row.name,
        entity=row.entity,
        quantity=row.quantity,
        events=int(row.events),
        late=int(row.late),
        included=period.included if period else None,
        used=period.used if period else None,
    )


def _present(session: Session, today: date, meter: str, customers: set[UUID]) -> dict[UUID, ChargedPeriod]:
    """The entitlement of the present period; of several contracts the one that is nearest to its end of it."""
    periods = [each for each in charged_periods(session, customers, {meter}, today, today) if each.included]
    found: dict[UUID, ChargedPeriod] = {}
    for each in sorted(with_use(session, periods), key=lambda period: period.used / period.included):
        found[each.customer_id] = each
    return found


def _matching(session: Session, viewer: Viewer | None, filters: UsageFilters, first: date) -> ColumnElement[bool]:
    conditions = [UsageDay.meter == filters.meter, UsageDay.day.between(first, filters.until)]
    scope = Scope(filters.entity, viewer.entities if viewer else None)
    if filters.search:
        conditions.append(is_one_of(UsageDay.customer_id, customer_ids(session, scope, filters.search)))
    elif filters.entity is not None or scope.allowed is not None:
        theirs = select(Customer.id).where(scope.holds(Customer.entity))
        conditions.append(UsageDay.customer_id.in_(theirs))
    return and_(*conditions)


def unplaced_usage(runtime: Runtime, viewer: Viewer | None) -> tuple[UnplacedUsage, ...]:
    """Names that are none of our customers; for those who see all entities, since nobody knows whose they are."""
    if viewer is not None and viewer.entities is not None:
        return ()
    with runtime.reading() as session:
        rows = session.execute(_UNPLACED, {"most": _MOST_UNPLACED})
        return tuple(UnplacedUsage(*row) for row in rows)


def one_customer(runtime: Runtime, viewer: Viewer | None, filters: UsageFilters) -> tuple[UUID, str] | None:
    """(id, name) when the search names exactly one customer."""
    if not filters.search:
        return None
    with runtime.reading() as session:
        ids = customer_ids(session, Scope(filters.entity, viewer.entities if viewer else None), filters.search)
        found = session.get(Customer, ids[0]) if len(ids) == 1 else None
        return (found.id, found.name) if found else None


def corrections_of(runtime: Runtime, customer: UUID, meter: str) -> tuple[MadeCorrection, ...]:
    """The latest corrections, latest first. The caller has checked that the viewer may see the customer."""
    columns = [getattr(UsageCorrection, name) for name in MadeCorrection.__dataclass_fields__]
    statement = select(*columns).where(UsageCorrection.customer_id == customer, UsageCorrection.meter == meter)
    with runtime.reading() as session:
        rows = session.execute(statement.order_by(UsageCorrection.made_at.desc()).limit(_MOST_CORRECTIONS))
        return tuple(MadeCorrection(*row) for row in rows)


def billed_spans(runtime: Runtime, customer: UUID, filters: UsageFilters) -> tuple[str, ...]:
    """Contracts and periods that have been billed for some of these days."""
    with runtime.reading() as session:
        periods = charged_periods(session, {customer}, {filters.meter}, filters.since, filters.until)
    return tuple(
        f"{each.contract_number}, {each.period_start:%d %b %Y} to {each.period_end:%d %b %Y}"
        for each in periods
        if each.is_billed
    )


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
