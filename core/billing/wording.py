"""Numbers in words, for the sentence that says how an amount came about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal


def number(value: Decimal) -> str:
    """ "2,500" or "12.5": no digits that say nothing."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def units(value: Decimal) -> str:
    return f"{number(value)} unit" if value == 1 else f"{number(value)} units"


def price(value: Decimal, currency: str, digits: int) -> str:
    """ "USD 25.00"; a price with more decimals than the currency keeps them: "USD 0.0125"."""
    text = f"{value:,f}"
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0").ljust(digits, "0")
    return f"{currency} {whole}.{decimals}" if decimals else f"{currency} {whole}"


def amount(minor: int, digits: int) -> str:
    """ "1,234.50" of minor units."""
    return f"{Decimal(minor).scaleb(-digits):,f}"


def months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"


def days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def percent(value: Decimal) -> str:
    return f"{number(value)}%"


def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"
