"""Stripe's view of invoices: complete objects with all their lines."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from . import forms, stripe_ids
from .catalogue import PRODUCT, USAGE
from .entities import ENTITY, REVERSE, TAX_RATE, TaxRate
from .ids import midnight, scramble, stripe_id
from .model import Contract, Customer, Invoice, Line, World
from .positions import NOTHING, Position, positions
from .to_stripe import address, subscription_start
from .vendor import Doc

DRAFTS_PER_THOUSAND_CUSTOMERS = 8


def invoices(made: World) -> Iterator[Doc]:
    """All finalised invoices in the order of issue, then a few drafts."""
    money = positions(made)
    for place, one in enumerate(made.invoices):
        contract = made.contracts[one.contract]
        yield invoice(made.seed, one, contract, made.customers[one.customer], money.get(place, NOTHING))
    yield from drafts(made)


def drafts(made: World) -> Iterator[Doc]:
    """Additions not yet agreed: one line, no contract, no number yet."""
    how_many = 1 + len(made.customers) * DRAFTS_PER_THOUSAND_CUSTOMERS // 1000
    latest = [one for one in made.invoices[-400:] if one.flaw is None and one.lines][:how_many]
    for one in latest:
        contract, customer = made.contracts[one.contract], made.customers[one.customer]
        draft = replace(
            one, key=f"draft:{one.key}", number="", lines=one.lines[:1], contract_number=None, po_number=None,
            from_subscription=False, status="draft", created=midnight(made.anchor), issued=made.anchor,
            due=made.anchor + timedelta(days=contract.terms_days),
        )  # fmt: skip
        yield invoice(made.seed, draft, contract, customer, NOTHING)


def invoice(seed: int, one: Invoice, contract: Contract, customer: Customer, money: Position) -> Doc:
    """One invoice as the API shows it."""
    id = stripe_ids.invoice_id(seed, one)
    subscription = stripe_ids.subscription_id(seed, contract, subscription_start(contract))
    discounts = [stripe_ids.discount_id(contract, contract.discount_percent)] if one.discount else []
    draft = one.status == "draft"
    return {
        **forms.INVOICE,
        "id": id,
        **_amounts(one, money, discounts),
        **_billed_to(seed, one, customer),
        "attempt_count": sum(p.method == "card" for p in money.payments),
        "attempted": bool(money.payments),
        "billing_reason": "subscription_cycle" if one.from_subscription else "manual",
        "created": one.created,
        "currency": one.currency.lower(),
        "discounts": discounts,
        "due_date": midnight(one.due),
        "effective_at": None if draft else one.created,
        "ending_balance": None if draft else 0,
        "hosted_invoice_url": None if draft else f"https://invoice.stripe.com/i/acct_halden/{id}",
        "invoice_pdf": None if draft else f"https://pay.stripe.com/invoice/acct_halden/{id}/pdf",
        "lines": {
            "object": "list",
            "data": [
                _line(seed, id, subscription, (one, place, contract), discounts) for place in range(len(one.lines))
            ],
            "has_more": False,
            "url": f"/v1/invoices/{id}/lines",
        },
        "metadata": _metadata(one, customer),
        "number": one.number or None,
        "parent": _parent(subscription, contract) if one.from_subscription else None,
        "period_end": midnight(one.end),
        "period_start": midnight(one.start),
        "status": one.status,
        "status_transitions": _transitions(one, money),
        "webhooks_delivered_at": None if draft else one.created + 2,
    }


def _amounts(one: Invoice, money: Position, discounts: list[str]) -> Doc:
    """`amount_overpaid` went to the customer's balance, so paid never exceeds due."""
    total, discount, subtotal = one.total, one.discount, one.subtotal
    due, remaining = total - money.credited_before, money.remaining(one)
    given: list[Doc] = [{"amount": discount, "discount": discounts[0]}] if discounts else []
    return {
        "amount_due": due,
        "amount_overpaid": money.excess,
        "amount_paid": due - remaining if one.status != "void" else 0,
        "amount_paid_off_stripe": sum(p.amount - p.excess for p in money.payments if p.method == "bank"),
        "amount_remaining": remaining,
        "post_payment_credit_notes_amount": money.credited_after,
        "pre_payment_credit_notes_amount": money.credited_before,
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": total,
        "total_discount_amounts": given,
        "total_excluding_tax": subtotal - discount,
        "total_pretax_credit_amounts": [{**given[0], "type": "discount"}] if given else [],
        "total_taxes": _taxes(TAX_RATE[one.tax_code], one.tax, subtotal - discount),
    }


def _billed_to(seed: int, one: Invoice, customer: Customer) -> Doc:
    stray = one.stray_customer is not None
    return {
        "account_country": ENTITY[customer.entity].country,
        "account_name": ENTITY[customer.entity].name,
        "collection_method": "charge_automatically" if customer.behaviour.method == "card" else "send_invoice",
        "customer": stripe_ids.stray_id(seed, one) if stray else stripe_ids.customer_id(seed, customer),
        "customer_address": address(customer),
        "customer_email": customer.email,
        "customer_name": customer.name,
        "customer_tax_exempt": "reverse" if TAX_RATE[one.tax_code] is REVERSE else "none",
        "customer_tax_ids": _tax_ids(customer),
    }


def _parent(subscription: str, contract: Contract) -> Doc:
    details = {
        "metadata": {"contract_number": contract.number},
        "subscription": subscription,
        "subscription_proration_date": None,
    }
    return {"type": "subscription_details", "quote_details": None, "subscription_details": details}


def _tax_ids(customer: Customer) -> list[Doc]:
    if customer.tax_id is None or not customer.has_tax_id:
        return []
    return [{"type": customer.tax_id_type, "value": customer.tax_id}]


def _metadata(one: Invoice, customer: Customer) -> dict[str, str]:
    found = {"legal_entity": customer.entity}
    if one.contract_number is not None:
        found["contract_number"] = one.contract_number
    if one.po_number is not None:
        found["po_number"] = one.po_number
    return found


def _transitions(one: Invoice, money: Position) -> dict[str, int | None]:
    return {
        "finalized_at": None if one.status == "draft" else one.created,
        "marked_uncollectible_at": None,
        "paid_at": max([one.created, *(p.at for p in money.payments)]) if one.status == "paid" else None,
        "voided_at": one.created + 100_000 if one.status == "void" else None,
    }


def _taxes(rate: TaxRate, tax: int, base: int) -> list[Doc]:
    if rate.reason == "not_collecting":
        return []
    return [
        {
            "amount": tax,
            "tax_behavior": "exclusive",
            "tax_rate_details": {"tax_rate": stripe_ids.tax_rate_id(rate.code)},
            "taxability_reason": rate.reason,
            "taxable_amount": base,
            "type": "tax_rate_details",
        }
    ]


def _line(
    seed: int, invoice: str, subscription: str, item: tuple[Invoice, int, Contract], discounts: list[str]
) -> dict[str, Any]:
    one, place, contract = item
    line: Line = one.lines[place]
    given = [{"amount": line.discount, "discount": discounts[0]}] if line.discount else []
    return {
        **forms.LINE_ITEM,
        "id": stripe_id("il", one.created, f"{seed}:{one.key}:{place}"),
        "amount": line.amount,
        "currency": one.currency.lower(),
        "description": _description(line),
        "discount_amounts": given,
        "discounts": discounts if given else [],
        "invoice": invoice,
        "metadata": {"product_code": line.product},
        "parent": _line_parent(seed, subscription, (one, line, contract)),
        "period": {"start": midnight(line.start), "end": midnight(line.end)},
        "pretax_credit_amounts": [{**given[0], "type": "discount"}] if given else [],
        "pricing": {
            "type": "price_details",
            "price_details": {
                "price": stripe_ids.price_id(line.product, one.currency, line.unit_minor),
                "product": stripe_ids.product_id(line.product),
            },
            "unit_amount_decimal": str(line.unit_minor),
        },
        "quantity": line.quantity,
        "quantity_decimal": str(line.quantity),
        "subscription": subscription if one.from_subscription else None,
        "subtotal": line.amount,
        "taxes": _taxes(TAX_RATE[one.tax_code], line.tax, line.amount - line.discount),
    }


def _description(line: Line) -> str:
    product = PRODUCT[line.product]
    if line.product == USAGE:
        return f"{product.name}, {line.quantity} x {product.unit}, {line.start:%d %b} to {line.end:%d %b %Y}"
    return f"{line.quantity} x {product.name} (per {product.unit} and month)"


def _line_parent(seed: int, subscription: str, item: tuple[Invoice, Line, Contract]) -> Doc:
    one, line, contract = item
    if not one.from_subscription:
        details: Doc = {
            "invoice_item": f"ii_1{scramble(f'{seed}:{one.key}:{line.product}', 23)}",
            "proration": False,
            "proration_details": None,
            "subscription": None,
        }
        return {"type": "invoice_item_details", "invoice_item_details": details, "subscription_item_details": None}
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": None,
        "subscription": subscription,
        "subscription_item": stripe_ids.item_id(seed, contract, line.product),
    }
    return {"type": "subscription_item_details", "invoice_item_details": None, "subscription_item_details": details}
