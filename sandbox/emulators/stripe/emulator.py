"""The Stripe emulator: one account, its API, its webhooks."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.emulators.stripe.switches import StripeSwitches
from sandbox.faults import Faults, Guarded

from .api import Api
from .shapes import CLASSES, Doc
from .store import Store
from .webhooks import Deliverer, register


class Emulator:
    """Stripe, API version 2026-10-28.endive. State lives in `folder`/stripe.sqlite."""

    name = "stripe"
    kinds = tuple(CLASSES)

    def __init__(self, folder: Path, now: Callable[[], datetime], faults: Faults) -> None:
        self.faults = faults
        self.switches = StripeSwitches.from_environment()
        self.store = Store(folder, now, faults, self.switches)
        api = Api(self.store)
        self.app = Guarded(
            self.name,
            [
                Route("/_sandbox/switches", self._show_switches, methods=["GET", "POST"]),
                Route("/_sandbox/webhooks", self._show_webhooks),
                *api.routes(),
            ],
            faults,
            api.fault_answer,
            self._counts,
            inside=frozenset({"500"}),
        )
        self._deliverer = Deliverer(self.store)
        self._deliverer.start()

    def credentials(self) -> dict[str, str]:
        return {"api_key": self.store.api_key, "webhook_secret": self.store.secret}

    def register_webhook(self, url: str) -> None:
        """Deliver all events to this address."""
        register(self.store, url)

    def load(self, kind: str, docs: Iterable[dict[str, Any]]) -> int:
        """Bulk insert, no events. A key that begins with "_" is a hidden link: `_payout` on a balance transaction."""
        return self.store.load(self._known(kind), docs)

    def save(self, kind: str, doc: dict[str, Any], event: str | None = None) -> None:
        """Insert or replace one object as Stripe itself would, with its event."""
        self.store.put({**doc, "object": self._known(kind)}, event)
        if kind == "webhook_endpoint":
            self.store.forget_endpoints()

    def get(self, kind: str, id: str) -> Doc | None:
        return self.store.find(self._known(kind), id)

    def count(self, kind: str) -> int:
        return self.store.records.count(self._known(kind))

    def close(self) -> None:
        self._deliverer.stop()
        self.store.prune()
        self.store.records.close()

    def _known(self, kind: str) -> str:
        if kind not in CLASSES:
            raise ValueError(f"Stripe has no kind {kind!r}; known are {', '.join(CLASSES)}")
        return kind

    def _counts(self) -> dict[str, int]:
        return {kind: n for kind, n in self.store.records.counts().items() if kind in CLASSES}

    async def _show_switches(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(self.switches.all())
        try:
            return JSONResponse(self.switches.set(await request.json()))
        except ValueError as problem:
            return JSONResponse({"error": str(problem)}, 400)

    async def _show_webhooks(self, request: Request) -> Response:
        waiting, attempts = self.store.records.query("SELECT count(*), coalesce(max(attempts), 0) FROM delivery")[0]
        return JSONResponse({"waiting": waiting, "most_attempts": attempts})
