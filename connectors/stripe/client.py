"""Stripe over HTTP: the SDK signs, pins the version and sorts errors; pages are parsed once, without its objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import stripe
from pydantic_core import from_json

from connectors.http import Masker, Received, Sent, open_client, retry_after, transient
from connectors.stripe.config import Config
from core.ports import ConnectorFailure, Misconfigured, Rejected

TITLE = "Stripe"
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
    """Reads objects and lists. Every failure comes out as one of the four families."""

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

    def pages(self, path: str, **params: Any) -> Iterator[tuple[list[Doc], bool]]:
        """List pages as Stripe orders them (newest first), with whether more follow."""
        params.setdefault("limit", self._config.page_size)
        while True:
            page = self.get(path, **params)
            found, has_more = page.get("data"), page.get("has_more")
            if not isinstance(found, list) or not isinstance(has_more, bool):
                raise transient(f"{TITLE} sent a list of an unknown form.", "unreadable", self._sent(path))
            yield found, has_more and bool(found)
            if not has_more or not found:
                return
            if "ending_before" in params:
                params["ending_before"] = found[0]["id"]
            else:
                params["starting_after"] = found[-1]["id"]

    def _content(self, path: str, params: Doc) -> bytes:
        headers = self._sdk.raw_request("get", path, **params).headers
        return headers.content if isinstance(headers, _Answer) else b"{}"

    def _parsed(self, content: bytes, path: str) -> Doc:
        try:
            parsed = from_json(content)
        except ValueError as problem:
            raise transient(f"{TITLE} sent an answer that is not JSON.", "unreadable", self._sent(path)) from problem
        if not isinstance(parsed, dict):
            raise transient(f"{TITLE} sent an answer of an unknown form.", "unreadable", self._sent(path))
        return parsed

    def _sent(self, path: str) -> Doc:
        return self._masker.exchange(Sent("GET", self._config.address + path, {}))

    def _failure(self, problem: stripe.StripeError, path: str) -> ConnectorFailure:
        """The one translator: an SDK error becomes the family of whoever acts next."""
        said = problem.error
        code = (said.code or said.type) if said is not None else problem.code
        status = problem.http_status
        exchange = self._sent(path) if status is None else self._exchange(problem, path, status)
        match status:
            case None if "ConnectError" in str(problem) or "Timeout" in str(problem):
                return transient(f"{TITLE} cannot be reached.", "unreachable", exchange)
            case None:
                return transient(f"The connection to {TITLE} broke.", "connection", exchange)
            case 401:
                return Misconfigured(f"{TITLE} refused the API key.", "authentication", exchange)
            case 403:
                return Misconfigured(f"The API key may not read {path} in {TITLE}.", "permission", exchange)
            case 429:
                after = retry_after(problem.headers or {})
                return transient(f"{TITLE} asks us to slow down.", code or "rate_limit", exchange, after)
            case 409 | 500 | 502 | 503 | 504:
                return transient(f"{TITLE} is not available at the moment.", code or "server_error", exchange)
        words = self._masker.text(problem.user_message or "no reason given")
        return Rejected(f"{TITLE} refused the request: {words}", code, exchange)

    def _exchange(self, problem: stripe.StripeError, path: str, status: int) -> Doc:
        sent = Sent("GET", self._config.address + path, {"Stripe-Version": self._config.api_version})
        return self._masker.exchange(sent, Received(status, problem.headers or {}, problem.http_body))
