"""How a charge is priced: the terms that a line of a contract carries beyond its quantity and unit price."""

from __future__ import annotations

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
