"""Signed notices from outside systems: verified, kept in the inbox, answered; the work happens later."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import anyio.to_thread
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.mail import signature as mail_signature
from connectors.stripe import signature as stripe_signature
from core.intake.store import receive
from core.ports import RawRecord, SignedEvent
from core.runtime import Runtime, StoreUnreachable, defer, shared_runtime
from core.settings import Settings

_MOST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Sender:
    """A system that sends notices: its name here, the header that signs, who checks it, and with which secret."""

    system: str
    header: str
    verify: Callable[[bytes, str, str, datetime], SignedEvent]
    secret: Callable[[Settings], str | None]


async def stripe(request: Request) -> Response:
    """200 when the event is kept (or was before), 400 for a bad signature; that is over the raw bytes."""
    return await _receive(request, _STRIPE)


async def mail(request: Request) -> Response:
    """As for Stripe: what became of messages, from the mail provider."""
    return await _receive(request, _MAIL)


async def _receive(request: Request, sender: Sender) -> Response:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return _answer(413, "too large")
    return await anyio.to_thread.run_sync(_take, shared_runtime(), sender, body, request.headers.get(sender.header, ""))


def _take(runtime: Runtime, sender: Sender, body: bytes, header: str) -> Response:
    secret = sender.secret(runtime.settings)
    if secret is None:
        return _answer(503, "webhooks are not configured")
    try:
        event = sender.verify(body, header, secret, runtime.now())
        keep(runtime, sender.system, event)
    except (stripe_signature.BadWebhook, mail_signature.BadWebhook):
        return _answer(400, "bad signature")
    except StoreUnreachable:
        return _answer(503, "try again")
    return _answer(200, "received")


def keep(runtime: Runtime, system: str, event: SignedEvent) -> None:
    """The inbox row and the job that handles it, in one transaction; an event that is here already adds neither."""
    record = RawRecord(event.kind, event.external_id, event.external_id, event.payload)
    with runtime.transaction() as session:
        if receive(session, system, [record], runtime.now()):
            defer(session, "handle_inbox", [{"source": system}], queue="intake")


def stripe_secret(settings: Settings) -> str | None:
    """The configured secret, or the sandbox's; None when there is neither."""
    return _secret(settings.stripe_webhook_secret, settings, "stripe")


def mail_secret(settings: Settings) -> str | None:
    return _secret(settings.mail_webhook_secret, settings, "mail")


def _secret(configured: SecretStr | None, settings: Settings, system: str) -> str | None:
    if configured is not None:
        return configured.get_secret_value()
    return _sandbox_secret(settings.sandbox_systems, system) if settings.sandbox_systems else None


_STRIPE = Sender("stripe", "stripe-signature", stripe_signature.verify, stripe_secret)
_MAIL = Sender("mail", "x-mail-signature", mail_signature.verify, mail_secret)


def _sandbox_secret(systems: Path, system: str) -> str | None:
    try:
        lines = json.loads(systems.read_text())
    except (OSError, ValueError):
        return None
    found = [line["credentials"].get("webhook_secret") for line in lines if line["system"] == system]
    return found[0] if found else None


def _answer(status: int, words: str) -> Response:
    return JSONResponse({"status": words}, status_code=status)
