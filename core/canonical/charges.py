"""How a charge is priced: the terms that a line of a contract carries beyond its quantity and unit price."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Tier(BaseModel):
    """Units up to and including `up_to` (None = all further) cost `unit_price` each, and `flat_fee` once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    up_to: Decimal | None
    unit_price: Decimal
    flat_fee: Decimal = Decimal(0)


class RampStep(BaseModel):
    """From `starts_on` on, this price per unit (and month) holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    starts_on: date
    unit_price: Decimal


class EntityShare(BaseModel):
    """The part of a charge that another legal entity earns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entity: str
    percent: Decimal


class ChargeTerms(BaseModel):
    """How a charge is priced beyond its quantity and unit price. Amounts in major units of the contract's currency.

    kind       recurring (per period) · usage (measured) · one_off (on its first day) · milestone (on `milestone_on`)
               · credit (a service credit: subtracts, once, on its first day)
    pricing    flat (price per period, whatever the quantity) · per_unit · package (per started `package_size`)
               · volume (all units at the price of the tier reached) · graduated (each unit at its own tier's price)
    timing     advance or arrears; usage is always in arrears
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["recurring", "usage", "one_off", "milestone", "credit"] = "recurring"
    pricing: Literal["flat", "per_unit", "package", "volume", "graduated"] = "per_unit"
    timing: Literal["advance", "arrears"] = "advance"
    # Months per period; None = the contract's billing frequency.
    frequency_months: int | None = None
    tiers: tuple[Tier, ...] = ()
    package_size: Decimal | None = None
    ramp: tuple[RampStep, ...] = ()
    # Usage: the meter, what is included per period, and what its price is beyond.
    meter: str | None = None
    included_quantity: Decimal = Decimal(0)
    # What a period costs at least; what is missing is billed as a true-up.
    minimum_amount: Decimal | None = None
    # Prepaid over the term and drawn down by usage; only what goes beyond is billed.
    commit_amount: Decimal | None = None
    # Nothing is charged for periods (or parts of them) before this day.
    free_until: date | None = None
    # None = the contract's discount.
    discount_percent: Decimal | None = None
    discount_ends_on: date | None = None
    milestone_on: date | None = None
    # "daily": parts of a period are charged by the day; "none": a period begun is charged whole.
    proration: Literal["daily", "none"] = "daily"
    shares: tuple[EntityShare, ...] = ()


def flaw_of(terms: ChargeTerms) -> str | None:
    """Why nothing may be priced by these terms, said of a line or a price ("has a minimum below zero"); None when it
    may. Held against what comes in, and again before anything is billed."""
    return next((told for is_wrong, told in _BOUNDS if is_wrong(terms)), None)


def _numbers(terms: ChargeTerms) -> list[Decimal]:
    stated = (terms.included_quantity, terms.minimum_amount, terms.commit_amount, terms.package_size)
    return [each for each in (*stated, *_prices(terms), *(tier.up_to for tier in terms.tiers)) if each is not None]


def _prices(terms: ChargeTerms) -> list[Decimal]:
    return [
        *(tier.unit_price for tier in terms.tiers),
        *(tier.flat_fee for tier in terms.tiers),
        *(step.unit_price for step in terms.ramp),
    ]


# Ten digits before the point are what quantities and prices are kept with.
_MOST = Decimal(10) ** 10
_BOUNDS: tuple[tuple[Callable[[ChargeTerms], bool], str], ...] = (
    (lambda t: t.included_quantity < 0, "includes a quantity below zero"),
    (lambda t: (t.minimum_amount or 0) < 0, "has a minimum below zero"),
    (lambda t: (t.commit_amount or 0) < 0, "has a commitment below zero"),
    (lambda t: any(price < 0 for price in _prices(t)), "has a price below zero among its tiers or steps"),
    (lambda t: not 0 <= (t.discount_percent or 0) <= 100, "has a discount that is not between 0 and 100 percent"),
    (lambda t: any(share.percent < 0 for share in t.shares), "has a share below zero"),
    (lambda t: sum(share.percent for share in t.shares) > 100, "is shared out beyond the whole of it"),
    (lambda t: t.frequency_months is not None and t.frequency_months < 1, "is billed in periods of no length"),
    (lambda t: any(abs(number) >= _MOST for number in _numbers(t)), "names a number beyond what can be billed"),
)
