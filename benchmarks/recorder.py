"""Remembers every request that the connectors send, so that a bare client can fetch the very same pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import requests
from requests.adapters import HTTPAdapter

from connectors import Connector, netsuite, salesforce, stripe


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Recorder:
    """Collects requests in the order in which they were sent."""

    requests: list[Request] = field(default_factory=list)

    def connect(self, lines: list[dict[str, Any]]) -> dict[str, Connector]:
        """The three connectors, listened to."""
        by_name = {str(line["system"]): line for line in lines}
        return {
            "netsuite": netsuite.build(netsuite.Config.from_sandbox(by_name["netsuite"]), _Transport(self)),
            "salesforce": salesforce.build(salesforce.Config.from_sandbox(by_name["salesforce"]), _Adapter(self)),
            "stripe": stripe.build(stripe.Config.from_sandbox(by_name["stripe"]), _Transport(self)),
        }

    def fetch_again(self) -> int:
        """Sends everything once more over one bare httpx client per system and reads the answers; how many."""
        with httpx.Client(verify=False, timeout=60) as client:
            for request in self.requests:
                answer = client.request(request.method, request.url, headers=request.headers, content=request.body)
                answer.raise_for_status()
                answer.json()
        return len(self.requests)


class _Transport(httpx.HTTPTransport):
    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        kept = Request(request.method, str(request.url), dict(request.headers), request.read())
        self._recorder.requests.append(kept)
        return super().handle_request(request)


class _Adapter(HTTPAdapter):
    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        kept = Request(request.method or "GET", request.url or "", dict(request.headers), body)
        self._recorder.requests.append(kept)
        return super().send(request, *args, **kwargs)
