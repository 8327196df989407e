"""Every way in which the company sells: what its contracts look like."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from ..catalogue import CORE, STORAGE, SUPPORT, USAGE, list_price
from ..ids import add_months
from ..model import Customer
from .model import Deal, Item, Pricing, Tier

METER = "api_calls"
HOURLY = (40, 260)
"""Thousands of API calls per hour."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a shape starts from; `months` have gone by since `start`."""

    rng: Random
    number: str
    customer: Customer
    start: date
    months: int

    @property
    def seats(self) -> int:
        low, high = {"Enterprise": (80, 320), "Mid-market": (30, 120)}.get(self.customer.segment, (5, 40))
        return self.rng.randint(low, high)

    def price(self, code: str) -> int:
        return list_price(code, self.customer.currency) * self.rng.randint(88, 100) // 100

    def deal(self, shape: str, *items: Item, months: int = 12, frequency: str = "Monthly") -> Deal:
        return Deal(
            number=self.number,
            shape=shape,
            customer=self.customer,
            start=self.start,
            end=add_months(self.start, months) - timedelta(days=1),
            frequency=frequency,
            items=items,
            currency=self.customer.currency,
            po_number=f"PO-{self.rng.randrange(10_000, 999_999)}" if self.customer.po_required else None,
        )

    def core(self, **changes: object) -> Item:
        item = Item(CORE, self.seats, self.price(CORE), self.start)
        return replace(item, **changes)  # type: ignore[arg-type]

    def used(self, shape: str, pricing: Pricing) -> Deal:
        """Usage alone, at hundredths of a minor unit per thousand calls where there are tiers."""
        item = Item(USAGE, 0, max(1, list_price(USAGE, self.customer.currency) // 10), self.start, pricing)
        return replace(self.deal(shape, item), hourly=self.rng.randint(*HOURLY) * 1000)


def _tiers(draft: Draft) -> tuple[Tier, ...]:
    base = list_price(USAGE, draft.customer.currency) * 10
    return Tier(20_000, base), Tier(80_000, base * 8 // 10), Tier(None, base * 6 // 10)


def usage_terms(model: str, **terms: object) -> Pricing:
    return replace(Pricing(kind="Usage", model=model, timing="Arrears", meter=METER), **terms)  # type: ignore[arg-type]


def per_seat(draft: Draft) -> Deal:
    storage = Item(STORAGE, draft.rng.randint(4, 30), draft.price(STORAGE), draft.start)
    return draft.deal("per_seat", draft.core(), storage)


def quarterly(draft: Draft) -> Deal:
    return draft.deal("quarterly", draft.core(), frequency="Quarterly")


def annual_prepaid(draft: Draft) -> Deal:
    support = Item(SUPPORT, 1, draft.price(SUPPORT), draft.start, Pricing(model="Flat"))
    return draft.deal("annual_prepaid", draft.core(), support, frequency="Annual")


def arrears(draft: Draft) -> Deal:
    return draft.deal("arrears", draft.core(pricing=Pricing(timing="Arrears")))


def platform(draft: Draft) -> Deal:
    fee = Item(SUPPORT, 1, draft.price(SUPPORT) * 3, draft.start, Pricing(model="Flat"), "Halden platform")
    return draft.deal("platform", fee)


def graduated(draft: Draft) -> Deal:
    return draft.used("graduated", usage_terms("Graduated", tiers=_tiers(draft)))


def volume(draft: Draft) -> Deal:
    return draft.used("volume", usage_terms("Volume", tiers=_tiers(draft)))


def package(draft: Draft) -> Deal:
    deal = draft.used("package", usage_terms("Package", package=10_000))
    price = list_price(USAGE, draft.customer.currency) * 800
    return replace(deal, items=(replace(deal.items[0], unit=price),))


def included(draft: Draft) -> Deal:
    """A platform fee with a quantity that nobody of these uses up; beyond it each thousand would cost."""
    deal = draft.used("included", usage_terms("Per Unit", included=400_000))
    fee = Item(SUPPORT, 1, draft.price(SUPPORT) * 4, draft.start, Pricing(model="Flat"), "Halden platform")
    return replace(deal, items=(fee, *deal.items))


def minimum(draft: Draft) -> Deal:
    least = list_price(USAGE, draft.customer.currency) * 6_000
    return draft.used("minimum", usage_terms("Graduated", tiers=_tiers(draft), minimum=least))


def commitment(draft: Draft) -> Deal:
    """Paid once in advance, and drawn down by what is used."""
    paid = list_price(USAGE, draft.customer.currency) * 20_000
    deal = draft.used("commitment", usage_terms("Graduated", tiers=_tiers(draft), commit=paid))
    ahead = Item(USAGE, 1, paid, draft.start, Pricing(kind="One-Time", model="Flat"), "API calls, prepaid")
    return replace(deal, items=(ahead, *deal.items))


def onboarding(draft: Draft) -> Deal:
    fee = Item(SUPPORT, 1, draft.price(SUPPORT) * 5, draft.start, Pricing(kind="One-Time", model="Flat"), "Onboarding")
    return draft.deal("onboarding", draft.core(), fee)


def milestone(draft: Draft) -> Deal:
    reached = add_months(draft.start, max(1, draft.months - 1))
    terms = Pricing(kind="Milestone", model="Flat", milestone=reached)
    fee = Item(SUPPORT, 1, draft.price(SUPPORT) * 20, draft.start, terms, "Migration accepted")
    return draft.deal("milestone", draft.core(), fee)


def ramp(draft: Draft) -> Deal:
    low = draft.price(CORE)
    steps = tuple((add_months(draft.start, month), low * (100 + 10 * month) // 100) for month in (1, 2, 6))
    return draft.deal("ramp", draft.core(unit=low, pricing=Pricing(ramp=steps)))


def discount(draft: Draft) -> Deal:
    """Ends in the middle of a period."""
    last = add_months(draft.start, 1) + timedelta(days=draft.rng.randrange(5, 20))
    percent = draft.rng.choice((10, 15, 20))
    return replace(draft.deal("discount", draft.core()), discount_percent=percent, discount_end=last)


def free_month(draft: Draft) -> Deal:
    return draft.deal("free_month", draft.core(pricing=Pricing(free_until=add_months(draft.start, 1))))


def upgrade(draft: Draft) -> Deal:
    first = draft.core()
    later = add_months(draft.start, 1) + timedelta(days=draft.rng.randrange(3, 20))
    more = replace(first, quantity=max(1, first.quantity // 5), start=later, revises=0)
    return draft.deal("upgrade", first, more)


def downgrade(draft: Draft) -> Deal:
    first = draft.core()
    later = add_months(draft.start, 1) + timedelta(days=draft.rng.randrange(3, 20))
    less = replace(first, quantity=-max(1, first.quantity // 6), start=later, revises=0)
    return draft.deal("downgrade", first, less)


def co_termed(draft: Draft) -> Deal:
    """An annual contract, and storage bought in the middle of it up to the same last day."""
    later = draft.start + timedelta(days=draft.rng.randrange(20, 40))
    storage = Item(STORAGE, draft.rng.randint(10, 40), draft.price(STORAGE), later)
    return draft.deal("co_termed", draft.core(), storage, frequency="Annual")


def renewal(draft: Draft) -> Deal:
    """A pilot that has just become the first of the following years."""
    pilot = draft.deal("renewal", draft.core(), months=max(1, draft.months - 1))
    return replace(pilot, auto_renews=True, uplift_percent=draft.rng.choice((3, 5, 7)))


def service_credit(draft: Draft) -> Deal:
    core = draft.core()
    amount = core.quantity * core.unit // 5
    terms = Pricing(kind="Credit", model="Flat")
    when = draft.start + timedelta(days=35)
    return draft.deal("service_credit", core, Item(CORE, 1, amount, when, terms, "Credit for the outage"))


def own_day(draft: Draft) -> Deal:
    """Billed on the fifteenth, whatever day it began."""
    return replace(draft.deal("own_day", draft.core()), anchor_day=15)


SHAPES: tuple[Callable[[Draft], Deal], ...] = (
    per_seat, annual_prepaid, graduated, upgrade, quarterly, minimum, discount, package, downgrade, platform, included,
    renewal, arrears, volume, onboarding, commitment, free_month, milestone, service_credit, ramp, co_termed, own_day,
)  # fmt: skip
