"""Complete wire shapes of new objects: every field of the SDK class, null or empty where nothing is known."""

import copy
import typing
from functools import cache
from typing import Any

import stripe
import stripe.billing
import stripe.test_helpers

Doc = dict[str, Any]
API_VERSION = "2026-10-28.endive"

CLASSES: dict[str, Any] = {
    "customer": stripe.Customer,
    "tax_id": stripe.TaxId,
    "product": stripe.Product,
    "price": stripe.Price,
    "coupon": stripe.Coupon,
    "tax_rate": stripe.TaxRate,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "invoice": stripe.Invoice,
    "line_item": stripe.InvoiceLineItem,
    "invoiceitem": stripe.InvoiceItem,
    "invoice_payment": stripe.InvoicePayment,
    "payment_intent": stripe.PaymentIntent,
    "payment_record": stripe.PaymentRecord,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "credit_note": stripe.CreditNote,
    "credit_note_line_item": stripe.CreditNoteLineItem,
    "payout": stripe.Payout,
    "balance_transaction": stripe.BalanceTransaction,
    "event": stripe.Event,
    "webhook_endpoint": stripe.WebhookEndpoint,
    "billing.meter": stripe.billing.Meter,
    "billing.meter_event": stripe.billing.MeterEvent,
    "test_helpers.test_clock": stripe.test_helpers.TestClock,
}
PREFIXES = {
    "customer": "cus",
    "tax_id": "txi",
    "product": "prod",
    "price": "price",
    "coupon": "coup",
    "tax_rate": "txr",
    "subscription": "sub",
    "subscription_item": "si",
    "invoice": "in",
    "line_item": "il",
    "invoiceitem": "ii",
    "invoice_payment": "inpay",
    "payment_intent": "pi",
    "payment_record": "pr",
    "charge": "ch",
    "refund": "re",
    "dispute": "du",
    "credit_note": "cn",
    "credit_note_line_item": "cnli",
    "payout": "po",
    "balance_transaction": "txn",
    "event": "evt",
    "webhook_endpoint": "we",
    "billing.meter": "mtr",
    "billing.meter_event": "mev",
    "test_helpers.test_clock": "clock",
}
# Fields that appear only when expanded, or only on deleted or special objects.
HIDDEN = {
    "deleted", "payments", "confirmation_secret", "tax_ids", "sources", "subscriptions", "invoice_credit_balance",
    "cash_balance", "context", "account", "plan", "amount_details", "request", "threshold_reason", "status_details",
    "secret", "currency_options", "refunds", "application_fee", "level3", "network_details", "customer_account",
}  # fmt: skip
AUTOMATIC_TAX = {"enabled": False, "liability": None, "provider": None, "status": None, "disabled_reason": None}
DEFAULTS: dict[str, Doc] = {
    "customer": {
        "balance": 0,
        "delinquent": False,
        "metadata": {},
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "tax_exempt": "none",
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
    },
    "product": {"active": True, "images": [], "marketing_features": [], "metadata": {}, "type": "service"},
    "price": {"active": True, "billing_scheme": "per_unit", "metadata": {}, "tax_behavior": "unspecified"},
    "coupon": {"metadata": {}, "times_redeemed": 0, "valid": True},
    "tax_rate": {"active": True, "metadata": {}},
    "subscription": {
        "automatic_tax": {"enabled": False, "liability": None, "disabled_reason": None},
        "billing_mode": {"type": "flexible", "flexible": None},
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "collection_method": "charge_automatically",
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "metadata": {},
        "status": "active",
    },
    "subscription_item": {"discounts": [], "metadata": {}, "tax_rates": []},
    "invoice": {
        **dict.fromkeys(
            (
                "amount_due",
                "amount_overpaid",
                "amount_paid",
                "amount_paid_off_stripe",
                "amount_remaining",
                "amount_shipping",
                "attempt_count",
                "post_payment_credit_notes_amount",
                "pre_payment_credit_notes_amount",
                "starting_balance",
                "subtotal",
                "subtotal_excluding_tax",
                "total",
                "total_excluding_tax",
            ),
            0,
        ),
        "account_country": "US",
        "account_name": "Halden Cloud Inc",
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": AUTOMATIC_TAX,
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "customer_tax_ids": [],
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"type": "self"},
        "metadata": {},
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
    },
    "line_item": {
        "discountable": True,
        "discount_amounts": [],
        "discounts": [],
        "metadata": {},
        "pretax_credit_amounts": [],
        "taxes": [],
    },
    "invoiceitem": {"discountable": True, "discounts": [], "metadata": {}, "proration": False, "tax_rates": []},
    "invoice_payment": {"is_default": True},
    "payment_intent": {
        "amount_capturable": 0,
        "amount_received": 0,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "metadata": {},
        "payment_method_types": ["card"],
    },
    "charge": {
        "amount_refunded": 0,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "disputed": False,
        "fraud_details": {},
        "metadata": {},
        "refunded": False,
    },
    "refund": {"metadata": {}},
    "credit_note": {
        "amount_shipping": 0,
        "discount_amount": 0,
        "discount_amounts": [],
        "metadata": {},
        "pretax_credit_amounts": [],
        "refunds": [],
        "status": "issued",
        "total_taxes": [],
    },
    "credit_note_line_item": {
        "discount_amount": 0,
        "discount_amounts": [],
        "metadata": {},
        "pretax_credit_amounts": [],
        "tax_rates": [],
        "taxes": [],
    },
    "balance_transaction": {"balance_type": "payments", "status": "available", "fee_details": []},
    "webhook_endpoint": {"metadata": {}, "status": "enabled"},
    "payment_record": {"metadata": {}, "reported_by": "self"},
}
NO_LIVEMODE = {"balance_transaction", "refund", "subscription_item"}


@cache
def _nulls(kind: str) -> tuple[str, ...]:
    annotations = CLASSES[kind].__annotations__
    return tuple(
        name
        for name, hint in annotations.items()
        if type(None) in typing.get_args(hint) and name not in HIDDEN and typing.get_origin(hint) is typing.Union
    )


def new(kind: str, id: str, created: int, **fields: Any) -> Doc:
    """A complete object of this kind."""
    doc: Doc = {"id": id, "object": kind}
    doc.update(dict.fromkeys(_nulls(kind)))
    doc.update(copy.deepcopy(DEFAULTS.get(kind, {})))
    annotations = CLASSES[kind].__annotations__
    if "created" in annotations:
        doc["created"] = created
    if kind not in NO_LIVEMODE:
        doc["livemode"] = False
    doc.update(fields)
    return doc


def page(data: list[Doc], url: str, has_more: bool = False) -> Doc:
    """A list object."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}
