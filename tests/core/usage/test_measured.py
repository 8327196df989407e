"""What events add up to: by aggregation and window, whatever the order in which they came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from core.canonical import MeterRecord
from core.db.tables import UsageEvent
from core.kit.ids import id_from
from core.runtime import Runtime
from core.usage.model import EventRow, EventState, Wanted
from core.usage.store import insert_events, measured, save_meters
from tests.fakes import NOON

FIRST, AFTER = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
ONE, OTHER = id_from("customer", "one"), id_from("customer", "other")
KINDS = [
    ("sum", None),
    ("count", None),
    ("max", None),
    ("last", None),
    ("max", "hour"),
    ("max", "day"),
    ("last", "hour"),
    ("last", "day"),
]


def meter_of(aggregation: str, window: str | None) -> MeterRecord:
    code = f"{aggregation}_{window or 'period'}"
    return MeterRecord(source="house", source_ref=code, code=code, name=code, aggregation=aggregation, window=window)  # type: ignore[arg-type]


def event(id: str, value: str, at: datetime, meter: str = "sum_period", **facts: object) -> EventRow:
    row = {"source": "app", "event_id": id, "meter": meter, "subject": "C-1", "customer_id": ONE}
    row |= {"value": Decimal(value), "at": at, "received_at": NOON, "state": EventState.COUNTED, "is_late": False}
    return EventRow(**row | facts)  # type: ignore[arg-type]


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=UTC)


def total(runtime: Runtime, meter: str, customer: UUID = ONE) -> Decimal:
    with runtime.reading() as session:
        return measured(session, [Wanted("it", meter, customer, FIRST, AFTER)])["it"]


@pytest.fixture
def metered(runtime: Runtime) -> Runtime:
    with runtime.transaction() as session:
        save_meters(session, [meter_of(*kind) for kind in KINDS], NOON)
    return runtime


@pytest.mark.parametrize(
    ("meter", "expected"),
    [
        ("sum_period", "22"),  # 5 + 3 + 4 + 10
        ("max_period", "10"),
        ("last_period", "10"),
        ("max_hour", "19"),  # 10:00 -> 5, 11:00 -> 4, the 3rd -> 10
        ("last_hour", "17"),  # 10:00 -> 3, 11:00 -> 4, the 3rd -> 10
        ("max_day", "15"),  # the 2nd -> 5, the 3rd -> 10
        ("last_day", "14"),  # the 2nd -> 4, the 3rd -> 10
    ],
)
def test_each_aggregation_is_taken_per_window_and_the_windows_add_up(
    metered: Runtime, meter: str, expected: str
) -> None:
    stated = [("5", at(2, 10, 5)), ("3", at(2, 10, 55)), ("4", at(2, 11)), ("10", at(3, 8))]
    with metered.transaction() as session:
        insert_events(session, [event(str(n), value, when, meter) for n, (value, when) in enumerate(stated)])
    assert total(metered, meter) == Decimal(expected)


def test_a_period_holds_its_first_instant_and_not_its_end(metered: Runtime) -> None:
    tick = timedelta(microseconds=1)
    stated = [("before", FIRST - tick), ("first", FIRST), ("last", AFTER - tick), ("after", AFTER)]
    with metered.transaction() as session:
        insert_events(session, [event(name, "1", when) for name, when in stated])
    assert total(metered, "sum_period") == 2


def test_of_events_of_one_instant_the_greatest_id_is_the_last(metered: Runtime) -> None:
    with metered.transaction() as session:
        insert_events(session, [event("b", "2", at(5), "last_period"), event("a", "1", at(5), "last_period")])
    assert total(metered, "last_period") == 2


def test_other_customers_meters_and_states_do_not_count(metered: Runtime) -> None:
    with metered.transaction() as session:
        rows = [
            event("mine", "1", at(5)),
            event("other", "10", at(5), customer_id=OTHER),
            event("archived", "100", at(5), state=EventState.ARCHIVED),
            event("unplaced", "1000", at(5), customer_id=None, state=EventState.UNPLACED),
            event("meter", "10000", at(5), "max_period"),
        ]
        insert_events(session, rows)
    assert total(metered, "sum_period") == 1


def test_a_batch_answers_every_key_and_zero_where_nothing_was_used(metered: Runtime) -> None:
    with metered.transaction() as session:
        insert_events(session, [event("1", "2.5", at(5)), event("2", "4", at(6), "max_day")])
        wanted = [
            Wanted(("charge", 1), "sum_period", ONE, FIRST, AFTER),
            Wanted(("charge", 2), "max_day", ONE, FIRST, AFTER),
            Wanted(("charge", 3), "last_hour", ONE, FIRST, AFTER),
            Wanted(("charge", 4), "nobody_knows_it", ONE, FIRST, AFTER),
            Wanted(("charge", 5), "sum_period", ONE, at(6), AFTER),
        ]
        found = measured(session, wanted)
    assert list(found.values()) == [Decimal("2.5"), 4, 0, 0, 0]


def test_an_event_sent_twice_is_kept_once_as_it_first_was(metered: Runtime) -> None:
    with metered.transaction() as session:
        assert insert_events(session, [event("1", "2", at(5))]).fresh == {("app", "1")}
    with metered.transaction() as session:
        again = insert_events(session, [event("1", "9", at(5)), event("2", "1", at(5))])
    assert again.fresh == {("app", "2")}
    assert again.repeated[("app", "1")].value == 2
    assert total(metered, "sum_period") == 3


def test_events_that_came_before_their_meter_weigh_one_each_once_it_is_known_to_count(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        insert_events(session, [event("1", "7", at(5), "count_period"), event("2", "9", at(6), "count_period")])
        save_meters(session, [meter_of("count", None)], NOON)
    assert total(runtime, "count_period") == 2


# A month of few instants and few values, so that ties and shared windows are common.
MOMENTS = st.integers(0, 200).map(lambda n: FIRST + timedelta(minutes=20 * n))
STREAM = st.lists(st.tuples(MOMENTS, st.integers(0, 50)), min_size=1, max_size=25)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stream=STREAM, kind=st.sampled_from(KINDS), randomly=st.randoms(use_true_random=False))
def test_totals_do_not_depend_on_the_order_or_the_batches_of_arrival(
    metered: Runtime, stream: list[tuple[datetime, int]], kind: tuple[str, str | None], randomly: object
) -> None:
    meter = meter_of(*kind).code
    rows = [event(str(n), str(value), when, meter) for n, (when, value) in enumerate(stream)]
    straight = arrived(metered, meter, [rows])
    shuffled = [*rows, *rows[: len(rows) // 2]]
    randomly.shuffle(shuffled)  # type: ignore[attr-defined]
    cut = len(shuffled) // 3
    assert arrived(metered, meter, [shuffled[:cut], shuffled[cut:]]) == straight


def arrived(runtime: Runtime, meter: str, batches: list[list[EventRow]]) -> Decimal:
    """The total after the batches have come into an empty store."""
    with runtime.transaction() as session:
        session.execute(delete(UsageEvent))
        for batch in batches:
            insert_events(session, batch)
    return total(runtime, meter)
