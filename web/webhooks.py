"""Signed notices from outside systems: verified, kept in the inbox, answered; the work happens later."""

from __future__ import annotations

import json
from pathlib import Path

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.stripe.signature import BadWebhook, verify
from core.intake.store import receive
from core.ports import RawRecord, SignedEvent
from core.runtime import Runtime, StoreUnreachable, defer, shared_runtime
from core.settings import Settings

_MOST_BYTES = 2_000_000


async def stripe(request: Request) -> Response:
    """200 when the event is kept (or was before), 400 for a bad signature; that is over the raw bytes."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return _answer(413, "too large")
    header = request.headers.get("stripe-signature", "")
    return await anyio.to_thread.run_sync(_take, shared_runtime(), body, header)


def _take(runtime: Runtime, body: bytes, header: str) -> Response:
    secret = stripe_secret(runtime.settings)
    if secret is None:
        return _answer(503, "webhooks are not configured")
    try:
        event = verify(body, header, secret, runtime.now())
        keep(runtime, event)
    except BadWebhook:
        return _answer(400, "bad signature")
    except StoreUnreachable:
        return _answer(503, "try again")
    return _answer(200, "received")


def keep(runtime: Runtime, event: SignedEvent) -> None:
    """The inbox row and the job that handles it, in one transaction; an event that is here already adds neither."""
    record = RawRecord(event.kind, event.external_id, event.external_id, event.payload)
    with runtime.transaction() as session:
        if receive(session, "stripe", [record], runtime.now()):
            defer(session, "handle_inbox", [{"source": "stripe"}], queue="intake")


def stripe_secret(settings: Settings) -> str | None:
    """The configured secret, or the sandbox's; None when there is neither."""
    if settings.stripe_webhook_secret is not None:
        return settings.stripe_webhook_secret.get_secret_value()
    return _sandbox_secret(settings.sandbox_systems) if settings.sandbox_systems else None


def _sandbox_secret(systems: Path) -> str | None:
    try:
        lines = json.loads(systems.read_text())
    except (OSError, ValueError):
        return None
    found = [line["credentials"].get("webhook_secret") for line in lines if line["system"] == "stripe"]
    return found[0] if found else None


def _answer(status: int, words: str) -> Response:
    return JSONResponse({"status": words}, status_code=status)
