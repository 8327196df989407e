"""Rounding: half up (away from zero for what is negative), once per line; parts of a line by largest remainder."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from core.kit.money import to_minor


def round_minor(amount: Decimal, currency: str) -> int:
    """Minor units of an amount in major units. Raises UnknownCurrency."""
    return to_minor(amount, currency)


def nearest(top: int, bottom: int) -> int:
    """top / bottom (> 0) as a whole number; a half goes away from zero, so that a credit mirrors its charge."""
    found = (2 * abs(top) + bottom) // (2 * bottom)
    return found if top >= 0 else -found


def half_up(exact: Fraction) -> int:
    return nearest(exact.numerator, exact.denominator)


def split(total_minor: int, weights: Sequence[Decimal]) -> list[int]:
    """`total_minor` in proportion to the weights, in whole minor units that sum to it exactly (largest remainder; of
    equal remainders the first). Weights that sum to nothing count as equal. At least one weight is needed."""
    whole = sum((Fraction(weight) for weight in weights), Fraction())
    if not whole:
        return allot(total_minor, [Fraction(total_minor, len(weights))] * len(weights))
    return allot(total_minor, [total_minor * Fraction(weight) / whole for weight in weights])


def allot(total_minor: int, exact: Sequence[Fraction]) -> list[int]:
    """Exact amounts, which sum to the total but for its rounding, as whole minor units that sum to it exactly. A
    negative total is the mirror of a positive one."""
    if len(exact) == 1:
        return [total_minor]
    if total_minor < 0:
        return [-part for part in allot(-total_minor, [-part for part in exact])]
    parts = [part.numerator // part.denominator for part in exact]
    missing = total_minor - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda at: parts[at] - exact[at])
    each, more = divmod(missing, len(parts))
    for place, at in enumerate(by_remainder):
        parts[at] += each + (place < more)
    return parts
