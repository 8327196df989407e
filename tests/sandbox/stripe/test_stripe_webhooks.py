"""Signed deliveries."""

import json
from typing import Any

import pytest
import stripe

from sandbox.emulators.stripe import Emulator
from sandbox.faults import Faults

VERSION = "2026-10-28.endive"


def listen(v1: Any, receiver: Any, *types: str) -> Any:
    return v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": list(types or ["*"]), "api_version": VERSION}
    )


def types_of(bodies: list[tuple[bytes, str]]) -> list[str]:
    return [json.loads(body)["type"] for body, _ in bodies]


def test_an_event_arrives_signed_for_the_vendors_own_check(v1: Any, receiver: Any, emulator: Emulator) -> None:
    endpoint = listen(v1, receiver, "customer.created")
    assert endpoint.secret == emulator.credentials()["webhook_secret"]
    made = v1.customers.create({"name": "A"})
    body, signature = receiver.wait(lambda got: got)[0]
    event = stripe.Webhook.construct_event(body, signature, endpoint.secret)
    assert event.type == "customer.created" and event.data.object["id"] == made.id
    assert event.api_version == VERSION
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", signature, endpoint.secret)


def test_only_wanted_types_are_delivered(v1: Any, receiver: Any, make_invoice: Any) -> None:
    listen(v1, receiver, "invoice.finalized", "invoice.paid")
    v1.invoices.pay(make_invoice().id, {"payment_method": "pm_card_visa"})
    assert sorted(types_of(receiver.wait(lambda got: len(got) == 2))) == ["invoice.finalized", "invoice.paid"]


def test_a_receiver_that_fails_gets_it_again(v1: Any, receiver: Any, eventually: Any, raw: Any) -> None:
    receiver.refuse = [500, 503, 400]
    listen(v1, receiver)
    v1.customers.create({"name": "A"})
    assert types_of(receiver.wait(lambda got: got)) == ["customer.created"]
    eventually(lambda: raw.get("/_sandbox/webhooks").json()["waiting"] == 0)


def test_a_receiver_that_is_down_gets_everything_when_it_is_back(
    v1: Any, receiver: Any, raw: Any, eventually: Any
) -> None:
    down = v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/hook", "enabled_events": ["*"]})
    for name in "ABC":
        v1.customers.create({"name": name})
    eventually(lambda: raw.get("/_sandbox/webhooks").json()["most_attempts"] >= 2)
    v1.webhook_endpoints.update(down.id, {"url": receiver.url})
    names = [json.loads(body)["data"]["object"]["name"] for body, _ in receiver.wait(lambda got: len(got) == 3)]
    assert names == ["A", "B", "C"]


def test_duplicates_arrive_twice_with_one_id(v1: Any, receiver: Any, faults: Faults) -> None:
    faults.duplicate_webhooks = 1.0
    listen(v1, receiver)
    v1.customers.create({"name": "A"})
    first, second = receiver.wait(lambda got: len(got) == 2)
    assert first[0] == second[0]


def test_dropped_events_are_only_in_the_list(v1: Any, receiver: Any, faults: Faults) -> None:
    listen(v1, receiver)
    faults.drop_webhooks = 1.0
    v1.customers.create({"name": "lost"})
    faults.drop_webhooks = 0.0
    v1.customers.create({"name": "kept"})
    got = receiver.wait(lambda bodies: bodies)
    assert [json.loads(body)["data"]["object"]["name"] for body, _ in got] == ["kept"]
    assert len(v1.events.list({"type": "customer.created"}).data) == 2


def test_shuffled_events_arrive_all(emulator: Emulator, v1: Any, receiver: Any, faults: Faults) -> None:
    faults.shuffle_webhooks = True
    listen(v1, receiver)
    with emulator.store.transaction():
        for n in range(30):
            emulator.store.create("customer", "customer.created", name=str(n))
    names = [json.loads(body)["data"]["object"]["name"] for body, _ in receiver.wait(lambda bodies: len(bodies) == 30)]
    assert sorted(names, key=int) == [str(n) for n in range(30)] != names


@pytest.mark.parametrize(("how", "accepted"), [("rotated", True), ("old", False), ("wrong", False)])
def test_signatures_can_be_rotated_old_or_wrong(
    emulator: Emulator, v1: Any, receiver: Any, how: str, accepted: bool
) -> None:
    emulator.switches.webhook_signature = how
    endpoint = listen(v1, receiver)
    v1.customers.create({"name": "A"})
    body, signature = receiver.wait(lambda got: got)[0]
    if accepted:
        assert signature.count("v1=") == 2 and stripe.Webhook.construct_event(body, signature, endpoint.secret)
    else:
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, signature, endpoint.secret)


def test_the_payload_has_the_endpoints_version(v1: Any, receiver: Any) -> None:
    v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"], "api_version": "2025-03-31.basil"})
    v1.customers.create({"name": "A"})
    assert json.loads(receiver.wait(lambda got: got)[0][0])["api_version"] == "2025-03-31.basil"


def test_a_deleted_endpoint_hears_nothing_more(v1: Any, receiver: Any, raw: Any) -> None:
    endpoint = listen(v1, receiver)
    v1.webhook_endpoints.delete(endpoint.id)
    v1.customers.create({"name": "A"})
    assert raw.get("/_sandbox/webhooks").json()["waiting"] == 0 and receiver.bodies == []
    assert v1.webhook_endpoints.list().data == []


def test_the_company_saves_as_stripe_itself_would(emulator: Emulator, v1: Any, receiver: Any, customer: Any) -> None:
    emulator.register_webhook(receiver.url)
    emulator.register_webhook(receiver.url)
    doc = emulator.get("customer", customer.id)
    assert doc is not None
    emulator.save("customer", {**doc, "name": "Arbor SE"}, "customer.updated")
    event = json.loads(receiver.wait(lambda got: got)[0][0])
    assert event["request"] == {"id": None, "idempotency_key": None}
    assert event["data"]["previous_attributes"] == {"name": "Arbor GmbH"} and event["pending_webhooks"] == 1
