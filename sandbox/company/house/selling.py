"""What was sold with the contracts that the product bills, and deals that came to nothing: won, and no contract."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from .. import pipeline
from ..catalogue import USAGE, list_price
from ..ids import add_months
from ..model import Customer, World
from ..money import rounded, text
from ..pipeline import WON, Sale
from ..vendor import Doc
from .model import Deal, Item, Label
from .to_salesforce import contract_id

Told = tuple[Customer, Sale]
LOST_PER_COPY = 2
NAMES = ("data residency", "sandbox tenants", "premium onboarding", "audit package")


@dataclass(frozen=True, slots=True)
class Sales:
    """Everything sold, and the labels of what came to nothing."""

    told: tuple[Told, ...]
    labels: tuple[Label, ...]

    def docs(self, seed: int, today: date) -> tuple[list[Doc], list[Doc]]:
        """Opportunities and quotes."""
        deals = [pipeline.opportunity(seed, customer, sale, today) for customer, sale in self.told]
        offers = [pipeline.quote(seed, customer, sale, today) for customer, sale in self.told if sale.quote]
        return deals, offers


def sales(seed: int, anchor: date, deals: tuple[Deal, ...], leaks: tuple[World, dict[str, int]]) -> Sales:
    """`leaks`: contracts that Stripe bills, and what was sold with them where that is more than they say."""
    world, sold = leaks
    told = [(deal.customer, sale_of(seed, deal)) for deal in deals]
    for contract in world.contracts:
        customer = world.customers[contract.customer]
        right = pipeline.sale_of(seed, contract, customer)
        told.append((customer, replace(right, amount=sold.get(contract.number, right.amount))))
    right_deals = [deal for deal in deals if deal.fault is None]
    copies = max(1, len(sold))
    lost = [
        _lost(seed, place, deal.customer, anchor) for place, deal in enumerate(right_deals[: copies * LOST_PER_COPY])
    ]
    labels = [_label(sale) for _, sale in lost]
    return Sales((*told, *lost), tuple(labels))


def sale_of(seed: int, deal: Deal) -> Sale:
    """In the customer's own currency, also where the contract says another by mistake."""
    return Sale(
        key=deal.number,
        name=f"{deal.customer.name}: contract {deal.number}",
        stage=WON,
        close=deal.start - timedelta(days=3),
        amount=worth(deal),
        currency=deal.customer.currency,
        contract=contract_id(seed, deal),
        quote=deal.number if int(deal.number) % 4 else None,
        po_number=deal.po_number,
    )


def _lost(seed: int, place: int, customer: Customer, anchor: date) -> Told:
    """Won weeks ago; whoever was to write the contract has forgotten it."""
    rng = Random(f"{seed}:lost:{place}")
    close = anchor - timedelta(days=rng.randrange(25, 70))
    amount = rng.randrange(40, 400) * 10_000
    name = f"{customer.name}: {NAMES[place % len(NAMES)]}"
    number = f"{90_001 + place:08d}" if place % 2 else None
    return customer, Sale(f"lost:{place}", name, WON, close, amount, customer.currency, quote=number)


def _label(sale: Sale) -> Label:
    detail = f"“{sale.name}” was won on {sale.close} for {text(sale.amount)}, and there is no contract."
    return Label(
        "sale_uncontracted", "", detail, ("sale.uncontracted",), subject=sale.name, sold=sale.amount,
        currency=sale.currency,
    )  # fmt: skip


# --- what a deal comes to --------------------------------------------------------------------------------------------


def worth(deal: Deal) -> int:
    """What was signed, over the first term; of usage some estimate, as people who sell it make one."""
    items = [item for item in deal.items if item.revises is None and item.start <= deal.start]
    return sum(_item(deal, item) for item in items if item.pricing.kind != "Credit")


def _item(deal: Deal, item: Item) -> int:
    terms = item.pricing
    if terms.kind in ("One-Time", "Milestone"):
        return item.quantity * item.unit
    if terms.kind == "Usage":
        return (terms.minimum or list_price(USAGE, deal.customer.currency) * 500) * len(_months(deal))
    units = 1 if terms.model == "Flat" else item.quantity
    return sum(_month(deal, item, units, day) for day in _months(deal))


def _months(deal: Deal) -> list[date]:
    """The first days of the months of the term."""
    found: list[date] = []
    while (day := add_months(deal.start, len(found))) <= deal.end:
        found.append(day)
    return found


def _month(deal: Deal, item: Item, units: int, day: date) -> int:
    if item.pricing.free_until is not None and day < item.pricing.free_until:
        return 0
    unit = next((unit for since, unit in reversed(item.pricing.ramp) if since <= day), item.unit)
    return units * unit - rounded(units * unit * deal.discount_percent * _discounted(deal, day), 100 * _days(day))


def _days(day: date) -> int:
    return (add_months(day, 1) - day).days


def _discounted(deal: Deal, day: date) -> int:
    """Days of the month with the discount."""
    if deal.discount_end is None:
        return _days(day)
    return max(0, min(_days(day), (deal.discount_end - day).days + 1))
