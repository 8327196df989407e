"""HTTP that all connectors share: a client with time limits, what a broken call means, exchanges without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from core.ports import ConnectorFailure, InDoubt, Misconfigured, Transient

MASK = "•••"
LONGEST_BODY = 20_000
_SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "set-cookie", "stripe-signature"}
_SECRET_FIELDS = {
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "consumer_secret",
    "id_token",
    "password",
    "private_key",
    "refresh_token",
    "signature",
    "token",
}
_FORM_SECRET = re.compile(rf"\b({'|'.join(sorted(_SECRET_FIELDS))})=[^&\s]+")
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{0,9})?")
# Before a connection stands, nothing can have been sent.
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Sent:
    method: str
    url: str
    headers: Mapping[str, str]
    body: str | bytes | None = None


@dataclass(frozen=True, slots=True)
class Received:
    status: int
    headers: Mapping[str, str]
    body: str | bytes | None = None


class Masker:
    """Knows the secrets of one connection and takes them out of everything that is kept or shown."""

    def __init__(self, *secrets: str) -> None:
        self._secrets: dict[str, None] = {}
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Learns a secret; of a key of several lines every line is one."""
        for part in (secret, *secret.splitlines()):
            if len(part.strip()) >= 8:
                for form in (part, part.strip(), quote(part, safe=""), json.dumps(part)[1:-1]):
                    self._secrets[form] = None

    def text(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return _FORM_SECRET.sub(rf"\1={MASK}", text)

    def value(self, value: Any) -> Any:
        """The same JSON value without secrets, whether known by their text or by the name they stand under."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.text(str(name)): MASK if str(name).lower() in _SECRET_FIELDS else self.value(item)
                for name, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {n: MASK if n.lower() in _SECRET_HEADERS else self.text(str(v)) for n, v in headers.items()}

    def body(self, body: str | bytes | None) -> Any:
        """A body as JSON where it is JSON, as text otherwise; long ones are cut."""
        if not body:
            return None
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        if len(text) <= LONGEST_BODY:
            try:
                return self.value(json.loads(text))
            except ValueError:
                return self.text(text)
        return self.text(text)[:LONGEST_BODY] + " …"

    def exchange(self, sent: Sent, received: Received | None = None) -> dict[str, Any]:
        """Request and response as they may be stored."""
        request = {
            "method": sent.method.upper(),
            "url": self.text(sent.url),
            "headers": self.headers(sent.headers),
            "body": self.body(sent.body),
        }
        if received is None:
            return {"request": request, "response": None}
        response = {
            "status": received.status,
            "headers": self.headers(received.headers),
            "body": self.body(received.body),
        }
        return {"request": request, "response": response}

    def httpx_exchange(self, request: httpx.Request, response: httpx.Response | None = None) -> dict[str, Any]:
        sent = Sent(request.method, str(request.url), request.headers, request.content)
        if response is None:
            return self.exchange(sent)
        return self.exchange(sent, Received(response.status_code, response.headers, response.content))


def open_client(address: str, timeout_seconds: float, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A client that never waits without end and follows no redirects (they would carry the credentials elsewhere)."""
    timeout = httpx.Timeout(timeout_seconds, connect=min(5.0, timeout_seconds))
    limits = httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=20)
    return httpx.Client(base_url=address, timeout=timeout, limits=limits, transport=transport, follow_redirects=False)


def transient(sentence: str, code: str | None, exchange: dict[str, Any], after: float | None = None) -> Transient:
    failure = Transient(sentence, code, exchange)
    failure.retry_after_seconds = after
    return failure


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the vendor asks us to wait, if it said so as a number."""
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    return float(text) if _SECONDS.fullmatch(text) else None


def broken_call(
    title: str, problem: httpx.TransportError, exchange: dict[str, Any], is_write: bool
) -> ConnectorFailure:
    """What a call without an answer means: after a write was sent, nobody knows."""
    if "CERTIFICATE_VERIFY_FAILED" in str(problem):
        return Misconfigured(f"The certificate of {title} could not be verified.", "certificate", exchange)
    if isinstance(problem, _NOTHING_SENT):
        return Transient(f"{title} cannot be reached.", "unreachable", exchange)
    if is_write:
        return InDoubt(f"The connection to {title} broke before it answered.", "no_answer", exchange)
    if isinstance(problem, httpx.TimeoutException):
        return Transient(f"{title} did not answer in time.", "timeout", exchange)
    return Transient(f"The connection to {title} broke.", "connection", exchange)
