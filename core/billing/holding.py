"""What is held on which days: the steps of a charge laid over a span.

Quantities of steps add up. A ramp overrides the price of all of them from its day on. Days on which nothing is held
are left out: no step is in effect, or later steps have brought the quantity back to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.billing.model import Agreement, Charge, Span, Step, Unratable
from core.billing.renewing import (
    is_end_of_term,
    raised,
    raised_tiers,
    raises,
    renewals_in,
    renews,
    term_end,
)
from core.canonical.charges import Tier

TIERED = frozenset({"volume", "graduated"})


class Unpriceable(Exception):
    """Carries the problem of one charge to where it becomes an outcome."""

    def __init__(self, charge_key: str, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.problem = Unratable(charge_key, code, sentence)


@dataclass(frozen=True, slots=True)
class Held:
    """The same quantities at the same prices on all days of the span. `groups`: (unit price, quantity) by price."""

    span: Span
    groups: tuple[tuple[Decimal, Decimal], ...]
    tiers: tuple[Tier, ...]
    is_free: bool

    @property
    def quantity(self) -> Decimal:
        return sum((quantity for _, quantity in self.groups), Decimal(0))


def step_end(agreement: Agreement, step: Step) -> date | None:
    """The first day after a step. One that ends with the term is renewed with it; none outlives the term."""
    end = term_end(agreement)
    if step.ends_on is None or (renews(agreement) and is_end_of_term(agreement, step.ends_on)):
        return end
    return step.ends_on if end is None else min(step.ends_on, end)


def lifetime(agreement: Agreement, charge: Charge) -> tuple[date, date | None] | None:
    """The first day of a charge and the first day after it (None = no end); None when it is never in effect."""
    starts, ends = [], []
    for step in charge.steps:
        first, last = max(step.starts_on, agreement.starts_on), step_end(agreement, step)
        if last is None or first < last:
            starts.append(first)
            ends.append(last)
    if not starts:
        return None
    known = [end for end in ends if end is not None]
    return min(starts), max(known) if len(known) == len(ends) else None


def held(agreement: Agreement, charge: Charge, span: Span) -> list[Held]:
    """The days of the span on which something is held, cut wherever quantity, price or being free changes."""
    live = list(_live(agreement, charge, span))
    found: list[Held] = []
    for part in _parts(span, _cuts(agreement, charge, span, live)):
        steps = [step for days, step in live if days.starts_on <= part.starts_on and part.ends_on <= days.ends_on]
        if not _is_on(charge, steps):
            continue
        now = _held(agreement, charge, part, steps)
        if found and _goes_on(found[-1], now):
            found[-1] = Held(Span(found[-1].span.starts_on, part.ends_on), now.groups, now.tiers, now.is_free)
        else:
            found.append(now)
    return found


def _live(agreement: Agreement, charge: Charge, span: Span) -> Iterator[tuple[Span, Step]]:
    first = max(span.starts_on, agreement.starts_on)
    for step in charge.steps:
        end = step_end(agreement, step)
        starts_on = max(step.starts_on, first)
        ends_on = span.ends_on if end is None else min(end, span.ends_on)
        if starts_on < ends_on:
            yield Span(starts_on, ends_on), step


def _cuts(agreement: Agreement, charge: Charge, span: Span, live: Sequence[tuple[Span, Step]]) -> set[date]:
    cuts = {day for days, _ in live for day in (days.starts_on, days.ends_on)}
    cuts.update(step.starts_on for step in charge.terms.ramp)
    if charge.terms.free_until is not None:
        cuts.add(charge.terms.free_until)
    if agreement.auto_renews and agreement.uplift_percent:
        cuts.update(renewals_in(agreement, span))
    return cuts


def _parts(span: Span, cuts: set[date]) -> Iterator[Span]:
    inside = sorted(day for day in cuts if span.starts_on < day < span.ends_on)
    first = span.starts_on
    for day in inside:
        yield Span(first, day)
        first = day
    yield Span(first, span.ends_on)


def _is_on(charge: Charge, steps: Sequence[Step]) -> bool:
    """A single step of usage or of a flat price may have the quantity 0. Otherwise nothing is held at 0."""
    if not steps:
        return False
    total = sum((step.quantity for step in steps), Decimal(0))
    if total < 0:
        sentence = f"The quantities of {charge.description} add up to {total:f}."
        raise Unpriceable(charge.key, "price.negative_quantity", sentence)
    is_counted = charge.terms.kind != "usage" and charge.terms.pricing != "flat"
    return total > 0 or (len(steps) == 1 and not is_counted)


def _held(agreement: Agreement, charge: Charge, span: Span, steps: Sequence[Step]) -> Held:
    terms = charge.terms
    is_free = terms.free_until is not None and span.ends_on <= terms.free_until
    if terms.pricing in TIERED:
        times = raises(agreement, min(step.starts_on for step in charge.steps), span.starts_on)
        total = sum((step.quantity for step in steps), Decimal(0))
        return Held(span, ((Decimal(0), total),), raised_tiers(agreement, terms.tiers, times), is_free)
    prices = [(_price(agreement, charge, step, span.starts_on), step) for step in steps]
    if terms.pricing == "per_unit" and terms.kind != "usage":
        return Held(span, _grouped(prices), (), is_free)
    total = sum((step.quantity for step in steps), Decimal(0))
    return Held(span, ((_latest(prices), total),), (), is_free)


def _price(agreement: Agreement, charge: Charge, step: Step, day: date) -> Decimal:
    """The step's price on a day, or that of the ramp, raised by the renewals since it was agreed."""
    price, agreed_for = step.unit_price, step.starts_on
    begun = [ramp for ramp in charge.terms.ramp if ramp.starts_on <= day]
    if begun:
        latest = max(begun, key=lambda ramp: (ramp.starts_on, ramp.unit_price))
        price, agreed_for = latest.unit_price, latest.starts_on
    return raised(agreement, price, raises(agreement, agreed_for, day))


def _grouped(prices: Sequence[tuple[Decimal, Step]]) -> tuple[tuple[Decimal, Decimal], ...]:
    if len(prices) == 1:
        return ((prices[0][0], prices[0][1].quantity),)
    groups: dict[Decimal, Decimal] = {}
    for price, step in prices:
        groups[price] = groups.get(price, Decimal(0)) + step.quantity
    return tuple(sorted((price, quantity) for price, quantity in groups.items() if quantity))


def _latest(prices: Sequence[tuple[Decimal, Step]]) -> Decimal:
    """Where one price holds for all: that of the step which came last. A step that takes away brings no price."""
    given = [pair for pair in prices if pair[1].quantity >= 0] or list(prices)
    return max(given, key=lambda pair: (pair[1].starts_on, pair[0]))[0]


def _goes_on(before: Held, now: Held) -> bool:
    return (
        before.span.ends_on == now.span.starts_on
        and before.groups == now.groups
        and before.tiers == now.tiers
        and before.is_free == now.is_free
    )
