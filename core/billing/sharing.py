"""Intercompany: what other legal entities earn of a line becomes lines of their own, and nothing is lost.

Quantity, amount and discount are divided by percent; amounts by largest remainder, so that they sum to those of the
line. What is left stays with the entity that bills.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from core.billing import wording
from core.billing.holding import Unpriceable
from core.billing.model import Charge, RatedLine
from core.billing.rounding import split

_ALL = Decimal(100)


def shares_of(charge: Charge) -> list[tuple[str | None, Decimal]]:
    """(Entity, percent), the billing entity first as None; empty when nothing is shared. Raises Unpriceable."""
    if not charge.terms.shares:
        return []
    percents: dict[str, Decimal] = {}
    for share in charge.terms.shares:
        percents[share.entity] = percents.get(share.entity, Decimal(0)) + share.percent
    own = _ALL - sum(percents.values(), Decimal(0))
    if own < 0 or min(percents.values()) < 0:
        sentence = f"The shares of {charge.description} are not parts of one whole."
        raise Unpriceable(charge.key, "shares.beyond_whole", sentence)
    return [(None, own), *sorted(percents.items())]


def shared(line: RatedLine, shares: list[tuple[str | None, Decimal]], digits: int) -> list[RatedLine]:
    """The line itself, or its parts in the order of the shares; parts of nothing percent are left out."""
    parts = [(entity, percent) for entity, percent in shares if percent]
    if not parts or parts == [(None, _ALL)]:
        return [line]
    weights = [percent for _, percent in parts]
    amounts, discounts = split(line.amount_minor, weights), split(line.discount_minor, weights)
    return [
        replace(
            line,
            quantity=line.quantity * percent / _ALL,
            amount_minor=amount,
            discount_minor=discount,
            arithmetic=f"{line.arithmetic}; {_whose(entity)} {wording.percent(percent)}"
            f" = {wording.amount(amount - discount, digits)}",
            earned_by=entity,
        )
        for (entity, percent), amount, discount in zip(parts, amounts, discounts, strict=True)
    ]


def _whose(entity: str | None) -> str:
    return "our own share" if entity is None else f"share of {entity}"
