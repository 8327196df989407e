"""How each kind of discrepancy spoils a right invoice. Each function returns the invoice as it was really issued."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from .billing import lines, priced, tax_points
from .catalogue import ANALYTICS, CORE, STORAGE, USAGE, list_price
from .contracts import Window
from .ids import midnight
from .model import Billing, Contract, Customer, Flaw, Invoice, Line
from .money import rounded, text
from .plants import NOT_DETERMINISTIC


@dataclass(frozen=True, slots=True)
class Scene:
    """The right invoice and the facts around it."""

    right: Invoice
    contract: Contract
    customer: Customer
    span: Window
    seed: int

    @property
    def rng(self) -> Random:
        return Random(f"{self.seed}:flaw:{self.right.key}")


Spoiled = tuple[Invoice, str]


def spoil(kind: str, scene: Scene) -> Spoiled:
    """The invoice as issued, and one sentence with both values."""
    invoice, detail = SPOILERS[kind](scene)
    return replace(invoice, flaw=kind), detail


def flaw(invoice: Invoice, right: Invoice, detail: str, place: int) -> Flaw:
    """The label. Money: what is billed too much; the whole total when the amount is right or nothing is due at all."""
    assert invoice.flaw is not None
    money = invoice.total - right.total
    if invoice.flaw == "duplicate_invoice" or money == 0:
        money = invoice.total
    return Flaw(invoice.flaw, place, detail, money, invoice.flaw not in NOT_DETERMINISTIC)


def _repriced(scene: Scene, code: str, unit: int) -> tuple[Line, ...]:
    """All lines again, with another unit price for one product."""
    other = replace(scene.contract, prices=scene.contract.prices | {code: unit})
    return lines(other, scene.customer, _billing(scene), scene.seed)


def _billing(scene: Scene) -> Billing:
    return Billing(scene.contract.index, scene.right.turn, scene.right.start, scene.right.end)


def _price_outdated(scene: Scene) -> Spoiled:
    agreed = scene.contract.prices[CORE]
    old = rounded(agreed * (100 - scene.rng.randint(4, 9)), 100)
    detail = f"{CORE} is billed at {text(old)} per month, the contract says {text(agreed)}."
    return replace(scene.right, lines=_repriced(scene, CORE, old)), detail


def _seats_outdated(scene: Scene) -> Spoiled:
    before = replace(scene.contract, orders=scene.contract.orders[:-1])
    billed = before.quantity(CORE, scene.right.start)
    agreed = scene.contract.quantity(CORE, scene.right.start)
    detail = f"{CORE} is billed for {billed} seats, the contract has {agreed} since its amendment."
    return replace(scene.right, lines=lines(before, scene.customer, _billing(scene), scene.seed)), detail


def _discounted(scene: Scene, percent: int, last_day: date | None) -> tuple[Line, ...]:
    other = replace(scene.contract, discount_percent=percent, discount_end=last_day)
    return lines(other, scene.customer, _billing(scene), scene.seed)


def _discount_wrong(scene: Scene) -> Spoiled:
    agreed = scene.contract.discount_percent
    given = agreed - 5 if agreed >= 10 else agreed + 5
    detail = f"A discount of {given} % is given, the contract says {agreed} %."
    return replace(scene.right, lines=_discounted(scene, given, None)), detail


def _discount_expired(scene: Scene) -> Spoiled:
    percent, last_day = scene.contract.discount_percent, scene.contract.discount_end
    detail = f"A discount of {percent} % is given from {scene.right.start}, it ended on {last_day}."
    return replace(scene.right, lines=_discounted(scene, percent, None)), detail


def _po_missing(scene: Scene) -> Spoiled:
    detail = f"The invoice has no purchase order number, the contract has {scene.contract.po_number}."
    return replace(scene.right, po_number=None), detail


def _tax_id_missing(scene: Scene) -> Spoiled:
    return scene.right, f"{scene.customer.name} in {scene.customer.country} has no VAT number, one is required there."


def _tax_mismatch(scene: Scene) -> Spoiled:
    points = tax_points(scene.customer)
    wrong = points + scene.rng.choice((-300, -200, -100, 100, 200))
    kept = tuple(replace(x, tax=rounded((x.amount - x.discount) * wrong, 10_000)) for x in scene.right.lines)
    spoiled = replace(scene.right, lines=kept)
    return spoiled, f"Tax is {text(spoiled.tax)}, at the rate of {points // 100} % it is {text(scene.right.tax)}."


def _duplicate(scene: Scene) -> Spoiled:
    room = (scene.span.anchor - scene.right.issued).days
    day = scene.right.issued + timedelta(days=min(room, scene.rng.randint(1, 5)))
    due = day + timedelta(days=scene.contract.terms_days)
    copy = replace(scene.right, key=scene.right.key[:-1] + "b", issued=day, created=midnight(day), due=due)
    return copy, f"The period {copy.start} to {copy.end} of contract {copy.contract_number} is billed a second time."


def _terms_drift(scene: Scene) -> Spoiled:
    agreed = scene.contract.terms_days
    given = agreed + scene.rng.choice((15, 30)) if agreed < 45 else agreed - 15
    due = scene.right.issued + timedelta(days=given)
    return replace(scene.right, due=due), f"The invoice is due after {given} days, the contract says {agreed} days."


def _currency(scene: Scene) -> Spoiled:
    agreed = scene.contract.currency
    other = "EUR" if agreed == "USD" else "USD"
    return replace(scene.right, currency=other), f"The invoice is in {other}, the contract is in {agreed}."


def _charge_missing(scene: Scene) -> Spoiled:
    amounts = sorted((x.amount, x.product) for x in scene.right.lines if x.product not in (CORE, USAGE))
    total = scene.right.subtotal
    code = next(code for amount, code in reversed(amounts) if amount * 100 <= total * 20)
    kept = tuple(x for x in scene.right.lines if x.product != code)
    return replace(scene.right, lines=kept), f"{code} is in the contract but is not on the invoice."


def _charge_extra(scene: Scene) -> Spoiled:
    code = STORAGE if STORAGE not in scene.contract.prices else ANALYTICS
    unit = list_price(code, scene.contract.currency)
    share = scene.rng.randint(5, 12)
    count = max(1, scene.right.subtotal * share // (100 * unit * scene.contract.months))
    first = scene.right.lines[0]
    amount = count * unit * scene.contract.months
    bare = Line(code, count, unit, first.start, first.end, amount, 0, 0)
    percent = scene.contract.discount_percent if first.discount else 0
    extra = priced(bare, percent, tax_points(scene.customer))
    detail = f"{count} x {code} are billed for {text(amount)}, the contract has no such product."
    return replace(scene.right, lines=(*scene.right.lines, extra)), detail


def _contract_expired(scene: Scene) -> Spoiled:
    detail = f"The period begins on {scene.right.start}, the contract ended on {scene.contract.end}."
    return scene.right, detail


def _contract_unknown(scene: Scene) -> Spoiled:
    number = scene.rng.choice((None, f"{scene.rng.randrange(90_000, 99_999):08d}"))
    said = f"contract {number}, which does not exist" if number else "no contract"
    detail = f"The invoice names {said}; it belongs to {scene.contract.number}."
    return replace(scene.right, contract_number=number, from_subscription=False), detail


def _customer_unknown(scene: Scene) -> Spoiled:
    stray = scene.rng.choice(("missing", "unknown"))
    detail = f"The billed customer has a{' missing' if stray == 'missing' else 'n unknown'} Salesforce account id; "
    detail += f"it should lead to {scene.customer.name}."
    return replace(scene.right, stray_customer=stray, from_subscription=False), detail


def _address_missing(scene: Scene) -> Spoiled:
    return scene.right, f"{scene.customer.name} has no postal address on the account and none on the invoice."


def _on_hold(scene: Scene) -> Spoiled:
    return scene.right, f"{scene.customer.name} is on credit hold and was billed {text(scene.right.total)}."


def _period_locked(scene: Scene) -> Spoiled:
    month = f"{scene.right.issued:%b %Y}"
    return replace(scene.right, posted=False), f"The invoice is dated {scene.right.issued}, {month} is locked."


def _item_unmapped(scene: Scene) -> Spoiled:
    code = scene.contract.orders[-1].lines[0][0]
    return scene.right, f"{code} is on the invoice and in the contract, the ledger has no item {code}."


def _amount_spike(scene: Scene) -> Spoiled:
    usual = next(x.quantity for x in scene.right.lines if x.product == USAGE)
    points = tax_points(scene.customer)
    spiked = []
    for x in scene.right.lines:
        if x.product == USAGE:
            percent = scene.contract.discount_percent if x.discount else 0
            x = priced(replace(x, quantity=x.quantity * 6, amount=x.amount * 6), percent, points)
        spiked.append(x)
    detail = f"{USAGE} is {usual * 6}, about six times the usual {scene.contract.usage_mean}."
    return replace(scene.right, lines=tuple(spiked)), detail


SPOILERS: dict[str, Callable[[Scene], Spoiled]] = {
    "price_outdated": _price_outdated,
    "seats_outdated": _seats_outdated,
    "discount_wrong": _discount_wrong,
    "discount_expired": _discount_expired,
    "po_missing": _po_missing,
    "tax_id_missing": _tax_id_missing,
    "tax_mismatch": _tax_mismatch,
    "duplicate_invoice": _duplicate,
    "terms_drift": _terms_drift,
    "currency_mismatch": _currency,
    "charge_missing": _charge_missing,
    "charge_extra": _charge_extra,
    "contract_expired": _contract_expired,
    "contract_unknown": _contract_unknown,
    "customer_unknown": _customer_unknown,
    "address_missing": _address_missing,
    "customer_on_hold": _on_hold,
    "posting_period_locked": _period_locked,
    "item_unmapped": _item_unmapped,
    "amount_spike": _amount_spike,
}
