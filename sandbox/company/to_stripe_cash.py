"""Stripe's view of money: intents, charges, transfers reported from outside, refunds, card disputes, payouts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from . import forms, stripe_ids
from .ids import midnight, stripe_id
from .model import Customer, Invoice, Payment, World
from .vendor import Doc

PAYOUT_DAYS = 60
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Receipt:
    """One payment with what it belongs to."""

    seed: int
    invoice: Invoice
    customer: Customer
    payment: Payment

    @property
    def key(self) -> str:
        return f"{self.seed}:{self.invoice.key}:{self.payment.turn}"

    @property
    def intent_id(self) -> str:
        """All attempts on one invoice share an intent."""
        return stripe_id("pi", self.first_try, f"{self.seed}:{self.invoice.key}")

    @property
    def first_try(self) -> int:
        """An hour after issue, unless the customer was quicker."""
        return min(self.invoice.created + 3600, self.payment.at)

    @property
    def charge_id(self) -> str:
        return stripe_id("ch", self.payment.at, self.key)

    @property
    def record_id(self) -> str:
        return stripe_id("pr", self.payment.at, self.key)

    @property
    def link_id(self) -> str:
        """The invoice payment: the intent's for a card, one per transfer otherwise."""
        if self.payment.method == "card":
            return stripe_id("inpay", self.first_try, f"{self.seed}:{self.invoice.key}")
        return stripe_id("inpay", self.payment.at, self.key)

    @property
    def payer(self) -> str:
        if self.invoice.stray_customer:
            return stripe_ids.stray_id(self.seed, self.invoice)
        return stripe_ids.customer_id(self.seed, self.customer)

    @property
    def currency(self) -> str:
        return self.invoice.currency.lower()


def receipts(made: World) -> Iterator[Receipt]:
    for payment in made.payments:
        one = made.invoices[payment.invoice]
        yield Receipt(made.seed, one, made.customers[one.customer], payment)


def last_attempts(made: World) -> Iterator[Receipt]:
    """Per card-paid invoice its last attempt: what the intent and the invoice payment show now."""
    last: dict[int, Receipt] = {}
    for receipt in receipts(made):
        if receipt.payment.method == "card":
            last[receipt.payment.invoice] = receipt
    return iter(last.values())


def payment_intents(made: World) -> Iterator[Doc]:
    return (payment_intent(receipt) for receipt in last_attempts(made))


def payment_intent(receipt: Receipt) -> Doc:
    payment = receipt.payment
    error = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "message": "Your card has insufficient funds.",
    }
    return {
        **forms.PAYMENT_INTENT,
        "id": receipt.intent_id,
        "amount": payment.amount,
        "amount_received": 0 if payment.failed else payment.amount,
        "created": receipt.first_try,
        "currency": receipt.currency,
        "customer": receipt.payer,
        "description": f"Payment for invoice {receipt.invoice.number}",
        "last_payment_error": error if payment.failed else None,
        "latest_charge": receipt.charge_id,
        "status": "requires_payment_method" if payment.failed else "succeeded",
    }


def charges(made: World) -> Iterator[Doc]:
    since = midnight(made.anchor - timedelta(days=PAYOUT_DAYS))
    for receipt in receipts(made):
        if receipt.payment.method == "card":
            yield charge(receipt, settled=receipt.payment.at >= since)


def charge(receipt: Receipt, settled: bool) -> Doc:
    """`settled`: whether its balance transaction is still shown."""
    payment, person = receipt.payment, receipt.customer
    good = not payment.failed
    card = {
        "brand": "visa",
        "country": person.country,
        "exp_month": 1 + person.index % 12,
        "exp_year": 2029,
        "funding": "credit",
        "last4": f"{1000 + person.index % 9000}",
        "network": "visa",
    }
    return {
        **forms.CHARGE,
        "id": receipt.charge_id,
        "amount": payment.amount,
        "amount_captured": payment.amount if good else 0,
        "amount_refunded": payment.refunded,
        "balance_transaction": txn_id(receipt) if good and settled else None,
        "billing_details": {"address": None, "email": person.email, "name": person.name, "phone": None, "tax_id": None},
        "captured": good,
        "created": payment.at,
        "currency": receipt.currency,
        "customer": receipt.payer,
        "description": f"Payment for invoice {receipt.invoice.number}",
        "disputed": payment.dispute is not None,
        "failure_code": None if good else "card_declined",
        "failure_message": None if good else "Your card has insufficient funds.",
        "paid": good,
        "payment_intent": receipt.intent_id,
        "payment_method_details": {"type": "card", "card": card},
        "refunded": payment.refunded == payment.amount,
        "status": "succeeded" if good else "failed",
    }


def txn_id(receipt: Receipt) -> str:
    return stripe_id("txn", receipt.payment.at, receipt.key)


def invoice_payments(made: World) -> Iterator[Doc]:
    for receipt in last_attempts(made):
        yield invoice_payment(receipt)
    for receipt in receipts(made):
        if receipt.payment.method == "bank":
            yield invoice_payment(receipt)


def invoice_payment(receipt: Receipt) -> Doc:
    """`amount_paid` is all that was received for the invoice, with what was too much."""
    payment = receipt.payment
    card = payment.method == "card"
    link = (
        {"type": "payment_intent", "payment_intent": receipt.intent_id}
        if card
        else {"type": "payment_record", "payment_record": receipt.record_id}
    )
    return {
        **forms.INVOICE_PAYMENT,
        "id": receipt.link_id,
        "amount_paid": None if payment.failed else payment.amount,
        "amount_requested": payment.amount - payment.excess,
        "created": receipt.first_try if card else payment.at,
        "currency": receipt.currency,
        "invoice": stripe_ids.invoice_id(receipt.seed, receipt.invoice),
        "is_default": card,
        "payment": link,
        "status": "open" if payment.failed else "paid",
        "status_transitions": {"canceled_at": None, "paid_at": None if payment.failed else payment.at},
    }


def payment_records(made: World) -> Iterator[Doc]:
    for receipt in receipts(made):
        if receipt.payment.method == "bank":
            yield payment_record(receipt)


def payment_record(receipt: Receipt) -> Doc:
    """A transfer that Stripe did not move but was told about; the reference is what the payer wrote."""
    money = {"currency": receipt.currency, "value": receipt.payment.amount}
    none = {"currency": receipt.currency, "value": 0}
    reference = f"{receipt.invoice.number} {receipt.customer.name}"[:60]
    return {
        **forms.PAYMENT_RECORD,
        "id": receipt.record_id,
        "amount": money,
        "amount_authorized": none,
        "amount_canceled": none,
        "amount_failed": none,
        "amount_guaranteed": money,
        "amount_refunded": none,
        "amount_requested": money,
        "created": receipt.payment.at,
        "customer_details": {
            "customer": receipt.payer,
            "email": receipt.customer.email,
            "name": receipt.customer.name,
            "phone": None,
        },
        "description": f"Bank transfer {reference}",
        "metadata": {"invoice_number": receipt.invoice.number},
        "processor_details": {"type": "custom", "custom": {"payment_reference": reference}},
    }


def disputes(made: World) -> Iterator[Doc]:
    return (dispute(receipt, made.anchor) for receipt in receipts(made) if receipt.payment.dispute is not None)


def dispute(receipt: Receipt, today: date) -> Doc:
    about = receipt.payment.dispute
    assert about is not None
    due_by = (about.at // DAY + 20) * DAY + DAY - 1
    answered = about.status != "needs_response"
    return {
        **forms.DISPUTE,
        "id": stripe_id("du", about.at, receipt.key),
        "amount": receipt.payment.amount,
        "charge": receipt.charge_id,
        "created": about.at,
        "currency": receipt.currency,
        "evidence": {
            "customer_name": receipt.customer.name,
            "customer_email_address": receipt.customer.email,
            "enhanced_evidence": {},
        },
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": answered,
            "past_due": not answered and due_by < midnight(today),
            "submission_count": int(answered),
            "submission_method": "manual" if answered else "not_submitted",
        },
        "network_reason_code": "10.4" if about.reason == "fraudulent" else "13.1",
        "payment_intent": receipt.intent_id,
        "reason": about.reason,
        "status": about.status,
    }
