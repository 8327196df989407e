"""Remembers every request that the connectors send, so that a bare client can fetch the very same pages."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import requests
from requests.adapters import HTTPAdapter

from connectors import Connector
from connectors.registry import REGISTRY, source_of
from core.ports import Source
from jobs.read_apart import Reading, ReadingApart


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Recorder:
    """Collects the requests of all processes in the order in which they were sent, in the file at `path`."""

    path: Path

    def sources(self, lines: list[dict[str, Any]]) -> tuple[dict[str, Source], dict[str, Reading]]:
        """The three systems and how their history is read, both listened to."""
        opened = {
            str(line["system"]): partial(source_of, _connect, self, line)
            for line in lines
            if REGISTRY[str(line["system"])].capabilities.streams
        }
        readings: dict[str, Reading] = {name: partial(ReadingApart, each) for name, each in opened.items()}
        return {name: each() for name, each in opened.items()}, readings

    def keep(self, request: Request) -> None:
        # One write of a file that is opened for appending is not torn by another process's.
        with self.path.open("ab", buffering=0) as file:
            file.write(pickle.dumps(request))

    def fetch_again(self) -> int:
        """Sends everything once more over one bare httpx client and reads the answers; how many."""
        with httpx.Client(verify=False, timeout=60) as client:
            kept = self._kept()
            for request in kept:
                answer = client.request(request.method, request.url, headers=request.headers, content=request.body)
                answer.raise_for_status()
                answer.json()
        return len(kept)

    def _kept(self) -> list[Request]:
        kept: list[Request] = []
        with self.path.open("rb") as file:
            while file.peek(1):
                kept.append(pickle.load(file))
        return kept


def _connect(recorder: Recorder, line: dict[str, Any]) -> Connector:
    name = str(line["system"])
    listener = (_Adapter if name == "salesforce" else _Transport)(recorder)
    connector: Connector = REGISTRY[name].build(REGISTRY[name].from_sandbox(line), listener)
    return connector


class _Transport(httpx.HTTPTransport):
    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._recorder.keep(Request(request.method, str(request.url), dict(request.headers), request.read()))
        return super().handle_request(request)


class _Adapter(HTTPAdapter):
    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        self._recorder.keep(Request(request.method or "GET", request.url or "", dict(request.headers), body))
        return super().send(request, *args, **kwargs)
