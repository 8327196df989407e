"""The HTTP face: keys, parameters, idempotency, one transaction per call, error bodies."""

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from . import idempotency
from .call import Call
from .lists import expand, with_surprise
from .parameters import check_parameters, decode_form
from .refusals import Refusal
from .routes import OPERATIONS, Operation
from .shapes import API_VERSION, Doc
from .store import CALLER, Store, text_of

Endpoint = Callable[[Request], Awaitable[Response]]
LIMITED = "Request rate limit exceeded. Learn more about rate limits at https://stripe.com/docs/rate-limits."
LOCKED = "This object cannot be accessed right now because another API request is currently accessing it."
BROKEN = "An unknown error occurred in the sandbox, as was asked for."


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    replayed: bool = False


def error_answer(refusal: Refusal) -> Answer:
    return Answer(refusal.status, text_of(refusal.body))


def server_error() -> Refusal:
    return Refusal(500, BROKEN, type="api_error")


class Api:
    """Serves the operations over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        idempotency.release_all(store)

    def routes(self) -> list[BaseRoute]:
        served: list[BaseRoute] = [
            Route(operation.path, self._endpoint(operation), methods=[operation.method]) for operation in OPERATIONS
        ]
        return [*served, Route("/{rest:path}", self._unrecognized, methods=["GET", "POST", "DELETE", "PUT", "PATCH"])]

    def fault_answer(self, kind: str) -> Response:
        """Stripe's own body for a fault: "429", "500" or "outage"."""
        headers = {"Request-Id": f"req_{secrets.token_hex(7)}"}
        if kind == "429":
            switches = self._store.switches
            if switches.should_retry_on_429:
                headers["Stripe-Should-Retry"] = "true"
            if switches.lock_timeouts:
                return _response(error_answer(Refusal(429, LOCKED, code="lock_timeout")), headers)
            if switches.rate_limited_reason:
                headers["Stripe-Rate-Limited-Reason"] = "global-rate"
            return _response(error_answer(Refusal(429, LIMITED, code="rate_limit")), headers)
        refusal = server_error() if kind == "500" else Refusal(503, "Stripe is unavailable.", type="api_error")
        return _response(error_answer(refusal), headers)

    async def _unrecognized(self, request: Request) -> Response:
        message = f"Unrecognized request URL ({request.method}: {request.url.path})."
        return _response(error_answer(Refusal(404, message)), {"Request-Id": f"req_{secrets.token_hex(7)}"})

    def _endpoint(self, operation: Operation) -> Endpoint:
        async def serve(request: Request) -> Response:
            request_id = f"req_{secrets.token_hex(7)}"
            headers = {"Request-Id": request_id, "Stripe-Version": request.headers.get("Stripe-Version", API_VERSION)}
            try:
                answer = await self._answer(operation, request, request_id)
            except Refusal as refusal:
                answer = error_answer(refusal)
            if answer.replayed and self._store.switches.replayed_header:
                headers["Idempotent-Replayed"] = "true"
            if key := request.headers.get("Idempotency-Key"):
                headers["Idempotency-Key"] = key
            return _response(answer, headers)

        return serve

    async def _answer(self, operation: Operation, request: Request, request_id: str) -> Answer:
        self._check_key(request)
        posted = request.method == "POST"
        form = decode_form((await request.body()).decode() if posted else request.url.query)
        params = check_parameters(operation.parameters, form) if operation.parameters else dict(form)
        call = Call(self._store, params, dict(request.path_params), request.url.path)
        if request.method == "GET":
            return self._read(operation, call, request.scope["sandbox.fault"])
        key = request.headers.get("Idempotency-Key") if posted else None
        if key is not None:
            if len(key) > 255:
                raise Refusal(400, "Idempotency keys are limited to 255 characters.", type="idempotency_error")
            mark = idempotency.fingerprint(request.method, request.url.path, form)
            kept = idempotency.claim(self._store, key, mark, request_id)
            if kept:
                return Answer(kept.status, kept.body, replayed=True)
        try:
            await self._hold()
            CALLER.set((request_id, key))
            return await run_in_threadpool(self._write, operation, call, key, request.scope["sandbox.fault"])
        finally:
            if key is not None:
                idempotency.release(self._store, key)

    def _check_key(self, request: Request) -> None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            given = base64.b64decode(given).decode().partition(":")[0]
        if not given:
            raise Refusal(401, "You did not provide an API key.")
        shown = f"{given[:8]}***{given[-4:]}"
        if given != self._store.api_key:
            raise Refusal(401, f"Invalid API Key provided: {shown}")
        if self._store.faults.token_expired:
            raise Refusal(401, f"Expired API Key provided: {shown}", code="api_key_expired")

    async def _hold(self) -> None:
        if self._store.switches.hold_writes_ms:
            await asyncio.sleep(self._store.switches.hold_writes_ms / 1000)

    def _read(self, operation: Operation, call: Call, fault: str | None) -> Answer:
        if fault == "500":
            raise server_error()
        return Answer(200, self._text(call, operation.handler(call)))

    def _write(self, operation: Operation, call: Call, key: str | None, fault: str | None) -> Answer:
        """Do the work and keep its answer in one transaction. A faulty 500 comes before or after the work."""
        work_first = fault != "500" or self._store.faults.chance(0.5)
        try:
            with self._store.transaction():
                answer = self._work(operation, call) if work_first else error_answer(server_error())
                if fault == "500":
                    answer = error_answer(server_error())
                if key is not None:
                    idempotency.keep(self._store, key, answer.status, answer.body)
                return answer
        except Refusal as refusal:
            answer = error_answer(refusal)
            if key is not None and not refusal.before_work:
                idempotency.keep(self._store, key, answer.status, answer.body)
            return answer

    def _work(self, operation: Operation, call: Call) -> Answer:
        try:
            return Answer(200, self._text(call, operation.handler(call)))
        except Refusal as refusal:
            if refusal.status != 402:  # a declined card leaves a failed charge and its events behind
                raise
            return error_answer(refusal)

    def _text(self, call: Call, result: Doc | str) -> str:
        if isinstance(result, str):
            return result
        if paths := call.params.get("expand"):
            result = expand(self._store, result, paths)
        text = text_of(result)
        return with_surprise(text) if self._store.faults.unknown_field else text


def _response(answer: Answer, headers: dict[str, Any]) -> Response:
    return Response(answer.body, answer.status, headers, media_type="application/json")
