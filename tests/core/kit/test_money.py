"""Amounts: digits by ISO 4217, and what is no amount is refused in words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from core.kit.errors import Refused
from core.kit.money import (
    AmbiguousAmount,
    NotAnAmount,
    UnknownCurrency,
    exponent,
    format_minor,
    parse_grouped,
    parse_minor,
    to_minor,
)


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


@pytest.mark.parametrize("parse", [parse_minor, parse_grouped])
@pytest.mark.parametrize(
    ("text", "currency"), [("1.500", "EUR"), ("12.000", "EUR"), ("-1.500", "USD"), ("1.500", "JPY")]
)
def test_a_point_that_may_part_thousands_is_not_guessed(
    parse: Callable[[str, str], int], text: str, currency: str
) -> None:
    with pytest.raises(AmbiguousAmount, match="may be thousands or a fraction"):
        parse(text, currency)


@pytest.mark.parametrize("currency", ["BHD", "CLF"])
def test_one_comma_is_not_guessed_where_the_currency_has_as_many_digits_as_a_thousand(currency: str) -> None:
    with pytest.raises(AmbiguousAmount):
        parse_grouped("1,234", currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1,234", "EUR", 123_400),
        ("1,234.50", "EUR", 123_450),
        ("1,234.500", "EUR", 123_450),
        ("1,234,567", "BHD", 1_234_567_000),
        ("1,234.500", "BHD", 1_234_500),
        ("1.500", "BHD", 1_500),
        ("1,500", "JPY", 1_500),
        ("1500.00", "JPY", 1_500),
        ("0.500", "EUR", 50),
        ("1234.500", "EUR", 123_450),
        ("1.5000", "EUR", 150),
    ],
)
def test_zeros_and_commas_that_can_mean_one_thing_only_are_read(text: str, currency: str, minor: int) -> None:
    assert parse_grouped(text, currency) == minor


@pytest.mark.parametrize("text", ["1.500,00", "1234,50", "0,500", "1,23", "1.500.000", "1,234.505", "12,34,567"])
def test_the_european_way_of_writing_is_refused(text: str) -> None:
    with pytest.raises(NotAnAmount):
        parse_grouped(text, "EUR")


@pytest.mark.parametrize("code", ["XXX", "XTS", "XAU", "XAG", "XDR"])
def test_a_code_without_money_is_no_currency(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        exponent(code)
