"""Stripe's subscriptions and meters become canonical records."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.stripe.mapping import to_canonical
from core.canonical import MeterRecord, SubscriptionRecord, Tier
from tests.connectors.payloads import STRIPE_METER, STRIPE_PRICE, STRIPE_SUBSCRIPTION, changed, record
from tests.connectors.vendors import stripe_at

TIERED = {
    "billing_scheme": "tiered",
    "unit_amount_decimal": None,
    "recurring": {"interval": "month", "interval_count": 1, "meter": "mtr_1", "usage_type": "metered"},
}
TIERS = [
    {"up_to": 1000, "unit_amount_decimal": "1.5", "flat_amount_decimal": "500"},
    {"up_to": None, "unit_amount_decimal": "1", "flat_amount_decimal": None},
]


def priced(**price: Any) -> dict[str, Any]:
    item = {"id": "si_1", "price": changed(STRIPE_PRICE, **price), "quantity": None, "metadata": {}}
    return {"items": {"object": "list", "data": [item], "has_more": False}}


def subscription(**fields: Any) -> SubscriptionRecord:
    (found,) = to_canonical(record("subscription", STRIPE_SUBSCRIPTION, **fields))
    assert isinstance(found, SubscriptionRecord)
    return found


def test_a_subscription_belongs_to_a_contract_and_has_its_items() -> None:
    found = subscription()
    assert (found.contract_number, found.customer_ref, found.status) == ("00010001", "cus_1", "active")
    (item,) = found.items
    assert (item.product_code, item.quantity, item.unit_price) == ("HC-CORE", Decimal(20), Decimal("24.17"))
    assert (item.interval_months, item.meter) == (3, None)


def test_a_metered_price_keeps_its_meter_and_tiers() -> None:
    (item,) = subscription(**priced(**TIERED, tiers=TIERS)).items
    assert (item.quantity, item.meter) == (Decimal(0), "mtr_1")
    assert item.tiers == (
        Tier(up_to=Decimal(1000), unit_price=Decimal("0.015"), flat_fee=Decimal(5)),
        Tier(up_to=None, unit_price=Decimal("0.01")),
    )


def test_a_currency_without_minor_units_is_not_divided() -> None:
    assert subscription(currency="jpy").items[0].unit_price == Decimal(2417)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (priced(**TIERED), "came without its tiers"),
        (priced(recurring={"interval": "week", "interval_count": 1, "meter": None}), "not billed by the month"),
        ({"items": {"data": [], "has_more": True}}, "without all of its items"),
        ({"currency": "xqq"}, "“XQQ” is not a currency code"),
    ],
)
def test_a_subscription_that_does_not_fit_is_told(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        subscription(**fields)


@pytest.mark.parametrize("verb", ["created", "updated", "deleted", "paused", "trial_will_end"])
def test_an_event_brings_the_subscription_as_it_was_then(verb: str) -> None:
    event = {
        "id": "evt_1",
        "type": f"customer.subscription.{verb}",
        "created": 1,
        "data": {"object": changed(STRIPE_SUBSCRIPTION, status="canceled")},
    }
    (found,) = to_canonical(record(f"event:customer.subscription.{verb}", event))
    assert isinstance(found, SubscriptionRecord)
    assert found.status == "canceled"


def test_a_meter_says_how_usage_is_counted() -> None:
    (found,) = to_canonical(record("billing.meter", STRIPE_METER))
    assert isinstance(found, MeterRecord)
    assert (found.code, found.name, found.aggregation, found.window) == ("api_calls", "API calls", "sum", "hour")


def test_a_meter_that_was_switched_off_counts_nothing() -> None:
    assert to_canonical(record("billing.meter", STRIPE_METER, status="inactive")) == ()


def test_ended_subscriptions_are_read_too_and_tiers_are_asked_for_price_by_price() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path == "/v1/prices/price_1":
            return httpx.Response(200, json=changed(STRIPE_PRICE, **TIERED, tiers=TIERS))
        found = changed(STRIPE_SUBSCRIPTION, **priced(**TIERED))
        return httpx.Response(200, json={"object": "list", "data": [found], "has_more": False})

    source = stripe_at(answer).source
    assert source is not None
    (page,) = source.pull("subscriptions", {})
    assert asked[0].url.params["status"] == "all"
    assert asked[1].url.params["expand[0]"] == "tiers"
    (found,) = source.to_canonical(page.records[0])
    assert isinstance(found, SubscriptionRecord)
    assert len(found.items[0].tiers) == 2
