"""Vendors that answer from a script instead of a network, for what an emulator cannot be brought to say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr
from requests.adapters import BaseAdapter

from connectors import Connector, netsuite, salesforce, stripe

Handler = Callable[[httpx.Request], httpx.Response]
STRIPE_KEY = "sk_test_51SecretSecretSecret"
CONSUMER_KEY, CONSUMER_SECRET = "3MVG9ConsumerKeyConsumerKey", "A1B2C3D4E5F6SECRETSECRET"
CLIENT_ID, CERTIFICATE_ID = "client-id-client-id-client", "certificate-id-certificate"
PRIVATE_KEY = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    .decode()
)
TOKEN = "token-Token-token-Token"
TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"


def stripe_at(handler: Handler, **changes: Any) -> Connector:
    config = stripe.Config(api_key=SecretStr(STRIPE_KEY), max_network_retries=0, _env_file=None, **changes)
    return stripe.build(config, httpx.MockTransport(handler))


def netsuite_at(handler: Handler, **changes: Any) -> Connector:
    """The handler sees everything but requests for a token."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == TOKEN_PATH:
            return httpx.Response(200, json={"access_token": TOKEN, "expires_in": "3600", "token_type": "Bearer"})
        return handler(request)

    return netsuite.build(netsuite_config(**changes), httpx.MockTransport(answer))


def netsuite_config(**changes: Any) -> netsuite.Config:
    return netsuite.Config(
        address="https://1234567.suitetalk.api.netsuite.com",
        client_id=SecretStr(CLIENT_ID),
        certificate_id=SecretStr(CERTIFICATE_ID),
        private_key=SecretStr(PRIVATE_KEY),
        algorithm="ES256",
        _env_file=None,
        **changes,
    )


def netsuite_error(status: int, code: str, detail: str, path: str | None = None) -> httpx.Response:
    error = {"detail": detail, "o:errorCode": code} | ({"o:errorPath": path} if path else {})
    return httpx.Response(status, json={"title": "Bad Request", "status": status, "o:errorDetails": [error]})


class ScriptedSalesforce(BaseAdapter):
    """Stands in for the network under simple-salesforce: gives out tokens, answers the rest by `handler`.

    `handler` gets the prepared request and answers (status, JSON value or text), or raises. `headers` come with each
    of its answers.
    """

    def __init__(
        self,
        handler: Callable[[requests.PreparedRequest], tuple[int, Any]],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._handler = handler
        self._headers = headers or {}
        self.token_answer: tuple[int, Any] | None = None
        self.sign_ins = 0
        self.queries: list[str] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        if str(request.url).endswith("/services/oauth2/token"):
            self.sign_ins += 1
            given = {"access_token": f"{TOKEN}{self.sign_ins}", "instance_url": "https://acme.my.salesforce.com"}
            return _response(request, *(self.token_answer or (200, given)))
        self.queries.append(str(request.url))
        answer = _response(request, *self._handler(request))
        answer.headers.update(self._headers)
        return answer

    def close(self) -> None:
        pass


def salesforce_at(adapter: ScriptedSalesforce, **changes: Any) -> Connector:
    return salesforce.build(salesforce_config(**changes), adapter)


def salesforce_config(**changes: Any) -> salesforce.Config:
    return salesforce.Config(
        address="https://acme.my.salesforce.com",
        consumer_key=SecretStr(CONSUMER_KEY),
        consumer_secret=SecretStr(CONSUMER_SECRET),
        _env_file=None,
        **changes,
    )


def _response(request: requests.PreparedRequest, status: int, body: Any) -> requests.Response:
    response = requests.Response()
    response.status_code, response.request, response.url = status, request, str(request.url)
    response._content = (body if isinstance(body, str) else json.dumps(body)).encode()
    response.headers["Content-Type"] = "application/json"
    return response


def form(request: httpx.Request) -> Mapping[str, str]:
    return dict(request.url.params)
