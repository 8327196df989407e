"""Contracts of every shape, for properties that hold for all of them.

Hypothesis chooses the shape (kinds, pricing, currency, periods), which is what it makes small when something fails;
prices, quantities and days are dealt out of one number that it chooses as well, because thousands of contracts of a
hundred choices each would take minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import strategies as st

from core.billing.model import Agreement, Charge, Step
from core.canonical import ChargeTerms
from core.canonical.charges import EntityShare, RampStep, Tier

START = date(2023, 1, 1)
DAYS = st.integers(0, 800).map(lambda days: START + timedelta(days=days))
PERCENTS = [Decimal(each) for each in ("0", "5", "12.5", "33.3333", "100")]
QUANTITIES = [Decimal(each) for each in ("1", "2", "7", "40", "2.5", "1001")]
# Two, none and three decimals.
CURRENCIES = ["USD", "EUR", "JPY", "KRW", "KWD", "BHD"]
PRICINGS = ["per_unit", "flat", "package", "volume", "graduated"]
ANY_KIND = ("recurring", "usage", "one_off", "milestone", "credit")
TIERS = (
    Tier(up_to=Decimal(5), unit_price=Decimal("3.335"), flat_fee=Decimal("1.005")),
    Tier(up_to=Decimal(50), unit_price=Decimal("2.1")),
    Tier(up_to=None, unit_price=Decimal("0.9999"), flat_fee=Decimal(10)),
)


def day(random: Random) -> date:
    return START + timedelta(days=random.randrange(800))


def price(random: Random) -> Decimal:
    return Decimal(random.randrange(10_000_000)).scaleb(-4)


def maybe(random: Random, found: Any) -> Any:
    return random.choice([None, found])


def steps(random: Random) -> tuple[Step, ...]:
    """A first quantity, changes on top of it, and never less than nothing."""
    first, at = day(random), price(random)
    found = [Step(first, None, random.choice(QUANTITIES), at)]
    for _ in range(random.randrange(3)):
        since = first + timedelta(days=random.randrange(500))
        last = maybe(random, since + timedelta(days=random.randrange(1, 300)))
        found.append(Step(since, last, Decimal(random.randrange(1, 10)), random.choice([at, at + 1])))
    if random.random() < 0.3:
        since = first + timedelta(days=random.randrange(500))
        found.append(Step(since, None, -found[0].quantity, at))
    return tuple(found)


def terms(random: Random, kind: str, pricing: str) -> ChargeTerms:
    said: dict[str, Any] = {"kind": kind, "pricing": pricing, "timing": random.choice(["advance", "arrears"])}
    said |= {"tiers": TIERS, "package_size": Decimal(10), "frequency_months": random.choice([None, None, 1, 3])}
    said["ramp"] = tuple(
        RampStep(starts_on=day(random), unit_price=price(random)) for _ in range(random.choice([0, 0, 1, 2]))
    )
    said["free_until"] = maybe(random, day(random))
    said["minimum_amount"] = maybe(random, price(random))
    said["proration"] = random.choice(["daily", "daily", "none"])
    said["discount_percent"] = maybe(random, random.choice(PERCENTS))
    said["discount_ends_on"] = maybe(random, day(random))
    said["milestone_on"] = day(random) if kind == "milestone" else None
    if kind == "usage":
        said |= {"meter": "calls", "included_quantity": random.choice([Decimal(0), Decimal(100)])}
        said["commit_amount"] = maybe(random, price(random))
    return ChargeTerms.model_validate(said)


@st.composite
def agreements(draw: st.DrawFn, kinds: Sequence[str] = ANY_KIND, most: int = 3, **fixed: Any) -> Agreement:
    """`fixed`: terms of all charges that are not left to chance."""
    shapes = draw(st.lists(st.tuples(st.sampled_from(kinds), st.sampled_from(PRICINGS)), min_size=1, max_size=most))
    currency, months = draw(st.sampled_from(CURRENCIES)), draw(st.sampled_from([1, 2, 3, 6, 12]))
    length, anchor_day = draw(st.sampled_from([None, 31, 92, 365, 400, 731])), draw(st.sampled_from([1, 15, 29, 31, 0]))
    random = Random(draw(st.integers(0, 2**32)))
    starts_on = day(random)
    return Agreement(
        number="C-1",
        currency=currency,
        starts_on=starts_on,
        ends_on=None if length is None else starts_on + timedelta(days=length),
        frequency_months=months,
        anchor_day=anchor_day or starts_on.day,
        charges=tuple(
            Charge(f"c{at}", f"P{at}", "Product", terms(random, *shape).model_copy(update=fixed), steps(random))
            for at, shape in enumerate(shapes)
        ),
        discount_percent=random.choice(PERCENTS),
        discount_ends_on=maybe(random, day(random)),
        auto_renews=draw(st.booleans()),
        renewal_months=random.choice([1, 6, 12]),
        uplift_percent=random.choice([Decimal(0), Decimal(5), Decimal("3.25")]),
    )


def shares(random: Random) -> tuple[EntityShare, ...]:
    percents = random.choices(["1", "12.5", "33.3333"], k=random.randrange(1, 4))
    return tuple(EntityShare(entity=f"E{at}", percent=Decimal(each)) for at, each in enumerate(percents))
