"""Usage meters and test clocks."""

import json
import time
from typing import Any

import pytest
import stripe

DAY = 86_400


@pytest.fixture
def meter(emulator: Any, v1: Any) -> Any:
    emulator.switches.meter_delay_ms = 0
    return v1.billing.meters.create(
        {
            "display_name": "API calls",
            "event_name": "api_calls",
            "default_aggregation": {"formula": "sum"},
            "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
            "value_settings": {"event_payload_key": "value"},
        }
    )


def usage(customer: str, value: str, **more: Any) -> dict[str, Any]:
    return {"event_name": "api_calls", "payload": {"stripe_customer_id": customer, "value": value}, **more}


def total(v1: Any, meter: Any, customer: Any) -> float | None:
    now = int(time.time())
    wanted = {"customer": customer.id, "start_time": now - 40 * DAY, "end_time": now + DAY}
    found = v1.billing.meters.event_summaries.list(meter.id, wanted).data
    return found[0].aggregated_value if found else None


def test_usage_adds_up_after_a_while(v1: Any, meter: Any, customer: Any, eventually: Any) -> None:
    for n in range(3):
        v1.billing.meter_events.create(usage(customer.id, "25", identifier=f"u-{n}"))
    eventually(lambda: total(v1, meter, customer) == 75)
    v1.billing.meter_event_adjustments.create(
        {"event_name": "api_calls", "type": "cancel", "cancel": {"identifier": "u-1"}}
    )
    assert total(v1, meter, customer) == 50


def test_an_identifier_counts_once_a_day(v1: Any, meter: Any, customer: Any) -> None:
    v1.billing.meter_events.create(usage(customer.id, "1", identifier="u-1"))
    with pytest.raises(stripe.InvalidRequestError):
        v1.billing.meter_events.create(usage(customer.id, "1", identifier="u-1"))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"payload": {"stripe_customer_id": "cus_none", "value": "1"}}, "meter_event_customer_not_found"),
        ({"payload": {"value": "1"}}, "meter_event_no_customer_defined"),
        ({"value": "many"}, "meter_event_invalid_value"),
        ({"timestamp": int(time.time()) - 36 * DAY}, "timestamp_too_far_in_past"),
        ({"timestamp": int(time.time()) + 3600}, "timestamp_in_future"),
    ],
)
def test_what_is_wrong_comes_out_as_a_thin_event(
    v1: Any, client: Any, raw: Any, meter: Any, customer: Any, receiver: Any, change: dict[str, Any], code: str
) -> None:
    type = "v1.billing.meter.error_report_triggered"
    endpoint = v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    event = usage(customer.id, str(change.pop("value", "1")))
    v1.billing.meter_events.create({**event, **change})
    body, signature = receiver.wait(lambda got: got)[0]
    thin = client.parse_event_notification(body, signature, endpoint.secret)
    assert thin.type == type and thin.related_object.id == meter.id and "data" not in json.loads(body)
    full = raw.get(f"/v2/core/events/{thin.id}").json()
    assert full["data"]["reason"]["error_types"][0]["code"] == code


def test_an_event_without_a_meter_is_reported(v1: Any, meter: Any, customer: Any, receiver: Any) -> None:
    v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    v1.billing.meter_events.create({**usage(customer.id, "1"), "event_name": "unknown"})
    assert json.loads(receiver.wait(lambda got: got)[0][0])["type"] == "v1.billing.meter.no_meter_found"


def test_meters_are_switched_off_and_on(v1: Any, meter: Any) -> None:
    assert v1.billing.meters.deactivate(meter.id).status == "inactive"
    assert v1.billing.meters.list({"status": "active"}).data == []
    assert v1.billing.meters.reactivate(meter.id).status == "active"
    assert v1.billing.meters.update(meter.id, {"display_name": "Calls"}).display_name == "Calls"


def test_a_test_clock_brings_a_draft_to_its_hour(v1: Any) -> None:
    start = 1_790_000_000
    clock = v1.test_helpers.test_clocks.create({"frozen_time": start, "name": "quarter end"})
    customer = v1.customers.create({"name": "A", "test_clock": clock.id})
    draft = v1.invoices.create({"customer": customer.id, "currency": "usd", "auto_advance": True})
    assert draft.created == start
    v1.invoices.add_lines(draft.id, {"lines": [{"amount": 900}]})
    advancing = v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": start + 2 * 3600})
    assert advancing.status == "advancing"
    assert v1.test_helpers.test_clocks.retrieve(clock.id).status == "ready"
    invoice = v1.invoices.retrieve(draft.id)
    assert (invoice.status, invoice.status_transitions.finalized_at) == ("open", start + 2 * 3600)
    assert v1.test_helpers.test_clocks.delete(clock.id).deleted
