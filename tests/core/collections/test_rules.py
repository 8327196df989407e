from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from core.collections.model import Position
from core.collections.rules import CONTACT_SPACING, judge

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
OWING = Position(overdue_minor=1_000_000, days_late=45, before_minor=1_000_000)


def score(position: Position) -> int:
    return judge(position, "USD", NOW).score


def test_every_point_of_the_score_has_its_reason() -> None:
    verdict = judge(replace(OWING, broken_promises=2, before_minor=0), "USD", NOW)
    assert [(each.reason, each.points) for each in verdict.points] == [
        ("Amount to chase", 40),
        ("45 days late", 10),
        ("2 broken promises", 10),
        ("More overdue than 30 days ago", 5),
    ]
    assert verdict.score == 65


def test_ten_times_the_money_is_twenty_points() -> None:
    assert score(replace(OWING, overdue_minor=10_000_000, before_minor=10_000_000)) - score(OWING) == 20


def test_days_late_stop_counting_after_ninety() -> None:
    assert score(replace(OWING, days_late=90)) == score(replace(OWING, days_late=900))


def test_a_debt_that_shrinks_comes_later() -> None:
    assert score(replace(OWING, before_minor=2_000_000)) < score(OWING)


def test_broken_promises_bring_a_customer_forward() -> None:
    assert score(replace(OWING, broken_promises=1)) > score(OWING)


def test_a_small_debt_never_has_a_negative_score() -> None:
    assert score(Position(overdue_minor=500, before_minor=50_000, days_late=1)) == 0


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"overdue_minor": 0}, "nothing_overdue"),
        ({"disputed_minor": 1_000_000}, "disputed"),
        ({"held_minor": 1_000_000}, "on_hold"),
        ({"retried_minor": 1_000_000}, "card_retry"),
        ({"promised_minor": 1_200_000, "promised_until": date(2026, 11, 9)}, "promised"),
        ({"unapplied_minor": 1_000_000}, "cash_waits"),
        ({"contacted_at": NOW - timedelta(days=2)}, "contacted"),
    ],
)
def test_a_customer_is_left_alone_with_the_reason(facts: dict[str, object], code: str) -> None:
    verdict = judge(replace(OWING, **facts), "USD", NOW)  # type: ignore[arg-type]
    assert verdict.leave_alone is not None
    assert verdict.leave_alone.code == code


def test_only_what_nobody_else_takes_care_of_is_chased() -> None:
    position = replace(
        OWING,
        disputed_minor=100_000,
        held_minor=50_000,
        retried_minor=50_000,
        promised_minor=200_000,
        unapplied_minor=1,
    )
    verdict = judge(position, "USD", NOW)
    assert verdict.leave_alone is None
    assert verdict.chase_minor == 599_999


def test_parts_that_cover_the_debt_together_leave_nothing_to_chase() -> None:
    verdict = judge(replace(OWING, disputed_minor=600_000, promised_minor=400_000), "USD", NOW)
    assert verdict.chase_minor == 0
    assert verdict.leave_alone is not None
    assert verdict.leave_alone.code == "promised"


def test_after_three_days_a_customer_may_be_contacted_again() -> None:
    assert judge(replace(OWING, contacted_at=NOW - CONTACT_SPACING), "USD", NOW).leave_alone is None
