"""Money: paying an invoice, payment intents, charges, payments outside Stripe, refunds."""

from decimal import Decimal

from .call import Call
from .catalog import DECLINED_CARDS
from .lines import whole
from .refusals import not_allowed
from .shapes import Doc
from .store import Store

FEE_RATE, FEE_FIXED = Decimal("0.029"), 30
DISPUTED_CARDS = ("pm_card_createDispute",)
EVIDENCE_DAYS = 21


def open_payment(store: Store, invoice: Doc) -> Doc:
    """The invoice payment, with its payment intent, that finalisation opens for what is due."""
    intent = store.create(
        "payment_intent",
        "payment_intent.created",
        amount=invoice["amount_remaining"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        description=invoice["description"],
        status="requires_payment_method",
    )
    return _link(
        store, invoice, invoice["amount_remaining"], {"type": "payment_intent", "payment_intent": intent["id"]}
    )


def _link(store: Store, invoice: Doc, amount: int, payment: Doc) -> Doc:
    first = default_payment(store, invoice) is None
    return store.create(
        "invoice_payment",
        invoice=invoice["id"],
        amount_requested=amount,
        currency=invoice["currency"],
        is_default=first,
        payment=payment,
        status="open",
        status_transitions={"paid_at": None, "canceled_at": None},
    )


def default_payment(store: Store, invoice: Doc) -> Doc | None:
    rows = store.records.query(
        "SELECT id FROM record WHERE kind = 'invoice_payment' AND json_extract(doc, '$.invoice') = ? "
        "AND (doc ->> '$.is_default') = 1 AND (doc ->> '$.status') <> 'canceled'",
        (invoice["id"],),
    )
    return store.need("invoice_payment", rows[0][0]) if rows else None


def charge_intent(store: Store, intent: Doc, card: str) -> Doc:
    """Try the card: a charge that succeeded or failed, and the payment intent after it."""
    failed = card in DECLINED_CARDS
    charge = store.create(
        "charge",
        amount=intent["amount"],
        amount_captured=0 if failed else intent["amount"],
        captured=not failed,
        currency=intent["currency"],
        customer=intent["customer"],
        failure_code="card_declined" if failed else None,
        failure_message="Your card has insufficient funds." if failed else None,
        paid=not failed,
        payment_intent=intent["id"],
        payment_method=card,
        status="failed" if failed else "succeeded",
    )
    intent.update(latest_charge=charge["id"], payment_method=None if failed else card)
    if failed:
        intent.update(status="requires_payment_method", last_payment_error=_card_error(charge))
        store.emit("charge.failed", charge)
        store.put(intent, "payment_intent.payment_failed")
        return charge
    intent.update(status="succeeded", amount_received=intent["amount"], last_payment_error=None)
    fee = whole(intent["amount"] * FEE_RATE) + FEE_FIXED
    charge["balance_transaction"] = balance(store, charge, charge["amount"], fee, "charge")["id"]
    store.put(charge, "charge.succeeded")
    store.put(intent, "payment_intent.succeeded")
    if card in DISPUTED_CARDS:
        open_dispute(store, charge)
    return charge


def _card_error(charge: Doc) -> Doc:
    return {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "charge": charge["id"],
        "message": charge["failure_message"],
    }


def balance(store: Store, source: Doc, amount: int, fee: int, category: str) -> Doc:
    """A row of the account's balance."""
    details: list[Doc] = []
    if fee:
        details.append(
            {
                "amount": fee,
                "application": None,
                "currency": source["currency"],
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        )
    return store.create(
        "balance_transaction",
        amount=amount,
        available_on=store.now() + 2 * 86400,
        currency=source["currency"],
        fee=fee,
        fee_details=details,
        net=amount - fee,
        reporting_category=category,
        source=source["id"],
        status="pending",
        type={"dispute": "adjustment"}.get(category, category),
    )


def open_dispute(store: Store, charge: Doc, reason: str = "fraudulent") -> Doc:
    """A cardholder's dispute of a charge: the money is withdrawn at once."""
    charge["disputed"] = True
    store.put(charge, "charge.updated")
    dispute = store.create(
        "dispute",
        amount=charge["amount"],
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={},
        evidence_details={
            "due_by": store.now() + EVIDENCE_DAYS * 86400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        is_charge_refundable=False,
        metadata={},
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="needs_response",
    )
    dispute["balance_transactions"] = [balance(store, dispute, -charge["amount"], 1500, "dispute")]
    return store.put(dispute, "charge.dispute.created", "charge.dispute.funds_withdrawn")


def apply_payment(store: Store, invoice: Doc, payment: Doc, amount: int) -> Doc:
    """Money of one invoice payment arrives: part, all, or more than is due."""
    remaining = invoice["amount_remaining"]
    payment["amount_paid"] = amount
    payment["status"] = "paid"
    payment["status_transitions"]["paid_at"] = store.now()
    store.put(payment, "invoice_payment.paid")
    invoice["amount_paid"] += min(amount, remaining)
    invoice["amount_overpaid"] += max(amount - remaining, 0)
    if payment["payment"]["type"] == "payment_record":
        invoice["amount_paid_off_stripe"] += amount
    invoice["amount_remaining"] = max(remaining - amount, 0)
    if amount > remaining:
        customer = store.need("customer", invoice["customer"])
        store.put({**customer, "balance": (customer.get("balance") or 0) - (amount - remaining)}, "customer.updated")
        store.put(invoice, "invoice.overpaid")
    return settle(store, invoice) if invoice["amount_remaining"] == 0 else store.put(invoice, "invoice.updated")


def settle(store: Store, invoice: Doc) -> Doc:
    """Nothing remains: the invoice is paid."""
    invoice.update(status="paid", attempted=True, auto_advance=False)
    invoice["status_transitions"]["paid_at"] = store.now()
    return store.put(invoice, "invoice.updated", "invoice.paid", "invoice.payment_succeeded")


def attach_payment(call: Call) -> Doc:
    """Count a payment intent or a payment record towards an open invoice."""
    store, params = call.store, call.params
    invoice = store.need("invoice", call.id)
    if invoice["status"] not in ("open", "uncollectible"):
        raise not_allowed(f"Payments can only be attached to open invoices; this one is {invoice['status']}.")
    if "payment_record" in params:
        record = store.need("payment_record", params["payment_record"], "payment_record")
        amount, payment = (
            record["amount_guaranteed"]["value"],
            {"type": "payment_record", "payment_record": record["id"]},
        )
    elif "payment_intent" in params:
        intent = store.need("payment_intent", params["payment_intent"], "payment_intent")
        amount, payment = intent["amount_received"], {"type": "payment_intent", "payment_intent": intent["id"]}
    else:
        raise not_allowed("Give `payment_intent` or `payment_record`.", "parameter_missing", "payment_intent")
    link = _link(store, invoice, amount or invoice["amount_remaining"], payment)
    return apply_payment(store, invoice, link, amount) if amount else store.put(invoice, "invoice.updated")
