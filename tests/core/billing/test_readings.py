"""What a period costs by each fair reading, and which days are left when others are covered."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.billing.coverage import uncovered
from core.billing.model import Agreement, Charge, Span, Step
from core.billing.readings import AT_FIRST, AT_LAST, BY_DAY, readings
from core.canonical import ChargeTerms
from core.canonical.charges import RampStep

WAYS = (BY_DAY, AT_FIRST, AT_LAST)
DAY_ONE = date(2026, 1, 1)
JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))


def step(starts_on: date, quantity: int, price: int = 10) -> Step:
    return Step(starts_on, None, Decimal(quantity), Decimal(price))


def agreement(*steps: Step, terms: ChargeTerms | None = None, **facts: object) -> Agreement:
    charge = Charge("a", "HC-CORE", "Seats", terms or ChargeTerms(), steps)
    stated: dict[str, Any] = {
        "number": "CT-1",
        "currency": "EUR",
        "starts_on": DAY_ONE,
        "ends_on": date(2027, 1, 1),
        "frequency_months": 1,
        "anchor_day": 1,
        "charges": (charge,),
    }
    return Agreement(**stated | facts)


def read(agreed: Agreement, span: Span) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for reading in readings(agreed, agreed.charges, span, WAYS):
        found.setdefault(reading.way, []).append(reading.net_minor)
    return found


def test_all_readings_agree_where_nothing_changes() -> None:
    assert read(agreement(step(DAY_ONE, 3)), JUNE) == {way: [3_000] for way in WAYS}


def test_a_change_inside_counts_by_the_day_or_not_yet_or_for_all_of_it() -> None:
    grown = agreement(step(DAY_ONE, 3), step(date(2026, 6, 16), 3))
    assert read(grown, JUNE) == {BY_DAY: [4_500], AT_FIRST: [3_000], AT_LAST: [6_000]}


def test_what_begins_inside_costs_nothing_as_on_the_first_day() -> None:
    assert read(agreement(step(date(2026, 6, 16), 2)), JUNE) == {BY_DAY: [1_000], AT_FIRST: [0], AT_LAST: [2_000]}


def test_a_ramp_and_a_discount_are_those_of_the_day() -> None:
    ramp = ChargeTerms(ramp=(RampStep(starts_on=date(2026, 6, 16), unit_price=Decimal(20)),))
    steep = agreement(step(DAY_ONE, 1), terms=ramp, discount_percent=Decimal(10), discount_ends_on=date(2026, 6, 15))
    assert read(steep, JUNE) == {BY_DAY: [1_450], AT_FIRST: [900], AT_LAST: [2_000]}


def test_a_renewal_inside_raises_the_price_of_the_last_day_only_once() -> None:
    renewed = agreement(
        step(DAY_ONE, 1), ends_on=date(2026, 6, 16), auto_renews=True, renewal_months=12, uplift_percent=Decimal(10)
    )
    assert read(renewed, JUNE) == {BY_DAY: [1_050], AT_FIRST: [1_000], AT_LAST: [1_100]}


def test_no_reading_goes_beyond_the_term() -> None:
    ended = agreement(step(DAY_ONE, 2), ends_on=date(2026, 6, 16))
    assert {net for nets in read(ended, JUNE).values() for net in nets} == {1_000}
    after = Span(date(2026, 7, 1), date(2026, 8, 1))
    assert {net for nets in read(ended, after).values() for net in nets} == {0}


def test_months_that_begin_on_another_day_cost_what_a_month_costs() -> None:
    middle = Span(date(2026, 6, 15), date(2026, 7, 15))
    assert all(nets[0] == 3_000 for nets in read(agreement(step(DAY_ONE, 3)), middle).values())


def test_a_month_of_a_quarter_may_be_a_month_or_its_days_of_the_quarter() -> None:
    nets = read(agreement(step(DAY_ONE, 3), frequency_months=3), Span(date(2026, 5, 1), date(2026, 6, 1)))[BY_DAY]
    assert nets[0] == 3_000
    assert round(9_000 * 31 / 91) in nets


DAYS = st.integers(min_value=0, max_value=40)


def span_of(first: int, length: int) -> Span:
    return Span(DAY_ONE + timedelta(days=first), DAY_ONE + timedelta(days=first + length + 1))


SPANS = st.lists(st.builds(span_of, DAYS, DAYS), max_size=5)


def days_in(spans: list[Span]) -> set[date]:
    return {span.starts_on + timedelta(days=day) for span in spans for day in range(span.days)}


@given(SPANS, SPANS)
def test_what_is_left_is_what_is_wanted_and_not_covered(wanted: list[Span], covering: list[Span]) -> None:
    left = uncovered(wanted, covering)
    assert days_in(left) == days_in(wanted) - days_in(covering)
    assert all(one.ends_on < other.starts_on for one, other in pairwise(left))
