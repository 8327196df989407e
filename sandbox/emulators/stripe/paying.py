"""Paying an invoice: by card, or marked as paid elsewhere."""

from .call import Call
from .invoices import cancel_payments, finalize
from .payments import apply_payment, charge_intent, default_payment, open_payment, settle
from .refusals import Refusal, card_declined, not_allowed
from .shapes import Doc
from .store import Store


def pay_invoice(call: Call) -> Doc:
    store, params = call.store, call.params
    invoice = store.need("invoice", call.id)
    if invoice["status"] == "paid":
        raise not_allowed("Invoice is already paid", "invoice_already_paid")
    if invoice["status"] == "draft":
        invoice = finalize(store, invoice)
    if invoice["status"] not in ("open", "uncollectible"):
        raise not_allowed(f"This invoice is {invoice['status']} and can't be paid.", "invoice_not_editable")
    if params.get("paid_out_of_band"):
        return _paid_elsewhere(store, invoice)
    customer = store.need("customer", invoice["customer"])
    default = (customer.get("invoice_settings") or {}).get("default_payment_method")
    card = params.get("payment_method") or params.get("source") or invoice["default_payment_method"] or default
    if not card:
        raise Refusal(400, "Cannot charge a customer that has no active card", type="card_error", code="missing")
    return _pay_by_card(store, invoice, str(card))


def _paid_elsewhere(store: Store, invoice: Doc) -> Doc:
    cancel_payments(store, invoice)
    invoice["amount_paid"] += invoice["amount_remaining"]
    invoice["amount_paid_off_stripe"] += invoice["amount_remaining"]
    invoice["amount_remaining"] = 0
    return settle(store, invoice)


def _pay_by_card(store: Store, invoice: Doc, card: str) -> Doc:
    payment = default_payment(store, invoice)
    if payment is None or payment["status"] != "open" or not payment["payment"].get("payment_intent"):
        payment = open_payment(store, invoice)
    intent = store.need("payment_intent", payment["payment"]["payment_intent"])
    intent["amount"] = payment["amount_requested"] = invoice["amount_remaining"]
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    charge = charge_intent(store, intent, card)
    if charge["status"] == "failed":
        store.put(invoice, "invoice.payment_failed", "invoice.updated")
        raise card_declined(charge["id"], {k: intent[k] for k in ("id", "object", "status", "amount", "currency")})
    return apply_payment(store, invoice, payment, intent["amount"])
