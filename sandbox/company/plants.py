"""Where discrepancies are planted: one per chosen invoice, and never a second problem beside it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from .catalogue import ANALYTICS, BETA, CORE, STORAGE, USAGE, list_price
from .contracts import Window
from .model import Billing, Contract, Customer, Order

SHARE_PERCENT = 20
KINDS = (
    "tax_id_missing",
    "amount_spike",
    "charge_missing",
    "posting_period_locked",
    "po_missing",
    "address_missing",
    "customer_on_hold",
    "discount_wrong",
    "currency_mismatch",
    "tax_mismatch",
    "seats_outdated",
    "charge_extra",
    "item_unmapped",
    "contract_expired",
    "discount_expired",
    "price_outdated",
    "duplicate_invoice",
    "terms_drift",
    "contract_unknown",
    "customer_unknown",
)
"""In the order in which places are dealt out: the scarcest places first."""
OF_THE_CUSTOMER = ("tax_id_missing", "address_missing", "customer_on_hold")
"""These make every open invoice of the customer wrong, so the customer may have only one."""
NOT_DETERMINISTIC = ("amount_spike",)


@dataclass(frozen=True, slots=True)
class Place:
    """An invoice to be that a discrepancy could be planted on."""

    billing: Billing
    contract: Contract
    customer: Customer
    alone: bool
    """The only unposted invoice of its customer."""

    def share_percent(self, code: str) -> int:
        """How much of the amount one product is."""
        day, prices = self.billing.start, self.contract.prices
        units = {c: self.contract.quantity(c, day) for c in prices} | {USAGE: self.contract.usage_mean}
        amounts = {c: units[c] * prices[c] for c in prices}
        return 100 * amounts.get(code, 0) // sum(amounts.values())


@dataclass(frozen=True, slots=True)
class Plan:
    """What was decided: facts that had to change, and the kind planted by (contract, turn)."""

    customers: list[Customer]
    contracts: list[Contract]
    kinds: dict[tuple[int, int], str]


def plan(
    rng: Random, customers: list[Customer], contracts: list[Contract], billings: list[list[Billing]], span: Window
) -> Plan:
    """Deal the kinds out evenly over the unposted invoices."""
    young, locked = _places(customers, contracts, billings, span)
    unposted = sum(billing.start > span.cutoff for spans in billings for billing in spans)
    quota = max(1, round(unposted * SHARE_PERCENT / 100 / len(KINDS)))
    decided = Plan(list(customers), list(contracts), {})
    used_contracts: set[int] = set()
    used_customers: set[int] = set()
    for places in (young, locked):
        rng.shuffle(places)
    for kind in KINDS:
        pool = locked if kind == "posting_period_locked" else young
        for place in _pick(kind, pool, quota, used_contracts, used_customers):
            used_contracts.add(place.contract.index)
            if kind in OF_THE_CUSTOMER:
                used_customers.add(place.customer.index)
            _decide(rng, decided, kind, place)
    return decided


def _places(
    customers: list[Customer], contracts: list[Contract], billings: list[list[Billing]], span: Window
) -> tuple[list[Place], list[Place]]:
    per_customer = Counter(
        contracts[billing.contract].customer for spans in billings for billing in spans if billing.start > span.cutoff
    )
    young, locked = [], []
    for contract, spans in zip(contracts, billings, strict=True):
        customer = customers[contract.customer]
        alone = per_customer[customer.index] == 1
        for billing in spans:
            place = Place(billing, contract, customer, alone)
            if billing.start > span.cutoff:
                if billing is spans[-1] and _is_plain(contract, billing, spans):
                    young.append(place)
            elif billing.start.replace(day=1) == span.locked_month and contract.end > span.anchor:
                locked.append(place)
    return young, locked


def _is_plain(contract: Contract, billing: Billing, spans: list[Billing]) -> bool:
    """Nothing else is going on at this turn: there is an earlier invoice, no amendment, no discount running out."""
    if billing.turn < 2 or contract.months > 3 or billing is spans[0]:
        return False
    if any(order.effective == billing.start for order in contract.orders):
        return False
    end = contract.discount_end
    return end is None or not (billing.start - timedelta(days=100) < end < billing.start)


def _pick(
    kind: str, pool: list[Place], quota: int, used_contracts: set[int], used_customers: set[int]
) -> Iterable[Place]:
    fits = FITS.get(kind, _anywhere)
    if not any(place.alone and fits(place) for place in pool):
        fits = IN_NEED.get(kind, fits)
    found = 0
    for place in pool:
        if found == quota:
            return
        free = place.contract.index not in used_contracts and place.customer.index not in used_customers
        if free and (place.alone or kind not in OF_THE_CUSTOMER) and fits(place):
            found += 1
            yield place


def missing_product(place: Place) -> str | None:
    """A product small enough to be forgotten without the total giving it away."""
    return next((code for code in (STORAGE, ANALYTICS, "HC-SUPPORT") if 2 <= place.share_percent(code) <= 18), None)


def _anywhere(place: Place) -> bool:
    return True


FITS: dict[str, Callable[[Place], bool]] = {
    "tax_id_missing": lambda place: (
        place.customer.entity in ("DE", "FR") and place.customer.country not in ("DE", "FR")
    ),
    "amount_spike": lambda place: place.share_percent(USAGE) >= 7,
    "charge_missing": lambda place: missing_product(place) is not None,
    "po_missing": lambda place: place.customer.po_required,
    "address_missing": lambda place: place.customer.country == "US",
    "tax_mismatch": lambda place: place.customer.entity in ("UK", "AU", "CA") or place.customer.country in ("DE", "FR"),
    "charge_extra": lambda place: STORAGE not in place.contract.prices or ANALYTICS not in place.contract.prices,
    "seats_outdated": lambda place: place.contract.quantity(CORE, place.billing.start) >= 5,
    "discount_wrong": lambda place: place.contract.discount_end is None,
    "contract_expired": lambda place: place.contract.discount_end is None,
}


IN_NEED: dict[str, Callable[[Place], bool]] = {
    "tax_id_missing": lambda place: place.customer.tax_id_type in ("eu_vat", "gb_vat"),
}
"""Second best, for companies so small that they have no place of the first choice."""


def _decide(rng: Random, decided: Plan, kind: str, place: Place) -> None:
    decided.kinds[(place.contract.index, place.billing.turn)] = kind
    customer, contract, start = place.customer, place.contract, place.billing.start
    match kind:
        case "tax_id_missing":
            decided.customers[customer.index] = replace(customer, has_tax_id=False)
        case "address_missing":
            decided.customers[customer.index] = replace(customer, has_address=False)
        case "customer_on_hold":
            decided.customers[customer.index] = replace(customer, on_hold=True)
        case "seats_outdated":
            more = max(1, contract.quantity(CORE, start) * rng.randint(8, 20) // 100)
            decided.contracts[contract.index] = _amended(contract, Order("Amendment", start, ((CORE, more),)))
        case "item_unmapped":
            decided.contracts[contract.index] = _with_beta(rng, contract, place)
        case "contract_expired":
            decided.contracts[contract.index] = replace(contract, end=start - timedelta(days=1), open_ended_items=True)
        case "discount_expired":
            last_day = start - timedelta(days=rng.randrange(1, 20))
            percent = contract.discount_percent or rng.choice((5, 8, 10))
            decided.contracts[contract.index] = replace(contract, discount_percent=percent, discount_end=last_day)


def _amended(contract: Contract, order: Order) -> Contract:
    return replace(contract, orders=(*contract.orders, order))


def _with_beta(rng: Random, contract: Contract, place: Place) -> Contract:
    price = list_price(BETA, contract.currency)
    amount = sum(contract.quantity(code, place.billing.start) * unit for code, unit in contract.prices.items())
    count = max(1, amount * rng.randint(4, 9) // 100 // price)
    grown = _amended(contract, Order("Amendment", place.billing.start, ((BETA, count),)))
    return replace(grown, prices=contract.prices | {BETA: price})
