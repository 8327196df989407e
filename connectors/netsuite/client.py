"""NetSuite over HTTP: token, limit of requests in flight, SuiteQL, records, one translator of errors."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import httpx

from connectors.http import Masker, broken_call, open_client, retry_after, transient
from connectors.netsuite.config import Config
from connectors.netsuite.token import TITLE, Tokens
from connectors.shapes import unreadable
from core.kit.clock import Clock, utc_now
from core.ports import ConnectorFailure, InDoubt, Misconfigured, Rejected

RECORDS = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"
Doc = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer. Numbers of `body` are exact; the exchange is masked when it is asked for."""

    status: int
    body: Doc
    location: str | None
    mask: Callable[[], Doc]

    @property
    def exchange(self) -> Doc:
        return self.mask()


@dataclass(frozen=True, slots=True)
class _Refusal:
    """The first of NetSuite's error details."""

    code: str
    detail: str
    path: str


class Client:
    """Every failure comes out as one of the four families; `path` of a bad field is kept as the exchange's "path"."""

    def __init__(self, config: Config, transport: httpx.BaseTransport | None = None, clock: Clock = utc_now) -> None:
        self._masker = Masker(
            config.private_key.get_secret_value(),
            config.client_id.get_secret_value(),
            config.certificate_id.get_secret_value(),
        )
        self._http = open_client(config.address, config.timeout_seconds, transport)
        self._tokens = Tokens(config, self._http, self._masker, clock)
        self._in_flight = threading.BoundedSemaphore(config.max_in_flight)

    def sign_in(self) -> None:
        self._tokens.current()

    def query(self, suiteql: str, parameters: Sequence[str | int] = (), limit: int = 1000) -> list[Doc]:
        """One page of rows: lower-case columns, all values text, nulls left out."""
        content = {"q": suiteql, "params": list(parameters)}
        request = self._request("POST", SUITEQL, content, {"Prefer": "transient"}, {"limit": str(limit)})
        answer = self._send(request, is_write=False)
        items = answer.body.get("items")
        if not isinstance(items, list) or not all(isinstance(row, dict) for row in items):
            raise unreadable(f"{TITLE} sent an answer of an unknown form.", answer.exchange, is_write=False)
        return items

    def get(self, path: str) -> Answer | None:
        """A record, or None if there is none."""
        request = self._request("GET", f"{RECORDS}/{path}")
        try:
            return self._send(request, is_write=False)
        except Rejected as problem:
            if problem.code == "NONEXISTENT_ID":
                return None
            raise

    def put(self, path: str, body: Doc) -> Answer:
        """Creates a record under its external id. A misspelt field is refused, not dropped."""
        request = self._request("PUT", f"{RECORDS}/{path}", body, {"X-NetSuite-PropertyNameValidation": "Error"})
        return self._send(request, is_write=True)

    def _request(
        self,
        method: str,
        path: str,
        content: Doc | None = None,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> httpx.Request:
        # JSON knows numbers only as doubles; an amount has at most 15 digits, so its text comes out exact.
        body = None if content is None else json.dumps(content, default=float).encode()
        said = {"Content-Type": "application/json", **(headers or {})} if body is not None else headers
        return self._http.build_request(method, path, content=body, headers=said, params=params)

    def _send(self, request: httpx.Request, is_write: bool) -> Answer:
        """Once more with a new token if the first one is not taken: a refused sign-in has done nothing."""
        response = self._once(request, is_write)
        if response.status_code == 401:
            response = self._once(request, is_write)
        mask = partial(self._masker.httpx_exchange, request, response)
        if not response.is_success:
            raise self._failure(response, mask(), is_write)
        return Answer(
            response.status_code, self._body(response, mask, is_write), response.headers.get("location"), mask
        )

    def _once(self, request: httpx.Request, is_write: bool) -> httpx.Response:
        token = self._tokens.current()
        request.headers["Authorization"] = f"Bearer {token}"
        with self._in_flight:
            try:
                response = self._http.send(request)
            except httpx.TransportError as problem:
                raise broken_call(TITLE, problem, self._masker.httpx_exchange(request), is_write) from problem
        if response.status_code == 401:
            self._tokens.reject(token)
        return response

    def _body(self, response: httpx.Response, mask: Callable[[], Doc], is_write: bool) -> Doc:
        if not response.content:
            return {}
        try:
            body = json.loads(response.content, parse_float=Decimal)
        except (ValueError, RecursionError) as problem:
            raise unreadable(f"{TITLE} sent an answer that is not JSON.", mask(), is_write) from problem
        return body if isinstance(body, dict) else {}

    def _failure(self, response: httpx.Response, exchange: Doc, is_write: bool) -> ConnectorFailure:
        """The one translator: an error answer becomes the family of whoever acts next."""
        status, said = response.status_code, self._said(response)
        code = said.code or f"HTTP {status}"
        if status == 401:
            return Misconfigured(f"{TITLE} does not accept the token that it has just given out.", code, exchange)
        if status == 429:
            after = retry_after(response.headers)
            return transient(f"{TITLE} has too many requests in flight.", code, exchange, after)
        if status >= 500 and is_write:
            return InDoubt(f"{TITLE} failed while it was working on the request.", code, exchange)
        if status >= 500:
            return transient(f"{TITLE} is not available at the moment.", code, exchange)
        if status == 403 or code == "INSUFFICIENT_PERMISSION":
            return Misconfigured(f"Our role in {TITLE} lacks a permission: {said.detail}", code, exchange)
        if 300 <= status < 400:
            return Misconfigured(f"The address of {TITLE} has moved.", code, exchange)
        return Rejected(f"{TITLE} refused the request: {said.detail}", code, exchange | {"path": said.path})

    def _said(self, response: httpx.Response) -> _Refusal:
        try:
            details = json.loads(response.content).get("o:errorDetails")
            first = details[0] if details else {}
            detail = self._masker.text(str(first.get("detail") or "no reason given"))
            return _Refusal(str(first.get("o:errorCode") or ""), detail, str(first.get("o:errorPath") or ""))
        except (ValueError, AttributeError, TypeError, KeyError):
            return _Refusal("", "no reason given", "")
