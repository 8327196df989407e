"""What was sold beside what the contract comes to: which readings are fair, and what is left of a difference."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.validation.drift import Sides, compare
from core.validation.model import Tolerance
from core.validation.sold import Sale, SoldSide, Value, gap, is_comparable

STARTS = date(2026, 1, 1)


def sale(amount: int | None, **facts: Any) -> Sale:
    return Sale(
        **{"name": "First", "closes_on": date(2025, 12, 20), "currency": "EUR", "amount_minor": amount, **facts}
    )


def side(sales: tuple[Sale, ...], *values: int, **facts: Any) -> SoldSide:
    told = tuple(Value(words, minor) for words, minor in zip(("as signed", "since"), values, strict=False))
    return SoldSide(**{"starts_on": STARTS, "sales": sales, "values": told, "tolerance": EXACT, **facts})


EXACT, ONE_PERCENT = Tolerance(0, Decimal(0)), Tolerance(100, Decimal(1))


@pytest.mark.parametrize(
    ("sales", "values", "effect"),
    [
        ((sale(1_000),), (1_000,), None),
        ((sale(1_200),), (1_000,), 200),
        ((sale(900),), (1_000,), -100),
        ((sale(1_000),), (1_000, 1_300), None),  # an amendment without a deal of its own
        ((sale(1_000), sale(300)), (1_000, 1_300), None),
        ((sale(1_000), sale(500)), (1_000, 1_300), None),  # the first deal is what was signed
        ((sale(1_100), sale(200)), (1_000, 1_300), None),  # both together are what is agreed
        ((sale(1_100), sale(500)), (1_000, 1_300), 100),  # neither: the smaller difference
        ((sale(None),), (1_000,), None),
        ((sale(1_000),), (), None),
    ],
)
def test_the_nearest_fair_reading_says_what_is_missing(
    sales: tuple[Sale, ...], values: tuple[int, ...], effect: int | None
) -> None:
    found = gap(side(sales, *values))
    assert (found.effect_minor if found else None) == effect


def test_the_quote_is_what_was_sold_where_there_is_one() -> None:
    quoted = sale(5_000, quote_number="Q-1", quote_currency="EUR", quote_minor=1_000)
    assert gap(side((quoted,), 1_000)) is None
    assert quoted.sold_minor == 1_000


def test_small_differences_pass() -> None:
    assert gap(side((sale(100_900),), 100_000, tolerance=ONE_PERCENT)) is None
    assert gap(side((sale(101_100),), 100_000, tolerance=ONE_PERCENT)) is not None


def test_of_usage_a_deal_may_state_more_than_the_contract_promises_but_not_less() -> None:
    assert gap(side((sale(5_000),), 1_000, has_usage=True)) is None
    found = gap(side((sale(500),), 1_000, has_usage=True))
    assert found is not None and found.effect_minor == -500


def test_a_deal_long_after_the_beginning_is_not_the_one_that_was_signed() -> None:
    assert is_comparable(side((sale(1_000, closes_on=date(2026, 2, 15)),), 9_000))
    assert not is_comparable(side((sale(1_000, closes_on=date(2026, 2, 16)),), 9_000))


def test_both_figures_stand_in_the_evidence() -> None:
    quoted = sale(1_200_00, quote_number="Q-1", quote_currency="EUR", quote_minor=1_100_00)
    (drift,) = compare(Sides("CT-1", "EUR", sold=side((quoted,), 1_000_00)))
    assert (drift.code, drift.effect_minor, drift.fix) == ("drift.sold", 100_00, "")
    assert "EUR 1,200.00" in drift.sides["Sold"] and "quote Q-1: EUR 1,100.00" in drift.sides["Sold"]
    assert drift.sides["Agreed"] == "EUR 1,000.00 over the term, as signed"
    assert "EUR 100.00 too little" in drift.sentence


def test_another_currency_is_told_without_money() -> None:
    (drift,) = compare(Sides("CT-1", "USD", sold=side((sale(1_000),), 1_000)))
    assert drift.effect_minor == 0
    assert drift.sentence == "“First” was sold in EUR, but CT-1 is in USD."
