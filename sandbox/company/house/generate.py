"""The contracts of a seed, a scale and a day: the same three always give the same contracts."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from random import Random

from ..ids import add_months
from ..model import Customer, World
from .faults import FAULTS, STRANGER
from .leaks import leaking
from .model import Deal, Label
from .people import newcomer, people
from .selling import Sales, sales
from .shapes import SHAPES, Draft

AT_SCALE_ONE = 120
FIRST_NUMBER = 40_001
FIRST_FAULT = 45_001
FIRST_LATER = 80_001
BY_HAND_PERCENT = 6


@dataclass(frozen=True, slots=True)
class House:
    """`deals` are billed by the product, wrong ones among them; `leaks` by Stripe, each of them wrong; `sales`: what
    was sold with all of them, and what came to nothing."""

    seed: int
    anchor: date
    deals: tuple[Deal, ...]
    labels: tuple[Label, ...]
    leaks: World
    sales: Sales


def house(scale: Decimal, seed: int, anchor: date) -> House:
    """Each shape at least once, and each planted error."""
    how_many = max(len(SHAPES), int(AT_SCALE_ONE * scale))
    copies = max(1, int(2 * scale))
    wrong = copies * len(FAULTS)
    customers = people(seed, how_many + wrong, add_months(anchor, -8), anchor)
    deals = [_deal(seed, place, customers[place], anchor) for place in range(how_many)]
    planted = [
        FAULTS[place % len(FAULTS)](_draft(seed, FIRST_FAULT + place, customers[how_many + place], anchor))
        for place in range(wrong)
    ]
    leaks, labels, sold = leaking(seed, copies, anchor)
    every = (*deals, *(deal for deal, _ in planted))
    told = sales(seed, anchor, every, (leaks, sold))
    return House(seed, anchor, every, (*(label for _, label in planted), STRANGER, *labels, *told.labels), leaks, told)


def signed_later(seed: int, place: int, day: date) -> Deal:
    """The n-th contract that was signed while the company lived; it begins on that day."""
    number = f"{FIRST_LATER + place:08d}"
    rng = Random(f"{seed}:house:{number}")
    draft = Draft(rng, number, newcomer(seed, place, day), day.replace(day=min(day.day, 28)), 2)
    return SHAPES[place % len(SHAPES)](draft)


def _deal(seed: int, place: int, customer: Customer, anchor: date) -> Deal:
    draft = _draft(seed, FIRST_NUMBER + place, customer, anchor)
    deal = SHAPES[place % len(SHAPES)](draft)
    return replace(deal, by_hand=draft.rng.randrange(100) < BY_HAND_PERCENT)


def _draft(seed: int, number: int, customer: Customer, anchor: date) -> Draft:
    """Begun two or three months ago, so that there is something to bill and not more."""
    rng = Random(f"{seed}:house:{number}")
    months = rng.choice((2, 2, 3))
    start = add_months(anchor.replace(day=1), -months).replace(day=rng.choice((1, 1, rng.randrange(2, 21))))
    return Draft(rng, f"{number:08d}", customer, start, months)
