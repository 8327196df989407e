"""What an invoice ought to say: contract and period in, lines out. Nothing here is wrong on purpose."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from .catalogue import USAGE
from .entities import tax_rate
from .ids import add_months, midnight
from .model import Billing, Contract, Customer, Invoice, Line
from .money import rounded


def line(contract: Contract, tax_points: int, wanted: tuple[str, int, int], span: Billing) -> Line:
    """One line of (product, quantity, unit price) over a period, with the contract's discount and tax."""
    product, quantity, unit = wanted
    amount = quantity * unit * contract.months
    percent = contract.discount_percent
    if contract.discount_end is not None and span.start > contract.discount_end:
        percent = 0
    return priced(Line(product, quantity, unit, span.start, span.end, amount, 0, 0), percent, tax_points)


def priced(bare: Line, percent: int, tax_points: int) -> Line:
    """The line with discount and tax worked out from its amount; both half-up."""
    discount = rounded(bare.amount * percent, 100)
    return replace(bare, discount=discount, tax=rounded((bare.amount - discount) * tax_points, 10_000))


def tax_points(customer: Customer) -> int:
    return tax_rate(customer.entity, customer.country, customer.state).basis_points


def usage(contract: Contract, turn: int, seed: int) -> int:
    """Quantity used in the period before this turn: the usual, give or take 12 percent."""
    rng = Random(f"{seed}:usage:{contract.number}:{turn}")
    return max(1, contract.usage_mean * rng.randint(88, 112) // 100)


def lines(contract: Contract, customer: Customer, span: Billing, seed: int) -> tuple[Line, ...]:
    """Every product of the contract for the period ahead; usage for the period behind."""
    points = tax_points(customer)
    made = []
    for product in contract.products(span.start):
        quantity = contract.quantity(product, span.start)
        if product != USAGE and quantity > 0:
            made.append(line(contract, points, (product, quantity, contract.prices[product]), span))
    if contract.usage_mean and span.turn > 0:
        behind = Billing(contract.index, span.turn, add_months(span.start, -contract.months), span.start)
        used = usage(contract, span.turn, seed)
        made.append(line(contract, points, (USAGE, used, contract.prices[USAGE]), behind))
    return tuple(made)


def invoice(contract: Contract, customer: Customer, span: Billing, seed: int) -> Invoice:
    """The right invoice, issued on the first day of its period; number, instant and posting are filled in later."""
    return Invoice(
        key=f"{contract.number}:{span.turn}:a",
        number="",
        customer=customer.index,
        contract=contract.index,
        turn=span.turn,
        issued=span.start,
        created=midnight(span.start),
        due=span.start + timedelta(days=contract.terms_days),
        start=span.start,
        end=span.end,
        currency=contract.currency,
        lines=lines(contract, customer, span, seed),
        contract_number=contract.number,
        po_number=contract.po_number,
        posted=True,
        tax_code=tax_rate(customer.entity, customer.country, customer.state).code,
    )
