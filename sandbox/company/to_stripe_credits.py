"""Stripe's view of credit notes and refunds."""

from collections.abc import Iterator

from . import forms, stripe_ids
from .entities import TAX_RATE
from .ids import stripe_id
from .model import Credit, Invoice, Payment, World
from .positions import positions
from .to_stripe_cash import Receipt
from .vendor import Doc


def credit_note_id(seed: int, invoice: Invoice, credit: Credit) -> str:
    return stripe_id("cn", credit.at, f"{seed}:{invoice.key}")


def refund_id(seed: int, invoice: Invoice, at: int) -> str:
    return stripe_id("re", at, f"{seed}:{invoice.key}")


def credit_notes(made: World) -> Iterator[Doc]:
    money = positions(made)
    for credit in made.credits:
        refunded = next((p for p in money[credit.invoice].payments if p.refunded), None)
        yield credit_note(made.seed, made.invoices[credit.invoice], credit, refunded is not None)


def credit_note(seed: int, invoice: Invoice, credit: Credit, refunded: bool) -> Doc:
    """One line over the whole amount; the money after payment went back to the card, or outside of Stripe."""
    id = credit_note_id(seed, invoice, credit)
    refund = refund_id(seed, invoice, credit.at)
    base = credit.amount - credit.tax
    after = credit.amount if credit.after_payment else 0
    back = {"amount_refunded": credit.amount, "payment_record_refund": None, "refund": refund, "type": "refund"}
    return {
        **forms.CREDIT_NOTE,
        "id": id,
        "amount": credit.amount,
        "created": credit.at,
        "currency": invoice.currency.lower(),
        "customer": stripe_ids.customer_id_of(seed, invoice.customer),
        "effective_at": credit.at,
        "invoice": stripe_ids.invoice_id(seed, invoice),
        "lines": {
            "object": "list",
            "data": [_line(seed, invoice, credit)],
            "has_more": False,
            "url": f"/v1/credit_notes/{id}/lines",
        },
        "memo": credit.memo,
        "number": f"{invoice.number}-CN-01",
        "out_of_band_amount": after if after and not refunded else None,
        "pdf": f"https://pay.stripe.com/credit_notes/acct_halden/{id}/pdf",
        "post_payment_amount": after,
        "pre_payment_amount": credit.amount - after,
        "reason": credit.reason,
        "refunds": [back] if after and refunded else [],
        "subtotal": base,
        "subtotal_excluding_tax": base,
        "total": credit.amount,
        "total_excluding_tax": base,
        "total_taxes": _taxes(invoice, credit),
        "type": "post_payment" if after else "pre_payment",
    }


def _taxes(invoice: Invoice, credit: Credit) -> list[Doc]:
    rate = TAX_RATE[invoice.tax_code]
    if rate.reason == "not_collecting":
        return []
    return [
        {
            "amount": credit.tax,
            "tax_behavior": "exclusive",
            "tax_rate_details": {"tax_rate": stripe_ids.tax_rate_id(rate.code)},
            "taxability_reason": rate.reason,
            "taxable_amount": credit.amount - credit.tax,
            "type": "tax_rate_details",
        }
    ]


def _line(seed: int, invoice: Invoice, credit: Credit) -> Doc:
    base = credit.amount - credit.tax
    return {
        **forms.CREDIT_NOTE_LINE_ITEM,
        "id": stripe_id("cnli", credit.at, f"{seed}:{invoice.key}"),
        "amount": base,
        "description": credit.memo,
        "taxes": _taxes(invoice, credit),
        "unit_amount": base,
        "unit_amount_decimal": str(base),
    }


def refunds(made: World) -> Iterator[Doc]:
    money = positions(made)
    for credit in made.credits:
        invoice = made.invoices[credit.invoice]
        for payment in money[credit.invoice].payments:
            if payment.refunded:
                yield refund(Receipt(made.seed, invoice, made.customers[invoice.customer], payment), credit.at)


def refund(receipt: Receipt, at: int) -> Doc:
    payment: Payment = receipt.payment
    return {
        **forms.REFUND,
        "id": refund_id(receipt.seed, receipt.invoice, at),
        "amount": payment.refunded,
        "charge": receipt.charge_id,
        "created": at,
        "currency": receipt.currency,
        "payment_intent": receipt.intent_id,
    }
