"""Webhooks are believed only when signed by Stripe, now."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from connectors.stripe.signature import BadWebhook, verify
from tests.connectors.payloads import NOV_1

SECRET = "whsec_test_secret"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
EVENT = {"id": "evt_1", "object": "event", "type": "invoice.paid", "created": NOV_1, "data": {"object": {"id": "in_1"}}}
BODY = json.dumps(EVENT).encode()


def signed(body: bytes = BODY, secret: str = SECRET, at: datetime = NOW) -> str:
    header: str = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, int(at.timestamp()))
    return header


def test_a_good_webhook_is_its_event() -> None:
    found = verify(BODY, signed(), SECRET, NOW)
    assert (found.external_id, found.kind) == ("evt_1", "event:invoice.paid")
    assert found.occurred_at == datetime(2026, 11, 1, tzinfo=UTC)
    assert found.payload == EVENT


def test_during_a_rotation_any_of_several_signatures_counts() -> None:
    header = signed(secret="whsec_old") + "," + signed().partition(",")[2]
    assert verify(BODY, header, SECRET, NOW).external_id == "evt_1"


@pytest.mark.parametrize("seconds", [-300, -299, 0, 60])
def test_a_little_skew_of_the_clocks_is_fine(seconds: int) -> None:
    assert verify(BODY, signed(at=NOW + timedelta(seconds=seconds)), SECRET, NOW).external_id == "evt_1"


@pytest.mark.parametrize(
    ("seconds", "words"), [(-301, "too long ago"), (61, "in the future"), (86_400, "in the future")]
)
def test_old_and_future_webhooks_are_refused(seconds: int, words: str) -> None:
    with pytest.raises(BadWebhook, match=words):
        verify(BODY, signed(at=NOW + timedelta(seconds=seconds)), SECRET, NOW)


@pytest.mark.parametrize(
    "header", ["", "t=,v1=", "t=abc,v1=00", "v1=00", "nonsense", "t=1793534400,v0=00", "t=1793534400,v1=é"]
)
def test_headers_that_are_no_signature_are_refused(header: str) -> None:
    with pytest.raises(BadWebhook, match="signature"):
        verify(BODY, header, SECRET, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"created": 10**18},
        {"created": -(10**11)},
        {"created": True},
        {"created": None},
        {"id": "evt_\x00"},
        {"id": "evt_\ud800"},
        {"id": ""},
        {"id": "e" * 256},
        {"type": "invoice.\udc00"},
        {"object": "list"},
    ],
)
def test_a_signed_event_with_a_time_or_name_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    body = json.dumps(EVENT | change).encode()
    with pytest.raises(BadWebhook, match="is not a Stripe event"):
        verify(body, signed(body), SECRET, NOW)


def test_another_secret_or_a_changed_byte_is_refused() -> None:
    with pytest.raises(BadWebhook, match="signature"):
        verify(BODY, signed(secret="whsec_other"), SECRET, NOW)
    with pytest.raises(BadWebhook, match="signature"):
        verify(BODY + b" ", signed(), SECRET, NOW)
    with pytest.raises(BadWebhook, match="signature"):
        verify(b"\xff\xfe", signed(), SECRET, NOW)


def test_without_a_secret_nothing_is_believed() -> None:
    with pytest.raises(BadWebhook, match="signature"):
        verify(BODY, signed(secret=""), "", NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b'{"object":"v2.core.event","id":"evt_1","type":"v1.x"}',
        b'{"object":"event","id":"evt_1","type":"invoice.paid","created":"today"}',
        b'{"object":"event","type":"invoice.paid","created":1}',
        b'{"object":"event","id":"evt_1","type":"x","created":1,"data":' + b"[" * 200 + b"]" * 200 + b"}",
        b'{"object":"event","id":"evt_1","type":"x","created":1,"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_a_signed_message_that_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(BadWebhook):
        verify(body, signed(body), SECRET, NOW)
