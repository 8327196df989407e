"""Stripe's subscriptions and meters as canonical records. Pure.

Prices are in major units per unit and interval, the interval in months. A tiered price has no price of its own: its
tiers say what a unit costs.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.shapes import Records
from connectors.stripe import shapes
from connectors.stripe.names import SOURCE
from core.canonical import MeterRecord, SubscriptionItemRecord, SubscriptionRecord, Tier
from core.kit.money import exponent

_MONTHS = {"month": 1, "year": 12}


def subscription(payload: dict[str, Any]) -> Records:
    found = shapes.Subscription.model_validate(payload)
    if found.items.has_more:
        raise ValueError("A subscription came without all of its items.")
    currency = found.currency.upper()
    digits = exponent(currency)
    record = SubscriptionRecord(
        source=SOURCE,
        source_ref=found.id,
        contract_number=found.metadata.get("contract_number") or None,
        customer_ref=found.customer,
        status=found.status,
        currency=currency,
        items=tuple(_item(item, digits) for item in found.items.data),
    )
    return (record,)


def _item(item: shapes.SubscriptionItem, digits: int) -> SubscriptionItemRecord:
    price = item.price
    if price.billing_scheme == "tiered" and not price.tiers:
        raise ValueError("A tiered price came without its tiers.")
    return SubscriptionItemRecord(
        product_code=item.metadata.get("product_code") or price.metadata.get("product_code"),
        quantity=Decimal(item.quantity or 0),
        unit_price=_major(price.unit_amount_decimal, digits),
        interval_months=_months(price.recurring),
        meter=price.recurring.meter if price.recurring else None,
        tiers=tuple(
            Tier(
                up_to=None if tier.up_to is None else Decimal(tier.up_to),
                unit_price=_major(tier.unit_amount_decimal, digits),
                flat_fee=_major(tier.flat_amount_decimal, digits),
            )
            for tier in price.tiers or ()
        ),
    )


def _months(recurring: shapes.Recurring | None) -> int:
    if recurring is None or recurring.interval not in _MONTHS:
        raise ValueError("A subscription is not billed by the month or year; other intervals are not understood.")
    return recurring.interval_count * _MONTHS[recurring.interval]


def _major(minor: Decimal | None, digits: int) -> Decimal:
    return Decimal(0) if minor is None else minor.scaleb(-digits)


def meter(payload: dict[str, Any]) -> Records:
    """How usage is counted; a meter that was switched off counts nothing any more."""
    found = shapes.Meter.model_validate(payload)
    if found.status != "active":
        return ()
    record = MeterRecord(
        source=SOURCE,
        source_ref=found.id,
        code=found.event_name,
        name=found.display_name,
        aggregation=found.default_aggregation.formula,
        window=found.event_time_window,
    )
    return (record,)
