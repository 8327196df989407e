"""NetSuite's bearer token: fetched with a signed assertion, kept until 80 percent of its life are over."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt

from connectors.http import Masker, broken_call, retry_after, transient
from connectors.netsuite import shapes
from connectors.netsuite.config import Config
from connectors.shapes import read
from core.kit.clock import Clock
from core.ports import ConnectorFailure, Misconfigured

TITLE = "NetSuite"
TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFE = timedelta(minutes=5)
_KEPT = 0.8


class Tokens:
    """Gives out the current token. Thread-safe: one thread fetches, the others wait for it."""

    def __init__(self, config: Config, http: httpx.Client, masker: Masker, clock: Clock) -> None:
        self._config = config
        self._http = http
        self._masker = masker
        self._clock = clock
        self._lock = threading.Lock()
        self._token: str | None = None
        self._good_until: datetime | None = None

    def current(self) -> str:
        with self._lock:
            if self._token is None or self._good_until is None or self._clock() >= self._good_until:
                self._fetch()
            return self._token or ""

    def reject(self, token: str) -> None:
        """NetSuite no longer takes this token: the next one asked for is new."""
        with self._lock:
            if self._token == token:
                self._token = None

    def _fetch(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(),
        }
        self._masker.add(form["client_assertion"])
        request = self._http.build_request("POST", TOKEN_PATH, data=form)
        try:
            response = self._http.send(request)
        except httpx.TransportError as problem:
            raise broken_call(TITLE, problem, self._masker.httpx_exchange(request), is_write=False) from problem
        exchange = self._masker.httpx_exchange(request, response)
        given = _json_object(response)
        if response.status_code != 200 or not isinstance(given.get("access_token"), str):
            raise _refused(response, given, exchange)
        self._masker.add(given["access_token"])
        token = read(shapes.Given, given, f"{TITLE} gave us a token", self._masker.httpx_exchange(request, response))
        life = timedelta(seconds=float(token.expires_in) * _KEPT)
        self._token, self._good_until = token.access_token, self._clock() + life

    def _assertion(self) -> str:
        now = self._clock()
        claims = {
            "iss": self._config.client_id.get_secret_value(),
            "scope": ["rest_webservices"],
            "aud": self._config.address.rstrip("/") + TOKEN_PATH,
            "iat": int(now.timestamp()),
            "exp": int((now + _ASSERTION_LIFE).timestamp()),
            "jti": str(uuid4()),
        }
        headers = {"kid": self._config.certificate_id.get_secret_value()}
        try:
            key = self._config.private_key.get_secret_value()
            return jwt.encode(claims, key, algorithm=self._config.algorithm, headers=headers)
        except (ValueError, TypeError, jwt.PyJWTError) as problem:
            raise Misconfigured(f"The private key for {TITLE} cannot be used.", "private_key") from problem


def _json_object(response: httpx.Response) -> dict[str, Any]:
    try:
        given = response.json()
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _refused(response: httpx.Response, given: dict[str, Any], exchange: dict[str, Any]) -> ConnectorFailure:
    if response.status_code >= 500 or response.status_code == 429:
        after = retry_after(response.headers)
        return transient(f"{TITLE} is not available at the moment.", "server_error", exchange, after)
    reason = given.get("error_description") or given.get("error") or f"HTTP status {response.status_code}"
    sentence = f"{TITLE} refused the client id, the certificate or its key: {reason}"
    return Misconfigured(sentence, given.get("error"), exchange)
