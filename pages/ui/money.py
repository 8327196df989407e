"""Amounts as people read them: one house format, the currency beside it."""

from __future__ import annotations

from decimal import Decimal

from core.kit.money import exponent, format_minor, to_decimal

_STEPS = ((Decimal(1_000_000_000), "bn"), (Decimal(1_000_000), "m"), (Decimal(1_000), "k"))
# From here on, an amount rounds to the next unit: 999,960 is 1.0 m, not 1,000.0 k.
_ROUNDS_UP = Decimal("0.99995")
NOTHING = "—"


def amount(minor: int | None, currency: str) -> str:
    """ "1,234.50"; a dash for nothing."""
    return NOTHING if minor is None else format_minor(minor, currency)


def with_currency(minor: int | None, currency: str) -> str:
    """ "USD 1,234.50"."""
    return NOTHING if minor is None else f"{currency} {format_minor(minor, currency)}"


def short(minor: int | None, currency: str) -> str:
    """ "1.2 m": for cards and axes, where the exact amount stands elsewhere."""
    return NOTHING if minor is None else short_decimal(to_decimal(minor, currency))


def short_decimal(value: Decimal) -> str:
    """The same for an amount in whole units."""
    for size, unit in _STEPS:
        if abs(value) >= size * _ROUNDS_UP:
            return f"{value / size:,.1f} {unit}"
    return f"{value:,.0f}"


def decimals(minors: list[int], currency: str) -> list[float]:
    """Whole units for the axis of a chart or a number column: to look at, never to calculate with."""
    return [float(to_decimal(minor, currency)) for minor in minors]


def column_format(currency: str) -> str:
    """The printf format of a number column in one currency."""
    return f"%,.{exponent(currency)}f"


def unit_price(value: Decimal) -> str:
    """ "1,234.50"; fractions of a cent are shown as they are: "0.0025"."""
    return f"{value:,.2f}" if value == round(value, 2) else f"{value.normalize():,f}"
