"""Webhooks: the signature over the raw bytes, and a time that is neither old nor in the future."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Literal

import stripe
from pydantic import ValidationError

from connectors.shapes import Shape, Token, UnixSeconds, check_depth, faults_of
from core.kit.clock import from_unix
from core.ports import SignedEvent

OLDEST_SECONDS = 300
# The SDK accepts any time in the future; a clock that runs ahead of ours is allowed this much.
AHEAD_SECONDS = 60


class BadWebhook(ValueError):
    """The message is not from Stripe, is too old, or is no event. The text is a sentence."""


class _Event(Shape):
    object: Literal["event"]
    id: Token
    type: Token
    created: UnixSeconds


def verify(payload: bytes, header: str, secret: str, now: datetime) -> SignedEvent:
    """The event of a webhook, or BadWebhook. `payload` must be the bytes as received.

    `kind` is "event:<type>" as in the records of the stream `events`, so both meet in the inbox by event id.
    """
    try:
        stripe.WebhookSignature.verify_header(payload, header, secret)
        signed_at = _signed_at(header)
    except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError, ValueError) as problem:
        raise BadWebhook("The signature of the webhook is not right.") from problem
    age = now.timestamp() - signed_at
    if age > OLDEST_SECONDS:
        raise BadWebhook("The webhook was signed too long ago.")
    if age < -AHEAD_SECONDS:
        raise BadWebhook("The webhook was signed in the future.")
    return _event(payload)


def _signed_at(header: str) -> int:
    return int(next(part[2:] for part in header.split(",") if part.startswith("t=")))


def _event(payload: bytes) -> SignedEvent:
    try:
        event: Any = json.loads(payload)
        check_depth(event)
    except (ValueError, RecursionError) as problem:
        raise BadWebhook("The webhook is not JSON.") from problem
    try:
        said = _Event.model_validate(event)
    except ValidationError as problem:
        raise BadWebhook(f"The webhook is not a Stripe event: {faults_of(problem)}.") from problem
    return SignedEvent(said.id, f"event:{said.type}", from_unix(said.created), event)
