from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from core.kit.errors import Refused
from core.settings import Settings
from jobs.start import environment, start


def address_seen(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> str:
    """Where the web server says that a request of this machine comes from, which claims to come from elsewhere."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", environment(settings)["FORWARDED_ALLOW_IPS"])
    seen: list[str] = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append(scope["client"][0])

    trusted = uvicorn.Config(app).forwarded_allow_ips
    scope: Any = {"type": "http", "client": ("127.0.0.1", 5000), "headers": [(b"x-forwarded-for", b"203.0.113.9")]}
    nothing: Any = None
    asyncio.run(ProxyHeadersMiddleware(app, trusted)(scope, nothing, nothing))
    return seen[0]


def test_nobodys_word_is_taken_on_where_a_request_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    assert address_seen(monkeypatch, Settings(_env_file=None)) == "127.0.0.1"


def test_the_word_of_a_trusted_proxy_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(_env_file=None, trusted_proxies="127.0.0.1")
    assert address_seen(monkeypatch, settings) == "203.0.113.9"


def test_a_busy_port_is_refused_before_anything_starts() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        settings = Settings(_env_file=None, port=holder.getsockname()[1])
        with pytest.raises(Refused, match=f"Port {settings.port} is in use"):
            start(settings)
