"""Stripe ids of the company's things, from their natural keys."""

from .ids import scramble, stripe_id
from .model import Contract, Customer, Invoice


def customer_id(seed: int, customer: Customer) -> str:
    return customer_id_of(seed, customer.index)


def customer_id_of(seed: int, index: int) -> str:
    return f"cus_{scramble(f'{seed}:customer:{index}', 14)}"


def stray_id(seed: int, invoice: Invoice) -> str:
    """The customer record that an invoice with an unknown customer was made out to."""
    return f"cus_{scramble(f'{seed}:stray:{invoice.key}', 14)}"


def product_id(code: str) -> str:
    return f"prod_{scramble('product:' + code, 14)}"


def price_id(code: str, currency: str, unit_minor: int) -> str:
    return f"price_1{scramble(f'price:{code}:{currency}:{unit_minor}', 23)}"


def tax_rate_id(code: str) -> str:
    return f"txr_1{scramble('tax:' + code, 23)}"


def meter_id() -> str:
    return "mtr_" + scramble("meter:api_calls", 24)


def discount_id(contract: Contract, percent: int) -> str:
    return f"di_1{scramble(f'discount:{contract.number}:{percent}', 23)}"


def subscription_id(seed: int, contract: Contract, created: int) -> str:
    return stripe_id("sub", created, f"{seed}:subscription:{contract.number}")


def item_id(seed: int, contract: Contract, code: str) -> str:
    return f"si_{scramble(f'{seed}:item:{contract.number}:{code}', 14)}"


def invoice_id(seed: int, invoice: Invoice) -> str:
    return stripe_id("in", invoice.created, f"{seed}:invoice:{invoice.key}")
