"""AvaTax over HTTP: Basic authentication, exact numbers both ways, one translator of errors."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import httpx

from connectors.avatax.config import Config
from connectors.http import Masker, broken_call, open_client, retry_after, transient
from connectors.shapes import unreadable
from core.ports import ConnectorFailure, InDoubt, Misconfigured, Rejected

TITLE = "AvaTax"
Doc = dict[str, Any]
# Avalara asks every program to say what it is: application; version; library; version of the API; machine.
_WHO = "Quittance; 1.0; httpx; 26.7; server"
_NOT_FOUND = "EntityNotFoundError"


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer. Numbers of `body` are exact; the exchange is masked when it is asked for."""

    body: Doc
    mask: Callable[[], Doc]

    @property
    def exchange(self) -> Doc:
        return self.mask()


class Client:
    """Every failure comes out as one of the four families."""

    def __init__(self, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        account, key = config.account_id.get_secret_value(), config.license_key.get_secret_value()
        self._basic = b64encode(f"{account}:{key}".encode()).decode()
        self._masker = Masker(key, self._basic)
        self._http = open_client(config.address, config.timeout_seconds, transport)

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer | None:
        """What stands at the path, or None if AvaTax knows nothing of it."""
        try:
            return self._send(self._request("GET", path, None, params), is_write=False)
        except Rejected as problem:
            if problem.code == _NOT_FOUND:
                return None
            raise

    def post(self, path: str, body: Doc, params: Mapping[str, str] | None = None, *, is_write: bool = True) -> Answer:
        """`is_write` False: a repetition does no harm, so that nobody has to look what became of it."""
        return self._send(self._request("POST", path, body, params), is_write)

    def _request(self, method: str, path: str, body: Doc | None, params: Mapping[str, str] | None) -> httpx.Request:
        headers = {"Authorization": f"Basic {self._basic}", "X-Avalara-Client": _WHO}
        if body is None:
            return self._http.build_request(method, path, params=params, headers=headers)
        headers["Content-Type"] = "application/json"
        # JSON knows numbers only as doubles; an amount has at most 15 digits, so its text comes out exact.
        content = json.dumps(body, default=float).encode()
        return self._http.build_request(method, path, content=content, params=params, headers=headers)

    def _send(self, request: httpx.Request, is_write: bool) -> Answer:
        try:
            response = self._http.send(request)
        except httpx.TransportError as problem:
            raise broken_call(TITLE, problem, self._masker.httpx_exchange(request), is_write) from problem
        mask = partial(self._masker.httpx_exchange, request, response)
        if not response.is_success:
            raise self._failure(response, mask(), is_write)
        try:
            body = json.loads(response.content, parse_float=Decimal)
        except (ValueError, RecursionError) as problem:
            raise unreadable(f"{TITLE} sent an answer that is not JSON.", mask(), is_write) from problem
        return Answer(body if isinstance(body, dict) else {}, mask)

    def _failure(self, response: httpx.Response, exchange: Doc, is_write: bool) -> ConnectorFailure:
        """The one translator: an error answer becomes the family of whoever acts next."""
        status = response.status_code
        said, told = self._said(response)
        code = said or f"HTTP {status}"
        if status == 401:
            return Misconfigured(f"{TITLE} does not accept our account and licence key.", code, exchange)
        if status == 403:
            return Misconfigured(f"Our account in {TITLE} lacks a permission: {told}", code, exchange)
        if status == 429:
            return transient(f"{TITLE} asks us to slow down.", code, exchange, retry_after(response.headers))
        if status >= 500 and is_write:
            return InDoubt(f"{TITLE} failed while it was working on the request.", code, exchange)
        if status >= 500:
            after = retry_after(response.headers)
            return transient(f"{TITLE} is not available at the moment.", code, exchange, after)
        if 300 <= status < 400:
            return Misconfigured(f"The address of {TITLE} has moved.", code, exchange)
        return Rejected(f"{TITLE} refused the request: {told}", code, exchange)

    def _said(self, response: httpx.Response) -> tuple[str, str]:
        """The error's code, and the message of its first detail."""
        try:
            error = json.loads(response.content)["error"]
            first = next(iter(error.get("details") or ()), error)
            message = first.get("message") or error.get("message") or "no reason given"
            return str(error.get("code") or ""), self._masker.text(str(message))
        except (ValueError, AttributeError, TypeError, KeyError):
            return "", "no reason given"
