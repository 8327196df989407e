"""Faults on demand, and the app that applies them around an emulator's own routes."""

import asyncio
import json
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

FaultAnswer = Callable[[str], Response]
IsWrite = Callable[[Scope], bool]

DEFAULTS: dict[str, bool | int | float] = {
    "latency_ms": 0,
    "rate_429": 0.0,
    "rate_500": 0.0,
    "outage": False,
    "commit_then_disconnect": 0.0,
    "token_expired": False,
    "unknown_field": False,
    "duplicate_webhooks": 0.0,
    "shuffle_webhooks": False,
    "drop_webhooks": 0.0,
}

MOST_PATHS = 1_000


class Control:
    """What all systems of one sandbox share: readiness, the speed of the living company, the planted discrepancies."""

    def __init__(self) -> None:
        self.ready = True
        self.events_per_minute = 0
        self.paused = False
        self.truth: Callable[[], list[dict[str, Any]]] = list
        self.billing_truth: Callable[[], list[dict[str, Any]]] = list
        self.sign: Callable[[], str] | None = None
        self.asked: set[str] = set()
        self.on_speed: Callable[[], None] = lambda: None

    def note(self, path: str) -> None:
        """Remembers what clients asked for; of paths with ids only the first ones."""
        if len(self.asked) < MOST_PATHS:
            self.asked.add(path)

    def speed(self) -> dict[str, Any]:
        return {"events_per_minute": self.events_per_minute, "paused": self.paused}


class Faults:
    """The switches of one system. Attributes may be set directly; `set` checks names and types.

    Rates are probabilities from 0 to 1; `commit_then_disconnect` counts for writes only.
    """

    def __init__(self, seed: int = 7, control: Control | None = None) -> None:
        self.latency_ms = 0
        self.rate_429 = 0.0
        self.rate_500 = 0.0
        self.outage = False
        self.commit_then_disconnect = 0.0
        self.token_expired = False
        self.unknown_field = False
        self.duplicate_webhooks = 0.0
        self.shuffle_webhooks = False
        self.drop_webhooks = 0.0
        self.control = control or Control()
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def chance(self, rate: float) -> bool:
        """True with this probability."""
        if rate <= 0:
            return False
        with self._lock:
            return self._random.random() < rate

    def shuffle(self, items: list[Any]) -> None:
        with self._lock:
            self._random.shuffle(items)

    def all(self) -> dict[str, bool | int | float]:
        return {name: getattr(self, name) for name in DEFAULTS}

    def set(self, changes: Mapping[str, Any]) -> dict[str, bool | int | float]:
        """Apply some settings, or none: ValueError names the first that is unknown or of a wrong type."""
        checked = {name: _checked(name, value) for name, value in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)
        return self.all()

    def reset(self) -> None:
        self.set(DEFAULTS)


def _checked(name: str, value: Any) -> bool | int | float:
    if name not in DEFAULTS:
        raise ValueError(f"unknown fault: {name}")
    default = DEFAULTS[name]
    if isinstance(default, bool) and isinstance(value, bool):
        return value
    if isinstance(default, float) and type(value) in (int, float) and 0 <= value <= 1:
        return float(value)
    if type(default) is int and type(value) is int and value >= 0:
        return value
    raise ValueError(f"{name} does not take {value!r}")


def is_write(scope: Scope) -> bool:
    return scope["method"] not in ("GET", "HEAD", "OPTIONS")


class Guarded(Starlette):
    """An emulator's app: its routes behind the faults, plus the /_sandbox endpoints, which no fault touches.

    `fault_answer(kind)` makes the vendor's own error answer; kind is "429", "500" or "outage".
    Kinds named in `inside` are not answered here but left in scope["sandbox.fault"] for the routes to apply themselves.
    """

    def __init__(
        self,
        system: str,
        routes: Sequence[BaseRoute],
        faults: Faults,
        fault_answer: FaultAnswer,
        counts: Callable[[], dict[str, int]],
        write: IsWrite = is_write,
        inside: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(routes=[*admin_routes(system, faults, counts), *routes])
        self.faults = faults
        self._fault_answer = fault_answer
        self._is_write = write
        self._inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox/"):
            await super().__call__(scope, receive, send)
            return
        self.faults.control.note(scope["path"])
        if self.faults.latency_ms:
            await asyncio.sleep(self.faults.latency_ms / 1000)
        fault = self._fault()
        if fault is not None and fault not in self._inside:
            await self._fault_answer(fault)(scope, receive, send)
            return
        scope["sandbox.fault"] = fault
        if self._is_write(scope) and self.faults.chance(self.faults.commit_then_disconnect):
            await super().__call__(scope, receive, _swallow)
            await cut(receive, send)
            return
        await super().__call__(scope, receive, send)

    def _fault(self) -> str | None:
        if self.faults.outage or not self.faults.control.ready:
            return "outage"
        if self.faults.chance(self.faults.rate_429):
            return "429"
        return "500" if self.faults.chance(self.faults.rate_500) else None


async def _swallow(message: Any) -> None:
    """Takes the answer of work that was done and whose caller shall never hear of it."""


async def cut(receive: Receive, send: Send) -> None:
    """Cut the client's connection without an answer.

    uvicorn passes a bound method as `send`, and its object holds the socket's transport; ASGI itself cannot hang up.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the sandbox cut this connection after doing the work")
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def admin_routes(system: str, faults: Faults, counts: Callable[[], dict[str, int]]) -> list[BaseRoute]:
    """GET/POST faults and speed, GET health and the truths, POST sign."""
    control = faults.control

    async def show_faults(request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(faults.all())
        try:
            return JSONResponse(faults.set(await _json_object(request)))
        except ValueError as problem:
            return JSONResponse({"error": str(problem)}, 400)

    async def show_speed(request: Request) -> Response:
        if request.method == "POST":
            try:
                _set_speed(control, await _json_object(request))
            except ValueError as problem:
                return JSONResponse({"error": str(problem)}, 400)
        return JSONResponse(control.speed())

    def health(request: Request) -> Response:
        return JSONResponse({"system": system, "ready": control.ready, "counts": counts(), "paused": control.paused})

    def truth(request: Request) -> Response:
        return JSONResponse(control.truth())

    def billing_truth(request: Request) -> Response:
        return JSONResponse(control.billing_truth())

    def sign(request: Request) -> Response:
        if control.sign is None:
            return JSONResponse({"error": "there is no company that could sign"}, 409)
        return JSONResponse({"signed": control.sign()})

    return [
        Route("/_sandbox/billing-truth", billing_truth),
        Route("/_sandbox/sign", sign, methods=["POST"]),
        Route("/_sandbox/faults", show_faults, methods=["GET", "POST"]),
        Route("/_sandbox/speed", show_speed, methods=["GET", "POST"]),
        Route("/_sandbox/health", health),
        Route("/_sandbox/truth", truth),
    ]


async def _json_object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except json.JSONDecodeError as problem:
        raise ValueError(f"not JSON: {problem}") from problem
    if not isinstance(body, dict):
        raise ValueError("a JSON object is wanted")
    return body


def _set_speed(control: Control, changes: dict[str, Any]) -> None:
    rate, paused = changes.get("events_per_minute", control.events_per_minute), changes.get("paused", control.paused)
    if set(changes) - {"events_per_minute", "paused"} or type(rate) is not int or rate < 0 or type(paused) is not bool:
        raise ValueError("give events_per_minute (a whole number) and paused (true or false)")
    control.events_per_minute, control.paused = rate, paused
    control.on_speed()
