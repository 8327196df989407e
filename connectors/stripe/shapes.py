"""What Stripe sends, with the fields we read (version 2026-10-28.endive)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connectors.shapes import Number, Shape

Metadata = dict[str, str]


class Address(Shape):
    line1: str | None
    line2: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None


class Customer(Shape):
    id: str
    name: str | None
    email: str | None
    address: Address | None
    currency: str | None
    metadata: Metadata


class Product(Shape):
    id: str
    name: str
    metadata: Metadata


class Period(Shape):
    start: int
    end: int


class Pricing(Shape):
    unit_amount_decimal: Number | None


class Discount(Shape):
    amount: int


class Tax(Shape):
    amount: int
    tax_behavior: Literal["exclusive", "inclusive"]


class Line(Shape):
    amount: int
    quantity: int | None
    description: str | None
    period: Period
    pricing: Pricing | None
    discount_amounts: list[Discount] | None
    taxes: list[Tax] | None
    metadata: Metadata


class Lines(Shape):
    data: list[Line]
    has_more: bool


class TaxId(Shape):
    value: str | None


class Invoice(Shape):
    id: str
    number: str | None
    status: Literal["draft", "open", "paid", "void", "uncollectible"]
    customer: str
    customer_name: str | None
    customer_address: Address | None
    customer_tax_ids: list[TaxId] | None
    currency: str
    collection_method: str
    created: int
    effective_at: int | None
    due_date: int | None
    period_start: int
    period_end: int
    lines: Lines
    subtotal: int
    total_discount_amounts: list[Discount] | None
    total_taxes: list[Tax] | None
    total: int
    metadata: Metadata


class CreditNote(Shape):
    id: str
    number: str
    invoice: str
    status: Literal["issued", "void"]
    customer: str
    currency: str
    created: int
    effective_at: int | None = None
    total: int
    total_taxes: list[Tax] | None = None
    reason: str | None
    metadata: Metadata | None = None


class PaidAt(Shape):
    paid_at: int | None


class PaymentOf(Shape):
    type: str


class InvoicePayment(Shape):
    id: str
    invoice: str
    status: Literal["open", "paid", "canceled"]
    amount_paid: int | None
    currency: str
    created: int
    status_transitions: PaidAt
    payment: PaymentOf


class EvidenceDetails(Shape):
    due_by: int | None


class Dispute(Shape):
    """`invoice_found` is looked up by the source: Stripe itself links a dispute to no invoice."""

    id: str
    payment_intent: str | None
    amount: int
    currency: str
    reason: str
    status: str
    created: int
    evidence_details: EvidenceDetails
    invoice_found: str | None = Field(default=None, alias="_invoice")


class EventData(Shape):
    object: dict[str, object]


class Event(Shape):
    id: str
    type: str
    created: int
    data: EventData


class PriceTier(Shape):
    up_to: int | None
    unit_amount_decimal: Number | None
    flat_amount_decimal: Number | None


class Recurring(Shape):
    interval: Literal["day", "week", "month", "year"]
    interval_count: int
    meter: str | None


class Price(Shape):
    """`tiers` are sent only where they are asked for: the source does, for tiered prices."""

    id: str
    billing_scheme: Literal["per_unit", "tiered"]
    unit_amount_decimal: Number | None
    recurring: Recurring | None
    tiers: list[PriceTier] | None = None
    metadata: Metadata


class SubscriptionItem(Shape):
    price: Price
    quantity: int | None = None
    metadata: Metadata


class SubscriptionItems(Shape):
    data: list[SubscriptionItem]
    has_more: bool


class Subscription(Shape):
    id: str
    customer: str
    status: str
    currency: str
    items: SubscriptionItems
    metadata: Metadata


class Aggregation(Shape):
    formula: Literal["sum", "count", "last"]


class Meter(Shape):
    id: str
    display_name: str
    event_name: str
    default_aggregation: Aggregation
    event_time_window: Literal["day", "hour"] | None
    status: Literal["active", "inactive"]
