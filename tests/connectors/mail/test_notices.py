"""What the mail provider tells afterwards: signed, and read into a notice about our delivery."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from connectors.mail.message import message_id
from connectors.mail.signature import BadWebhook, verify
from connectors.mail.source import to_canonical
from core.ports import RawRecord
from tests.fakes import NOON

SECRET = "a secret of ours"
EVENT: dict[str, Any] = {
    "id": "mev_1",
    "type": "bounced",
    "message_id": message_id("house_CT-1-20261101", "halden.example"),
    "recipient": "ap@wisla.example",
    "reason": "550 5.2.1 Mailbox closed",
    "at": int(NOON.timestamp()),
}


def signed(body: bytes, secret: str = SECRET, stamp: int = int(NOON.timestamp())) -> str:
    return f"t={stamp},v1={hmac.new(secret.encode(), f'{stamp}.'.encode() + body, hashlib.sha256).hexdigest()}"


def test_a_signed_notice_is_taken() -> None:
    body = json.dumps(EVENT).encode()
    event = verify(body, signed(body), SECRET, NOON)
    assert (event.external_id, event.kind, event.occurred_at) == ("mev_1", "event:bounced", NOON)


def test_of_several_signatures_one_has_to_fit() -> None:
    body = json.dumps(EVENT).encode()
    rotated = signed(body).replace(",v1=", ",v1=00,v1=")
    assert verify(body, rotated, SECRET, NOON).external_id == "mev_1"


@pytest.mark.parametrize("header", ["", "t=1", "v1=00", "t=x,v1=00", "t=１,v1=00", "nonsense", "t=1,v1=é"])
def test_a_header_that_signs_nothing_is_refused(header: str) -> None:
    with pytest.raises(BadWebhook):
        verify(json.dumps(EVENT).encode(), header, SECRET, NOON)


def test_another_body_secret_or_time_is_refused() -> None:
    body = json.dumps(EVENT).encode()
    for header, now in (
        (signed(body + b" "), NOON),
        (signed(body, "another secret"), NOON),
        (signed(body), NOON + timedelta(minutes=6)),
        (signed(body), NOON - timedelta(minutes=2)),
    ):
        with pytest.raises(BadWebhook):
            verify(body, header, SECRET, now)


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"id": 1, "type": "bounced", "at": 1}', b'{"id": "x"}'])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(BadWebhook):
        verify(body, signed(body), SECRET, NOON)


def test_a_bounce_becomes_a_notice_about_the_delivery() -> None:
    (notice,) = to_canonical(RawRecord("event:bounced", "mev_1", "1", EVENT))
    assert (notice.key, notice.outcome, notice.address) == ("house_CT-1-20261101", "bounced", "ap@wisla.example")


def test_notices_that_mean_nothing_to_us_are_passed_over() -> None:
    assert to_canonical(RawRecord("event:opened", "mev_2", "1", EVENT | {"type": "opened"})) == ()


def test_a_notice_without_what_we_need_is_told() -> None:
    with pytest.raises(ValueError, match="message_id is missing"):
        to_canonical(RawRecord("event:bounced", "x", "1", {"id": "x", "type": "bounced", "recipient": "a", "at": 1}))
