"""Amounts: digits by ISO 4217, and what is no amount is refused in words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.kit.errors import Refused
from core.kit.money import exponent, format_minor, parse_minor, to_minor


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("IQD", 3), ("RSD", 2), ("LBP", 2), ("ALL", 2), ("AFN", 2)],
)
def test_a_currency_has_the_digits_of_iso_4217(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


def test_an_amount_in_a_currency_that_people_write_without_digits_keeps_its_cents() -> None:
    assert parse_minor("1234.50", "RSD") == 123_450
    assert format_minor(123_450, "RSD") == "1,234.50"


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+30", "-1E+17", "1E+999999"])
def test_what_no_sum_can_be_is_refused(amount: str) -> None:
    with pytest.raises(Refused) as refused:
        to_minor(Decimal(amount), "EUR")
    assert refused.value.code == "amount.unreadable"
