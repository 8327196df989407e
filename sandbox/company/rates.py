"""Daily exchange rates: a slow random walk, one step per calendar day."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from .entities import CURRENCIES, USD_RATE

STEP_PER_MILLION = 2500


def daily(seed: int, first: date, last: date) -> Iterator[tuple[date, str, int]]:
    """(day, currency, millionths of a dollar for one unit) for every day and currency, the dollar too."""
    rates = dict(USD_RATE)
    rng = Random(f"{seed}:rates")
    for passed in range((last - first).days + 1):
        for currency in CURRENCIES:
            if currency != "USD" and passed:
                rates[currency] += rates[currency] * rng.randint(-STEP_PER_MILLION, STEP_PER_MILLION) // 1_000_000
            yield first + timedelta(days=passed), currency, rates[currency]


def text(millionths: int) -> str:
    """0.731250"""
    return f"{millionths // 1_000_000}.{millionths % 1_000_000:06d}"
