"""The door for usage: CloudEvents in, kept once and answered with what the sender should know."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core.kit.errors import Forbidden
from core.runtime import Runtime, StoreUnreachable, shared_runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.api_keys import Key, UnknownKey, key_of_secret
from core.workflow.billing_commands import RecordUsage
from web.cloud_events import Unreadable, read_events
from web.pace import Pace

PATH = "/v1/events"
_MOST_BYTES = 2_000_000
_REQUESTS_PER_SECOND, _BURST = 100.0, 200
# So many batches are worked on at once; the others wait without a thread, and pages keep theirs.
_AT_ONCE = 4
_pace = Pace(_REQUESTS_PER_SECOND, _BURST)


async def receive(request: Request) -> Response:
    """202 with what became of each event; 4xx for a request that as a whole cannot be taken."""
    secret = _bearer(request)
    if secret is None:
        return _unknown(UnknownKey().sentence)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return _problem(413, f"The body is larger than {_MOST_BYTES:,} bytes. Send smaller batches.")
    content_type = request.headers.get("content-type", "")
    return await anyio.to_thread.run_sync(_take, shared_runtime(), secret, content_type, body, limiter=_limiter())


def _take(runtime: Runtime, secret: str, content_type: str, body: bytes) -> Response:
    try:
        key = key_of_secret(runtime, secret)
        if wait := _pace.wait_seconds(key.id):
            return _problem(429, "Too many requests with this key.", {"Retry-After": str(math.ceil(wait))})
        return JSONResponse(_record(runtime, key, content_type, body), 202)
    except UnknownKey as reason:
        return _unknown(reason.sentence)
    except Forbidden as reason:
        return _problem(403, reason.sentence)
    except Unreadable as reason:
        return _problem(reason.status, reason.sentence)
    except StoreUnreachable:
        return _problem(503, "The store cannot be reached at the moment. Send the same events again in a minute.")


def _record(runtime: Runtime, key: Key, content_type: str, body: bytes) -> dict[str, Any]:
    read = read_events(content_type, body)
    command = RecordUsage(key_id=key.id, events=read.records, malformed=read.malformed)
    return execute(runtime, command, job(f"usage:{key.name}")).result


def _bearer(request: Request) -> str | None:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() or None if scheme.lower() == "bearer" else None


def _unknown(sentence: str) -> Response:
    return _problem(401, sentence, {"WWW-Authenticate": "Bearer"})


def _problem(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"problem": sentence}, status, headers)


@cache
def _limiter() -> anyio.CapacityLimiter:
    """Made on first use, since it belongs to the running loop."""
    return anyio.CapacityLimiter(_AT_ONCE)
