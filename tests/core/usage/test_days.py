"""Days of usage are done again as a whole; which of them stand out is a stated statistic."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.db.tables import UsageDay
from core.runtime import Runtime
from core.usage.rules import spikes
from core.workflow import execute
from core.workflow.billing_commands import SummariseUsage
from jobs.summarise_usage import summarise_usage
from tests.core.usage.house import JOB, charged_house, on, send, usage
from tests.fakes import NOON, FixedClock
from tests.stores import Furniture, people
from tests.work import all_rows

FIRST = date(2026, 10, 1)


@pytest.fixture
def furniture() -> Furniture:
    return people


@pytest.fixture
def charged(runtime: Runtime) -> Runtime:
    charged_house(runtime)
    return runtime


def days(runtime: Runtime) -> list[tuple[str, int, str, int, int]]:
    rows = sorted(all_rows(runtime, UsageDay), key=lambda row: (row.meter, row.day))
    return [(row.meter, row.day.day, f"{row.quantity.normalize():f}", row.events, row.late) for row in rows]


def test_each_day_holds_what_its_meter_makes_of_it(charged: Runtime) -> None:
    send(
        charged,
        *[usage(f"a{n}", n, on(1, n)) for n in (1, 2, 3)],
        *[usage(f"s{n}", n, on(1, n), meter="storage") for n in (4, 9, 6)],
        *[usage(f"l{n}", 5, on(2, n), meter="logins") for n in (1, 2)],
        usage("old", 8, on(5, month=10)),
    )
    assert summarise_usage(charged) == 4
    assert days(charged) == [
        ("api_calls", 5, "8", 1, 1),
        ("api_calls", 1, "6", 3, 0),
        ("logins", 2, "2", 2, 0),
        ("storage", 1, "9", 3, 0),
    ]


def test_doing_it_twice_changes_nothing(charged: Runtime) -> None:
    send(charged, usage("a", 1))
    assert summarise_usage(charged) == 1
    before = days(charged)
    assert execute(charged, SummariseUsage(since=None), JOB).result["days"] == 0
    assert days(charged) == before


def test_only_days_with_news_are_done_again_and_those_whole(charged: Runtime, clock: FixedClock) -> None:
    send(charged, usage("a", 1, on(1, 1)), usage("b", 2, on(1, 2)), usage("c", 4, on(2, 1)))
    summarise_usage(charged)
    with charged.transaction() as session:
        session.connection().exec_driver_sql("update usage_days set quantity = 0")
    later = clock.advance(hours=1)
    send(charged, usage("d", 8, on(1, 3)))
    execute(charged, SummariseUsage(since=later), JOB)
    assert [(day, quantity) for _, day, quantity, _, _ in days(charged)] == [(1, "11"), (2, "0")]


def steady(*values: int) -> list[tuple[date, Decimal]]:
    return [(FIRST + timedelta(days=n), Decimal(value)) for n, value in enumerate(values)]


def test_a_spike_is_six_deviations_above_the_median_of_the_days_before() -> None:
    usual = [10, 12, 8, 11, 9, 10, 10, 12, 8, 10]
    # Median 10, deviations 0 2 2 1 1 0 0 2 2 0: their median is 1, so the limit is 16.
    assert spikes(steady(*usual, 16)) == ()
    (spike,) = spikes(steady(*usual, 17))
    assert (spike.day, spike.quantity, spike.median, spike.limit) == (FIRST + timedelta(days=10), 17, 10, 16)


def test_days_that_are_all_alike_leave_some_room() -> None:
    assert spikes(steady(*[100] * 10, 130)) == ()
    assert len(spikes(steady(*[100] * 10, 131))) == 1


def test_without_a_week_of_days_before_nothing_stands_out() -> None:
    assert spikes(steady(1, 1, 1, 1, 1, 1, 1_000)) == ()
    assert len(spikes(steady(1, 1, 1, 1, 1, 1, 1, 1_000))) == 1


def test_only_four_weeks_before_are_looked_at() -> None:
    high = steady(*[1_000] * 40, *[10] * 28, 50)
    assert [spike.quantity for spike in spikes(high)] == [50]


def test_noon_is_within_the_day_it_belongs_to(charged: Runtime) -> None:
    send(charged, usage("a", 1, NOON.replace(hour=0)), usage("b", 1, NOON.replace(hour=0) - timedelta(microseconds=1)))
    summarise_usage(charged)
    assert [(day, events) for _, day, _, events, _ in days(charged)] == [(1, 1), (2, 1)]
