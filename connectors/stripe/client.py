"""Stripe over HTTP: the SDK signs, pins the version and sorts errors; pages are parsed once, without its objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import stripe
from pydantic_core import from_json, to_json

from connectors.http import Masker, Received, Sent, open_client, retry_after, transient
from connectors.shapes import unreadable
from connectors.stripe.config import Config
from core.ports import ConnectorFailure, InDoubt, Misconfigured, Rejected

TITLE = "Stripe"
# Code of a failure of Stripe's own that is repeated to us for as long as it remembers the key.
REPLAYED = "replayed_failure"
Doc = dict[str, Any]
# Figures about our use are nobody's business; the SDK would send them with each request.
stripe.enable_telemetry = False


class _Answer(dict[str, str]):
    """Response headers that carry the body along, so that it need not be parsed by the SDK."""

    content: bytes = b""


class _Wire(stripe.HTTPClient):
    """The SDK's way out, over our own client. A good answer is kept as bytes; the SDK gets an empty object to parse."""

    name = "httpx"

    def __init__(self, client: httpx.Client) -> None:
        super().__init__()
        self._http = client

    def request(  # type: ignore[override]  # the SDK calls it by position only
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            response = self._http.request(method, url, headers=headers, content=post_data)
        except httpx.TransportError as problem:
            is_final = "CERTIFICATE_VERIFY_FAILED" in str(problem)
            broken: Any = stripe.APIConnectionError
            raise broken(type(problem).__name__, should_retry=not is_final) from problem
        answer = _Answer(response.headers.items())
        if response.is_success:
            answer.content = response.content
            return b"{}", response.status_code, answer
        return response.content, response.status_code, answer

    def close(self) -> None:
        self._http.close()


class Client:
    """Reads objects and lists, and writes. Every failure comes out as one of the four families."""

    def __init__(self, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        self._config = config
        self._masker = Masker(config.api_key.get_secret_value())
        self._sdk = stripe.StripeClient(
            config.api_key.get_secret_value(),
            stripe_version=config.api_version,
            base_addresses={"api": config.address.rstrip("/")},
            max_network_retries=config.max_network_retries,
            http_client=_Wire(open_client(config.address, config.timeout_seconds, transport)),
        )

    def get(self, path: str, **params: Any) -> Doc:
        """One object or one list page."""
        try:
            content = self._content(path, params)
        except stripe.StripeError as problem:
            raise self._failure(problem, path) from problem
        return self._parsed(content, path)

    def find(self, path: str) -> Doc | None:
        """One object, or None when Stripe has none (any more)."""
        try:
            content = self._content(path, {})
        except stripe.InvalidRequestError as problem:
            if problem.http_status == 404:
                return None
            raise self._failure(problem, path) from problem
        except stripe.StripeError as problem:
            raise self._failure(problem, path) from problem
        found = self._parsed(content, path)
        return None if found.get("deleted") else found

    def post(self, path: str, params: Doc, key: str) -> Doc:
        """Writes once: the same key makes Stripe answer a repetition as it answered first, for a day at least."""
        try:
            content = self._content(path, {**params, "idempotency_key": key}, "post")
        except stripe.StripeError as problem:
            raise self._failure(problem, path, params) from problem
        return self._parsed(content, path, params)

    def exchange(self, path: str, params: Doc | None, answer: Doc) -> Doc:
        """A write and what came of it, or a look-up (`params` None), as they may be stored."""
        method, body = ("GET", None) if params is None else ("POST", to_json(params).decode())
        return self._masker.exchange(
            Sent(method, self._config.address + path, {}, body), Received(200, {}, to_json(answer).decode())
        )

    def pages(self, path: str, **params: Any) -> Iterator[tuple[list[Doc], bool]]:
        """List pages as Stripe orders them (newest first), with whether more follow."""
        params.setdefault("limit", self._config.page_size)
        while True:
            page = self.get(path, **params)
            found, has_more = page.get("data"), page.get("has_more")
            if not isinstance(found, list) or not isinstance(has_more, bool) or not all(map(_is_object, found)):
                raise unreadable(f"{TITLE} sent a list of an unknown form.", self._sent(path), is_write=False)
            yield found, has_more and bool(found)
            if not has_more or not found:
                return
            if "ending_before" in params:
                params["ending_before"] = found[0]["id"]
            else:
                params["starting_after"] = found[-1]["id"]

    def _content(self, path: str, params: Doc, method: str = "get") -> bytes:
        headers = self._sdk.raw_request(method, path, **params).headers
        return headers.content if isinstance(headers, _Answer) else b"{}"

    def _parsed(self, content: bytes, path: str, written: Doc | None = None) -> Doc:
        """`written` are a write's parameters, as below."""
        try:
            parsed = from_json(content)
        except ValueError as problem:
            sentence, sent = f"{TITLE} sent an answer that is not JSON.", self._sent(path, written)
            raise unreadable(sentence, sent, written is not None) from problem
        if not isinstance(parsed, dict):
            sentence, sent = f"{TITLE} sent an answer of an unknown form.", self._sent(path, written)
            raise unreadable(sentence, sent, written is not None)
        return parsed

    def _sent(self, path: str, written: Doc | None = None) -> Doc:
        method, body = ("GET", None) if written is None else ("POST", to_json(written).decode())
        return self._masker.exchange(Sent(method, self._config.address + path, {}, body))

    def _failure(self, problem: stripe.StripeError, path: str, written: Doc | None = None) -> ConnectorFailure:
        """The one translator: an SDK error becomes the family of whoever acts next. `written` are a write's
        parameters: when it got no answer, or one of its own failure, nobody knows what became of it."""
        said = problem.error
        code = (said.code or said.type) if said is not None else problem.code
        status = problem.http_status
        exchange = self._exchange(problem, path, written)
        match status:
            case None if written is not None and not _is_unsent(problem):
                return InDoubt(f"The connection to {TITLE} broke before it answered.", "no_answer", exchange)
            case None if "ConnectError" in str(problem) or "Timeout" in str(problem):
                return transient(f"{TITLE} cannot be reached.", "unreachable", exchange)
            case None:
                return transient(f"The connection to {TITLE} broke.", "connection", exchange)
            case 401:
                return Misconfigured(f"{TITLE} refused the API key.", "authentication", exchange)
            case 403:
                verb = "read" if written is None else "write"
                return Misconfigured(f"The API key may not {verb} {path} in {TITLE}.", "permission", exchange)
            case 429:
                after = retry_after(problem.headers or {})
                return transient(f"{TITLE} asks us to slow down.", code or "rate_limit", exchange, after)
            case 500 | 502 | 503 | 504 if written is not None:
                sentence = f"{TITLE} failed while it was working on the request."
                return InDoubt(sentence, REPLAYED if _is_replay(problem) else code, exchange)
            case 409 | 500 | 502 | 503 | 504:
                return transient(f"{TITLE} is not available at the moment.", code or "server_error", exchange)
        words = self._masker.text(problem.user_message or "no reason given")
        return Rejected(f"{TITLE} refused the request: {words}", code, exchange)

    def _exchange(self, problem: stripe.StripeError, path: str, written: Doc | None) -> Doc:
        method, body = ("GET", None) if written is None else ("POST", to_json(written).decode())
        if problem.http_status is None:
            return self._masker.exchange(Sent(method, self._config.address + path, {}, body))
        sent = Sent(method, self._config.address + path, {"Stripe-Version": self._config.api_version}, body)
        return self._masker.exchange(sent, Received(problem.http_status, problem.headers or {}, problem.http_body))


def _is_object(item: object) -> bool:
    """Each object of a list says under which id the next page begins."""
    return isinstance(item, dict) and isinstance(item.get("id"), str)


def _is_replay(problem: stripe.StripeError) -> bool:
    """Stripe only repeats what it answered first under this idempotency key."""
    said = {name.lower(): value for name, value in (problem.headers or {}).items()}
    return said.get("idempotent-replayed") == "true"


def _is_unsent(problem: stripe.StripeError) -> bool:
    """Before a connection stands, nothing can have been sent."""
    return any(name in str(problem) for name in ("ConnectError", "ConnectTimeout", "PoolTimeout"))
