"""Parts of a period, by day.

The part of a period costs: amount of the whole period × days covered / days of the whole period (its actual days, also
when the period is short because the agreement starts or ends inside it). What is held for a part of the days makes a
line of its own; the lines of a period sum to exactly what its unrounded total rounds to. With proration "none" a
period begun is charged whole, at the dearest of what was held in it; only free days are taken off, by day.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from core.billing import wording
from core.billing.anchors import Grid, grid_of
from core.billing.discounts import Discount, discount_of
from core.billing.holding import Held, held
from core.billing.model import Agreement, Charge, Span
from core.billing.pricing import Asked, Money, Priced, check, priced
from core.kit.money import exponent


@dataclass(frozen=True, slots=True)
class Deal:
    """A charge of an agreement, with what rating needs to know of it at every turn."""

    agreement: Agreement
    charge: Charge
    money: Money
    grid: Grid
    discount: Discount

    @property
    def digits(self) -> int:
        return self.money.digits


def deal_of(agreement: Agreement, charge: Charge, grid: Grid | None = None) -> Deal:
    """Raises Unpriceable, and UnknownCurrency. `grid`: periods in which to count, if not the charge's own."""
    money = Money(agreement.currency, exponent(agreement.currency))
    check(charge)
    return Deal(agreement, charge, money, grid or grid_of(agreement, charge), discount_of(agreement, charge))


@dataclass(frozen=True, slots=True)
class Piece:
    """What some days of one period cost. `exact` in minor units, not rounded; `monthly` in major units."""

    span: Span
    exact: Fraction
    priced: Priced
    words: str
    is_free: bool = False
    whole_days: int = 0  # of the period it is a part of, where it is one by day


def pieces(deal: Deal, span: Span) -> list[Piece]:
    """Every change of what is held makes a new piece; free days make pieces that cost nothing."""
    found: list[Piece] = []
    for part, whole in _by_period(deal.grid, span):
        holds = held(deal.agreement, deal.charge, part)
        if deal.charge.terms.proration == "none":
            found.extend(_undivided(deal, part, holds))
        else:
            for hold in holds:
                found.extend(_pieces(deal, hold, whole))
    return found


def _by_period(grid: Grid, span: Span) -> list[tuple[Span, Span]]:
    """The span cut where periods begin, each part with the whole period it belongs to. Usually there is one."""
    number = grid.number(span.starts_on)
    parts: list[tuple[Span, Span]] = []
    while True:
        whole = grid.period(number)
        part = span.overlap(whole)
        if part is None:
            return parts
        parts.append((part, whole))
        number += 1


def _pieces(deal: Deal, hold: Held, whole: Span) -> list[Piece]:
    found = []
    for price, quantity in hold.groups:
        cost = priced(deal.charge, Asked(quantity, price, hold.tiers), deal.money)
        words = f"{cost.words} × {wording.months(deal.grid.months)}"
        if hold.is_free:
            found.append(Piece(hold.span, Fraction(), cost, words, is_free=True))
            continue
        exact = _whole_minor(deal, cost)
        if hold.span.days != whole.days:
            words += f" × {hold.span.days} of {wording.days(whole.days)}"
            exact = exact * hold.span.days / whole.days
        found.append(Piece(hold.span, exact, cost, words, whole_days=whole.days))
    return found


def _whole_minor(deal: Deal, cost: Priced) -> Fraction:
    """The amount of a whole period in minor units, not rounded."""
    return Fraction((cost.amount * deal.grid.months).scaleb(deal.digits))


def _undivided(deal: Deal, part: Span, holds: list[Held]) -> list[Piece]:
    """A period begun, whole."""
    charged = [hold for hold in holds if not hold.is_free]
    free_days = sum(hold.span.days for hold in holds if hold.is_free)
    if not charged:
        return [piece for hold in holds for piece in _pieces(deal, hold, part)]
    costs = [[priced(deal.charge, Asked(q, p, hold.tiers), deal.money) for p, q in hold.groups] for hold in charged]
    dearest = max(costs, key=lambda cost: sum((each.amount for each in cost), Decimal(0)))
    span = Span(max(part.starts_on, charged[0].span.starts_on), part.ends_on)
    found = []
    for cost in dearest:
        words = f"{cost.words} × {wording.months(deal.grid.months)}"
        exact = _whole_minor(deal, cost)
        if free_days:
            words += f" × {part.days - free_days} of {wording.days(part.days)}"
            exact = exact * (part.days - free_days) / part.days
        found.append(Piece(span, exact, cost, words))
    return found
