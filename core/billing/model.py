"""What is rated, and what comes out.

Periods are half-open: `ends_on` of a Span is the first day after it. Quantities and prices are Decimal, in major units;
amounts are minor units of the agreement's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from core.canonical import ChargeTerms

SlotKind = Literal["recurring", "usage", "one_off", "milestone", "credit", "true_up", "drawdown", "adjustment"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Days from `starts_on` up to, not including, `ends_on`."""

    starts_on: date
    ends_on: date

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days

    def overlap(self, other: Span) -> Span | None:
        """The days both have in common, or None."""
        first, last = max(self.starts_on, other.starts_on), min(self.ends_on, other.ends_on)
        return Span(first, last) if first < last else None


@dataclass(frozen=True, slots=True)
class Step:
    """A quantity (a change, when positive or negative on top of others) at a price, in effect for some days.

    `ends_on` is the first day after, None = to the end of the agreement. The steps of a charge add up.
    """

    starts_on: date
    ends_on: date | None
    quantity: Decimal
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Charge:
    """One thing sold under an agreement. `key` is stable over amendments."""

    key: str
    product_code: str
    description: str
    terms: ChargeTerms
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What billing needs to know of a contract. `ends_on` is the first day after its term; None = open-ended.

    `frequency_months`: 1, 3 or 12, or any customer-specific number. `anchor_day`: day of the month on which periods
    begin (29-31 fall on the last day of shorter months); the first period is short when the contract starts elsewhere.
    Renewals: with `auto_renews` the term goes on by `renewal_months` at prices raised by `uplift_percent` each time.
    """

    number: str
    currency: str
    starts_on: date
    ends_on: date | None
    frequency_months: int
    anchor_day: int
    charges: tuple[Charge, ...]
    discount_percent: Decimal = Decimal(0)
    discount_ends_on: date | None = None  # last day of the discount
    auto_renews: bool = False
    renewal_months: int = 12
    uplift_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Slot:
    """A charge for one period, to be billed on a day."""

    charge_key: str
    kind: SlotKind
    span: Span
    bill_on: date


@dataclass(frozen=True, slots=True)
class RatedLine:
    """A line of an invoice before tax. Net = amount_minor - discount_minor.

    `unit_price` is per unit (and month, for recurring charges) in major units; `arithmetic` says in words how the
    amount came about, with the numbers in it. `earned_by`: another legal entity's share (intercompany).
    """

    charge_key: str
    product_code: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    amount_minor: int
    discount_minor: int
    span: Span
    arithmetic: str
    kind: SlotKind
    earned_by: str | None = None

    @property
    def net_minor(self) -> int:
        return self.amount_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class Measured:
    """Usage of one charge: of the period that is billed, and before it since the agreement's term began (drawdown)."""

    quantity: Decimal = Decimal(0)
    # Net amount of usage before this period that the commitment has already paid, minor units.
    drawn_minor: int = 0


Usage = Mapping[str, Measured]


@dataclass(frozen=True, slots=True)
class Unratable:
    """A charge that cannot be priced as it stands; becomes a case instead of a line."""

    charge_key: str
    code: str  # price.no_tiers | price.unknown_currency | price.negative_quantity | ...
    sentence: str


@dataclass(frozen=True, slots=True)
class Rated:
    """The outcome for the slots of one invoice."""

    lines: tuple[RatedLine, ...]
    problems: tuple[Unratable, ...] = ()
    # Of commitments: how much of them is drawn after this invoice, per charge.
    drawn_minor: Mapping[str, int] = field(default_factory=dict)
