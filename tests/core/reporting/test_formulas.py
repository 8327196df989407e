from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.reporting import formulas
from core.reporting.formulas import MonthBilled

MARCH = MonthBilled(date(2026, 3, 1), 31, Decimal(100))
FEBRUARY = MonthBilled(date(2026, 2, 1), 28, Decimal(120))
JANUARY = MonthBilled(date(2026, 1, 1), 31, Decimal(90))
QUARTER = [MARCH, FEBRUARY, JANUARY]


def test_count_back_walks_months_and_takes_the_last_one_in_proportion() -> None:
    assert round(formulas.count_back(Decimal(250), QUARTER).days, 2) == Decimal("69.33")


def test_best_possible_is_the_same_walk_on_what_is_not_yet_due() -> None:
    assert round(formulas.count_back(Decimal(110), QUARTER).days, 2) == Decimal("33.33")


def test_days_delinquent_are_the_difference_of_both_walks() -> None:
    dso, best = (formulas.count_back(Decimal(amount), QUARTER).days for amount in (250, 110))
    assert round(formulas.average_days_delinquent(dso, best) or 0, 2) == Decimal("36.00")


def test_simple_dso_divides_by_the_quarters_billing() -> None:
    assert round(formulas.dso_simple(Decimal(250), Decimal(310)) or 0, 2) == Decimal("72.58")


def test_collection_effectiveness_of_the_worked_example() -> None:
    assert formulas.collection_effectiveness(Decimal(200), Decimal(310), Decimal(250), Decimal(110)) == 65


def test_nothing_billed_leaves_simple_dso_undefined() -> None:
    assert formulas.dso_simple(Decimal(10), Decimal(0)) is None


def test_nothing_to_collect_leaves_effectiveness_undefined() -> None:
    assert formulas.collection_effectiveness(Decimal(5), Decimal(5), Decimal(10), Decimal(10)) is None


def test_a_share_of_nothing_is_undefined() -> None:
    assert formulas.percent(Decimal(0), Decimal(0)) is None


def test_a_month_without_billing_counts_in_full() -> None:
    empty = MonthBilled(date(2026, 2, 1), 28, Decimal(0))
    assert formulas.count_back(Decimal(150), [MARCH, empty, JANUARY]).days == 31 + 28 + Decimal(50) / 90 * 31


def test_nothing_open_and_nothing_billed_leaves_count_back_undefined() -> None:
    empty = MonthBilled(date(2026, 3, 1), 31, Decimal(0))
    assert formulas.count_back(Decimal(0), []).exact is None
    assert formulas.count_back(Decimal(0), [empty]).exact is None
    assert formulas.count_back(Decimal(0), [MARCH]).exact == 0


def test_receivables_beyond_all_billing_are_a_lower_bound() -> None:
    walked = formulas.count_back(Decimal(1000), QUARTER)
    assert (walked.is_lower_bound, walked.days) == (True, 90)


def test_receivables_that_billing_covers_exactly_are_no_lower_bound() -> None:
    walked = formulas.count_back(Decimal(220), QUARTER)
    assert (walked.is_lower_bound, walked.days) == (False, 59)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-5, "current"),
        (0, "current"),
        (1, "d1_30"),
        (30, "d1_30"),
        (31, "d31_60"),
        (60, "d31_60"),
        (61, "d61_90"),
        (90, "d61_90"),
        (91, "d90_plus"),
    ],
)
def test_due_today_is_current_and_edges_belong_to_the_younger_bucket(days: int, bucket: str) -> None:
    assert formulas.bucket_of(days) == bucket
