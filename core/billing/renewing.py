"""The term of an agreement, its renewals, and what they do to a price.

A price holds from the day for which it was agreed; every renewal after that day raises it by the uplift, one upon the
other: price × (1 + uplift)ⁿ, rounded once to four decimals, half up. So a price agreed for a day after a renewal, or
for the very day of it, is not raised by that renewal. Amounts that are not prices (minimum, commitment) and what is
billed once (one-off, milestone, credit) are not raised.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from core.billing.anchors import add_months, month_of
from core.billing.model import Agreement, Span
from core.canonical.charges import Tier

_FOUR_DECIMALS = Decimal("0.0001")


def renews(agreement: Agreement) -> bool:
    return agreement.auto_renews and agreement.ends_on is not None and agreement.renewal_months > 0


def term_end(agreement: Agreement) -> date | None:
    """The first day after the term; None when it goes on, by renewal or without end."""
    return None if renews(agreement) else agreement.ends_on


def renewals_by(agreement: Agreement, day: date) -> int:
    """How many renewals there have been by `day`; one that begins on it counts."""
    if not renews(agreement) or agreement.ends_on is None or day < agreement.ends_on:
        return 0
    number = (month_of(day) - month_of(agreement.ends_on)) // agreement.renewal_months
    return number + 1 if add_months(agreement.ends_on, number * agreement.renewal_months) <= day else number


def renewals_in(agreement: Agreement, span: Span) -> Iterator[date]:
    """The days of renewals after the first day of the span."""
    if agreement.ends_on is None:
        return
    for number in range(renewals_by(agreement, span.starts_on), renewals_by(agreement, span.ends_on)):
        yield add_months(agreement.ends_on, number * agreement.renewal_months)


def term_start(agreement: Agreement, day: date) -> date:
    """The first day of the term of `day`, the first or a renewed one."""
    number = renewals_by(agreement, day)
    if number == 0 or agreement.ends_on is None:
        return agreement.starts_on
    return add_months(agreement.ends_on, (number - 1) * agreement.renewal_months)


def is_end_of_term(agreement: Agreement, day: date) -> bool:
    """Whether a term, the first or a renewed one, ends right before the day."""
    return renewals_by(agreement, day) > 0 and term_start(agreement, day) == day


def raises(agreement: Agreement, agreed_for: date, day: date) -> int:
    """How often a price agreed for one day has been raised by another."""
    if not agreement.auto_renews or not agreement.uplift_percent:
        return 0
    return max(renewals_by(agreement, day) - renewals_by(agreement, agreed_for), 0)


def raised(agreement: Agreement, price: Decimal, times: int) -> Decimal:
    return _raised(price, agreement.uplift_percent, times) if times else price


@lru_cache(maxsize=4096)
def _raised(price: Decimal, percent: Decimal, times: int) -> Decimal:
    return (price * (1 + percent / 100) ** times).quantize(_FOUR_DECIMALS, ROUND_HALF_UP)


def raised_tiers(agreement: Agreement, tiers: tuple[Tier, ...], times: int) -> tuple[Tier, ...]:
    """Tiers with their prices and flat fees raised."""
    if not times:
        return tiers
    return tuple(
        Tier(
            up_to=tier.up_to,
            unit_price=raised(agreement, tier.unit_price, times),
            flat_fee=raised(agreement, tier.flat_fee, times),
        )
        for tier in tiers
    )
