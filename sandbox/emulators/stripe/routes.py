"""The API's operations: method, address, the SDK's parameter class, handler."""

from dataclasses import dataclass

from . import catalog, clocks, credit_notes, disputes, intents, invoices, items, meters, paying, payments, webhooks
from . import subscriptions as subs
from .call import Handler, delete, listing, retrieve, update


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    parameters: str | None
    handler: Handler


def _read(path: str, kind: str, name: str, prefix: str = "/v1") -> list[Operation]:
    """List and retrieve, which all objects answer alike."""
    return [
        Operation("GET", f"{prefix}/{path}", f"{name}ListParams", listing(kind)),
        Operation("GET", f"{prefix}/{path}/{{id}}", f"{name}RetrieveParams", retrieve(kind)),
    ]


TAX_IDS = listing("tax_id", customer="customer")
READS = [
    *_read("customers", "customer", "Customer"),
    *_read("products", "product", "Product"),
    *_read("prices", "price", "Price"),
    *_read("coupons", "coupon", "Coupon"),
    *_read("tax_rates", "tax_rate", "TaxRate"),
    *_read("subscriptions", "subscription", "Subscription"),
    *_read("subscription_items", "subscription_item", "SubscriptionItem"),
    *_read("invoices", "invoice", "Invoice"),
    *_read("invoiceitems", "invoiceitem", "InvoiceItem"),
    *_read("invoice_payments", "invoice_payment", "InvoicePayment"),
    *_read("payment_intents", "payment_intent", "PaymentIntent"),
    *_read("charges", "charge", "Charge"),
    *_read("refunds", "refund", "Refund"),
    *_read("disputes", "dispute", "Dispute"),
    *_read("credit_notes", "credit_note", "CreditNote"),
    *_read("payouts", "payout", "Payout"),
    *_read("balance_transactions", "balance_transaction", "BalanceTransaction"),
    *_read("events", "event", "Event"),
    *_read("webhook_endpoints", "webhook_endpoint", "WebhookEndpoint"),
    *_read("meters", "billing.meter", "Meter", "/v1/billing"),
    Operation("GET", "/v1/payment_records/{id}", "PaymentRecordRetrieveParams", retrieve("payment_record")),
    Operation("GET", "/v2/core/events/{id}", None, retrieve("v2.core.event")),
    Operation("GET", "/v1/invoices/{id}/lines", "InvoiceLineItemListParams", invoices.list_lines),
    Operation("GET", "/v1/credit_notes/{id}/lines", "CreditNoteLineItemListParams", credit_notes.list_lines),
    Operation("GET", "/v1/billing/meters/{id}/event_summaries", "MeterEventSummaryListParams", meters.summaries),
    Operation("GET", "/v1/customers/{customer}/tax_ids", "CustomerTaxIdListParams", TAX_IDS),
    Operation("GET", "/v1/test_helpers/test_clocks", "TestClockListParams", listing("test_helpers.test_clock")),
    Operation("GET", "/v1/test_helpers/test_clocks/{id}", "TestClockRetrieveParams", clocks.retrieve_clock),
]
PRODUCT_FIELDS = ("name", "active", "description", "images", "tax_code", "unit_label", "url", "default_price")
PRICE_FIELDS = ("active", "nickname", "lookup_key", "tax_behavior")
RATE_FIELDS = ("active", "country", "description", "display_name", "jurisdiction", "state", "tax_type")
CATALOG = [
    ("customers", "CustomerCreateParams", catalog.create_customer),
    ("customers/{id}", "CustomerUpdateParams", catalog.update_customer),
    ("customers/{customer}/tax_ids", "CustomerTaxIdCreateParams", catalog.create_tax_id),
    ("products", "ProductCreateParams", catalog.create_product),
    ("products/{id}", "ProductUpdateParams", update("product", "product.updated", *PRODUCT_FIELDS)),
    ("prices", "PriceCreateParams", catalog.create_price),
    (
        "prices/{id}",
        "PriceUpdateParams",
        update("price", "price.updated", *PRICE_FIELDS),
    ),
    ("coupons", "CouponCreateParams", catalog.create_coupon),
    ("tax_rates", "TaxRateCreateParams", catalog.create_tax_rate),
    ("tax_rates/{id}", "TaxRateUpdateParams", update("tax_rate", "tax_rate.updated", *RATE_FIELDS)),
    ("subscriptions", "SubscriptionCreateParams", subs.create_subscription),
    ("subscriptions/{id}", "SubscriptionUpdateParams", subs.update_subscription),
]
UNCOLLECTIBLE = invoices.close_as("uncollectible", "marked_uncollectible_at", "invoice.marked_uncollectible", ("open",))
VOID = invoices.close_as("void", "voided_at", "invoice.voided", ("open", "uncollectible"))
INVOICING = [
    ("invoices", "InvoiceCreateParams", invoices.create_invoice),
    ("invoices/{id}", "InvoiceUpdateParams", invoices.update_invoice),
    ("invoices/{id}/add_lines", "InvoiceAddLinesParams", items.add_lines),
    ("invoices/{id}/finalize", "InvoiceFinalizeInvoiceParams", invoices.finalize_invoice),
    ("invoices/{id}/send", "InvoiceSendInvoiceParams", invoices.send_invoice),
    ("invoices/{id}/pay", "InvoicePayParams", paying.pay_invoice),
    ("invoices/{id}/attach_payment", "InvoiceAttachPaymentParams", payments.attach_payment),
    ("invoices/{id}/void", "InvoiceVoidInvoiceParams", VOID),
    ("invoices/{id}/mark_uncollectible", "InvoiceMarkUncollectibleParams", UNCOLLECTIBLE),
    ("invoiceitems", "InvoiceItemCreateParams", items.create_item),
    ("credit_notes", "CreditNoteCreateParams", credit_notes.create_credit_note),
    ("credit_notes/{id}", "CreditNoteUpdateParams", update("credit_note", "credit_note.updated", "memo")),
    ("credit_notes/{id}/void", "CreditNoteVoidCreditNoteParams", credit_notes.void_credit_note),
]
MONEY = [
    ("payment_intents", "PaymentIntentCreateParams", intents.create_intent),
    ("payment_intents/{id}/confirm", "PaymentIntentConfirmParams", intents.confirm_intent),
    ("payment_intents/{id}/cancel", "PaymentIntentCancelParams", intents.cancel_intent),
    ("payment_records/report_payment", "PaymentRecordReportPaymentParams", intents.report_payment),
    ("charges/{id}", "ChargeUpdateParams", update("charge", "charge.updated", "description", "receipt_email")),
    ("refunds", "RefundCreateParams", intents.create_refund),
    ("refunds/{id}", "RefundUpdateParams", update("refund", "refund.updated")),
    ("disputes/{id}", "DisputeUpdateParams", disputes.update_dispute),
    ("disputes/{id}/close", "DisputeCloseParams", disputes.close_dispute),
]
OTHERS = [
    ("webhook_endpoints", "WebhookEndpointCreateParams", webhooks.create_endpoint),
    ("webhook_endpoints/{id}", "WebhookEndpointUpdateParams", webhooks.update_endpoint),
    ("billing/meters", "MeterCreateParams", meters.create_meter),
    ("billing/meters/{id}", "MeterUpdateParams", meters.update_meter),
    ("billing/meters/{id}/deactivate", "MeterDeactivateParams", meters.deactivate_meter),
    ("billing/meters/{id}/reactivate", "MeterReactivateParams", meters.reactivate_meter),
    ("billing/meter_events", "MeterEventCreateParams", meters.create_event),
    ("billing/meter_event_adjustments", "MeterEventAdjustmentCreateParams", meters.create_adjustment),
    ("test_helpers/test_clocks", "TestClockCreateParams", clocks.create_clock),
    ("test_helpers/test_clocks/{id}/advance", "TestClockAdvanceParams", clocks.advance_clock),
]
DELETIONS = [
    ("customers/{id}", "CustomerDeleteParams", catalog.delete_customer),
    ("products/{id}", "ProductDeleteParams", catalog.delete_product),
    ("coupons/{id}", "CouponDeleteParams", delete("coupon", "coupon.deleted")),
    ("subscriptions/{id}", "SubscriptionCancelParams", subs.cancel_subscription),
    ("invoices/{id}", "InvoiceDeleteParams", invoices.delete_invoice),
    ("webhook_endpoints/{id}", "WebhookEndpointDeleteParams", webhooks.delete_endpoint),
    ("test_helpers/test_clocks/{id}", "TestClockDeleteParams", clocks.delete_clock),
]
WRITES = [*CATALOG, *INVOICING, *MONEY, *OTHERS]
OPERATIONS = [
    *READS,
    *(Operation("POST", f"/v1/{path}", name, handler) for path, name, handler in WRITES),
    *(Operation("DELETE", f"/v1/{path}", name, handler) for path, name, handler in DELETIONS),
]
