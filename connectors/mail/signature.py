"""Webhooks of the mail provider: an HMAC over time and raw bytes, and a time that is neither old nor in the future."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from connectors.shapes import Shape, Token, UnixSeconds, check_depth, faults_of
from core.kit.clock import from_unix
from core.ports import SignedEvent

OLDEST_SECONDS = 300
AHEAD_SECONDS = 60


class BadWebhook(ValueError):
    """The message is not from the mail provider, is too old, or is no event. The text is a sentence."""


class _Event(Shape):
    id: Token
    type: Token
    at: UnixSeconds


def verify(payload: bytes, header: str, secret: str, now: datetime) -> SignedEvent:
    """The event behind the header `t=<unix seconds>,v1=<hex of HMAC-SHA256 over "t.body">`; of several v1 one must fit.
    `payload` must be the bytes as received."""
    parts = [part.partition("=") for part in header.split(",")]
    stamp = next((value for name, _, value in parts if name.strip() == "t"), "")
    given = [value for name, _, value in parts if name.strip() == "v1"]
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        raise BadWebhook("The signature of the webhook is not right.")
    right = hmac.new(secret.encode(), stamp.encode() + b"." + payload, hashlib.sha256).hexdigest()
    if not any(hmac.compare_digest(right.encode(), one.encode()) for one in given):
        raise BadWebhook("The signature of the webhook is not right.")
    age = now.timestamp() - int(stamp)
    if not -AHEAD_SECONDS <= age <= OLDEST_SECONDS:
        raise BadWebhook("The webhook was signed at another time.")
    return _event(payload)


def _event(payload: bytes) -> SignedEvent:
    try:
        event: Any = json.loads(payload)
        check_depth(event)
    except (ValueError, RecursionError) as problem:
        raise BadWebhook("The webhook is not JSON.") from problem
    try:
        said = _Event.model_validate(event)
    except ValidationError as problem:
        raise BadWebhook(f"The webhook is not an event: {faults_of(problem)}.") from problem
    return SignedEvent(said.id, f"event:{said.type}", from_unix(said.at), event)
