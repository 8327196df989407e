"""What a quantity costs: flat, per unit, by packages, by volume or graduated.

Recurring charges: per month, and times the months of the period. Usage: per period. What a line shows as quantity and
unit price gives its amount by multiplication wherever there is one price: flat 1 × the price, packages × the price of
a package. Graduated has no one price: the average per unit is shown, rounded to four decimals. Nothing costs nothing:
without a unit no tier is reached, and no flat fee is due.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from itertools import pairwise

from core.billing import wording
from core.billing.holding import TIERED, Unpriceable
from core.billing.model import Charge
from core.canonical.charges import Tier

_NOTHING, _ONE = Decimal(0), Decimal(1)
_FOUR_DECIMALS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Money:
    """The currency in which prices are written."""

    currency: str
    digits: int

    def price(self, value: Decimal) -> str:
        return wording.price(value, self.currency, self.digits)


@dataclass(frozen=True, slots=True)
class Priced:
    """`amount` in major units, not rounded. `words` say how it came about, without the result."""

    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    words: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A quantity, and the price or the tiers that hold for it."""

    quantity: Decimal
    unit_price: Decimal
    tiers: tuple[Tier, ...] = ()


def priced(charge: Charge, asked: Asked, money: Money) -> Priced:
    """Raises Unpriceable when the terms of the charge do not give a price."""
    return _MODELS[charge.terms.pricing](charge, asked, money)


def check(charge: Charge) -> None:
    """Raises Unpriceable when the charge cannot be priced whatever the quantity."""
    if charge.terms.pricing in TIERED:
        _check_tiers(charge)
    if charge.terms.pricing == "package" and (charge.terms.package_size or _NOTHING) <= 0:
        raise Unpriceable(
            charge.key, "price.no_package_size", f"The size of a package of {charge.description} is missing."
        )


def _check_tiers(charge: Charge) -> None:
    tiers = charge.terms.tiers
    if not tiers:
        raise Unpriceable(charge.key, "price.no_tiers", f"{charge.description} is priced by tiers, but there are none.")
    limits = [_NOTHING, *(tier.up_to for tier in tiers[:-1])]
    for lower, upper in pairwise(limits):
        if lower is None or upper is None or upper <= lower:
            break
    else:
        if tiers[-1].up_to is None:
            return
    raise Unpriceable(
        charge.key,
        "price.tiers_incomplete",
        f"The tiers of {charge.description} must rise, and the last one must have no upper limit.",
    )


def _flat(charge: Charge, asked: Asked, money: Money) -> Priced:
    return Priced(_ONE, asked.unit_price, asked.unit_price, f"flat {money.price(asked.unit_price)}")


def _per_unit(charge: Charge, asked: Asked, money: Money) -> Priced:
    words = f"{wording.units(asked.quantity)} × {money.price(asked.unit_price)}"
    return Priced(asked.quantity, asked.unit_price, asked.quantity * asked.unit_price, words)


def _package(charge: Charge, asked: Asked, money: Money) -> Priced:
    check(charge)
    size = charge.terms.package_size or _ONE
    packages = (asked.quantity / size).to_integral_value(ROUND_CEILING)
    noun = "package" if packages == 1 else "packages"
    words = (
        f"{wording.number(packages)} {noun} of {wording.number(size)} for {wording.units(asked.quantity)} "
        f"× {money.price(asked.unit_price)}"
    )
    return Priced(packages, asked.unit_price, packages * asked.unit_price, words)


def _volume(charge: Charge, asked: Asked, money: Money) -> Priced:
    """All units at the price of the tier that the quantity reaches; `up_to` still belongs to its tier."""
    check(charge)
    if asked.quantity <= 0:
        return _nothing(asked)
    tier = next(tier for tier in asked.tiers if tier.up_to is None or asked.quantity <= tier.up_to)
    words = f"{wording.units(asked.quantity)} × {money.price(tier.unit_price)} ({_reach(asked.tiers, tier)})"
    amount = asked.quantity * tier.unit_price + tier.flat_fee
    if tier.flat_fee:
        words = f"({words} + flat fee {money.price(tier.flat_fee)})"
    return Priced(asked.quantity, tier.unit_price, amount, words)


def _reach(tiers: tuple[Tier, ...], tier: Tier) -> str:
    if tier.up_to is not None:
        return f"all in the tier up to {wording.number(tier.up_to)}"
    below = tiers[-2].up_to if len(tiers) > 1 else None
    return "one tier for all" if below is None else f"all in the tier above {wording.number(below)}"


def _graduated(charge: Charge, asked: Asked, money: Money) -> Priced:
    """Each unit at the price of its own tier; the flat fee of every tier that is reached."""
    check(charge)
    if asked.quantity <= 0:
        return _nothing(asked)
    amount, below, words = _NOTHING, _NOTHING, []
    for tier in asked.tiers:
        above = asked.quantity if tier.up_to is None else min(asked.quantity, tier.up_to)
        amount += (above - below) * tier.unit_price + tier.flat_fee
        words.append(f"{wording.units(above - below)} × {money.price(tier.unit_price)}")
        if tier.flat_fee:
            words.append(f"flat fee {money.price(tier.flat_fee)}")
        below = above
        if above == asked.quantity:
            break
    average = (amount / asked.quantity).quantize(_FOUR_DECIMALS, ROUND_HALF_UP)
    joined = " + ".join(words)
    return Priced(asked.quantity, average, amount, f"({joined})" if len(words) > 1 else joined)


def _nothing(asked: Asked) -> Priced:
    price = asked.tiers[0].unit_price if asked.tiers else _NOTHING
    return Priced(_NOTHING, price, _NOTHING, "0 units")


_MODELS: dict[str, Callable[[Charge, Asked, Money], Priced]] = {
    "flat": _flat,
    "per_unit": _per_unit,
    "package": _package,
    "volume": _volume,
    "graduated": _graduated,
}
