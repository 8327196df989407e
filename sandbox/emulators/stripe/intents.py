"""Payment intents by themselves, payment records and refunds."""

from .call import Call
from .payments import balance, charge_intent
from .refusals import card_declined, not_allowed
from .shapes import Doc
from .store import Store

AMOUNTS = ("authorized", "canceled", "failed", "guaranteed", "refunded", "requested")


def create_intent(call: Call) -> Doc:
    params, store = call.params, call.store
    if params.get("customer"):
        store.need("customer", params["customer"], "customer")
    intent = store.create(
        "payment_intent",
        "payment_intent.created",
        amount=params["amount"],
        currency=params["currency"].lower(),
        customer=params.get("customer"),
        description=params.get("description"),
        metadata=call.metadata(),
        payment_method=params.get("payment_method"),
        status="requires_confirmation" if params.get("payment_method") else "requires_payment_method",
    )
    return _confirm(store, intent) if params.get("confirm") else intent


def confirm_intent(call: Call) -> Doc:
    intent = call.store.need("payment_intent", call.id)
    if intent["status"] in ("succeeded", "canceled"):
        raise not_allowed(f"This PaymentIntent is {intent['status']}.", "payment_intent_unexpected_state")
    intent["payment_method"] = call.params.get("payment_method") or intent["payment_method"]
    return _confirm(call.store, intent)


def _confirm(store: Store, intent: Doc) -> Doc:
    if not intent["payment_method"]:
        raise not_allowed("You cannot confirm this PaymentIntent: it is missing a payment method.", "parameter_missing")
    charge = charge_intent(store, intent, intent["payment_method"])
    if charge["status"] == "failed":
        raise card_declined(charge["id"], {k: intent[k] for k in ("id", "object", "status", "amount", "currency")})
    return intent


def cancel_intent(call: Call) -> Doc:
    intent = call.store.need("payment_intent", call.id)
    if intent["status"] in ("succeeded", "canceled"):
        raise not_allowed(f"This PaymentIntent is {intent['status']}.", "payment_intent_unexpected_state")
    intent.update(status="canceled", canceled_at=call.store.now(), **call.given("cancellation_reason"))
    return call.store.put(intent, "payment_intent.canceled")


def report_payment(call: Call) -> Doc:
    """A payment that happened outside Stripe."""
    params = call.params
    wanted = params["amount_requested"]
    zero = {"currency": wanted["currency"], "value": 0}
    amounts: Doc = {f"amount_{name}": dict(zero) for name in AMOUNTS}
    amounts["amount_requested"] = dict(wanted)
    if params.get("outcome") == "guaranteed" or "guaranteed" in params:
        amounts["amount_guaranteed"] = dict(wanted)
    return call.store.create(
        "payment_record",
        amount=dict(wanted),
        customer_details={
            "customer": (params.get("customer_details") or {}).get("customer"),
            "email": None,
            "name": None,
        },
        description=params.get("description"),
        metadata=call.metadata(),
        processor_details={"type": "custom", "custom": None},
        **amounts,
    )


def create_refund(call: Call) -> Doc:
    store, params = call.store, call.params
    charge = _refundable(call)
    left = charge["amount"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if left == 0:
        raise not_allowed(f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")
    if not 0 < amount <= left:
        raise not_allowed(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount"
        )
    return refund(store, charge, amount, params.get("reason"), call.metadata())


def _refundable(call: Call) -> Doc:
    id = call.params.get("charge")
    if id is None:
        wanted = call.params.get("payment_intent")
        if not wanted:
            raise not_allowed("One of the following params should be provided: payment_intent or charge.")
        id = call.store.need("payment_intent", wanted, "payment_intent")["latest_charge"] or ""
    charge = call.store.need("charge", id, "charge")
    if charge["status"] != "succeeded":
        raise not_allowed("This charge did not succeed; there is nothing to refund.", param="charge")
    if charge["disputed"]:
        raise not_allowed(f"Charge {id} has been charged back; cannot issue a refund.", "charge_disputed")
    return charge


def refund(store: Store, charge: Doc, amount: int, reason: str | None, metadata: Doc) -> Doc:
    """Give money of a charge back."""
    made = store.create(
        "refund",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        metadata=metadata,
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="succeeded",
    )
    made["balance_transaction"] = balance(store, made, -amount, 0, "refund")["id"]
    store.put(made, "refund.created")
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    store.put(charge, "charge.refunded")
    return made
