"""NetSuite's HTTP face: routes, sign-in, concurrency limit, and the sandbox's own endpoints."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from sandbox.emulators.netsuite.answers import (
    Refused,
    collection,
    error_answer,
    fault_answer,
    nonexistent,
    vendor_json,
    window,
)
from sandbox.emulators.netsuite.calls import Call
from sandbox.emulators.netsuite.catalogue import catalogue
from sandbox.emulators.netsuite.deferral import deferrals
from sandbox.emulators.netsuite.jobs import Jobs
from sandbox.emulators.netsuite.ledger import Ledger
from sandbox.emulators.netsuite.login import LIFE, TOKEN_PATH, Denied, Login
from sandbox.emulators.netsuite.reading import parsed
from sandbox.emulators.netsuite.record_api import RecordApi
from sandbox.emulators.netsuite.store import Store
from sandbox.emulators.netsuite.suiteql import CAP, SuiteQL
from sandbox.emulators.netsuite.switches import Switches
from sandbox.faults import Faults, Guarded

API = "/services/rest/"
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class NetSuiteApp(Guarded):
    """An emulator's app that also refuses requests beyond the account's limit of requests in flight."""

    def __init__(
        self, routes: Sequence[BaseRoute], faults: Faults, counts: Callable[[], dict[str, int]], switches: Switches
    ) -> None:
        super().__init__("netsuite", routes, faults, fault_answer, counts, write=_is_record_write)
        self._switches = switches
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(API) or path == TOKEN_PATH:
            await super().__call__(scope, receive, send)
            return
        if self._in_flight >= self._switches.concurrency_limit:
            await fault_answer("429")(scope, receive, send)
            return
        self._in_flight += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._in_flight -= 1


def _is_record_write(scope: Scope) -> bool:
    return scope["method"] in WRITES and scope["path"].startswith(f"{API}record/")


class Face:
    """What the routes do. Work on the store runs in threads, so that a long query holds up nobody."""

    def __init__(self, store: Store, now: Callable[[], datetime], faults: Faults, switches: Switches) -> None:
        self._faults = faults
        self._switches = switches
        self._store = store
        self.login = Login(store, now)
        self.queries = SuiteQL(store.path, now)
        self._records = RecordApi(store, now, switches, lambda: faults.unknown_field)
        self._jobs = Jobs(store, switches)

    def app(self) -> NetSuiteApp:
        routes = [
            Route("/_sandbox/ledger", self._ledger),
            Route("/_sandbox/deferrals", self._deferrals),
            Route("/_sandbox/switches", self._show_switches, methods=["GET", "POST"]),
            Route(TOKEN_PATH, self._token, methods=["POST"]),
            Route(API + "{path:path}", self._api, methods=["GET", *WRITES]),
        ]
        return NetSuiteApp(routes, self._faults, self._store.counts, self._switches)

    def _ledger(self, request: Request) -> Response:
        return JSONResponse(Ledger(self._store).summary())

    def _deferrals(self, request: Request) -> Response:
        return JSONResponse(deferrals(self._store))

    async def _show_switches(self, request: Request) -> Response:
        try:
            changes = json.loads(await request.body()) if request.method == "POST" else {}
            return JSONResponse(self._switches.set(changes))
        except ValueError as problem:
            return JSONResponse({"error": str(problem)}, 400)

    async def _token(self, request: Request) -> Response:
        form = (await request.body()).decode(errors="replace")
        try:
            token = await run_in_threadpool(self.login.token, form, f"{_base(request)}{TOKEN_PATH}")
        except Denied as denied:
            return JSONResponse({"error": denied.code, "error_description": denied.reason}, 400)
        self._faults.token_expired = False
        life: Any = str(LIFE) if self._switches.expires_in_text else LIFE
        return JSONResponse({"access_token": token, "expires_in": life, "token_type": "Bearer"})

    async def _api(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        path = tuple(part for part in request.path_params["path"].split("/") if part)
        body = await request.body()
        call = Call(request.method, _base(request), path, dict(request.query_params), headers, body)
        return await run_in_threadpool(self.answer, call)

    def answer(self, call: Call) -> Response:
        try:
            self._authorize(call)
            return self._answer(call)
        except Refused as refused:
            return error_answer(refused)

    def _authorize(self, call: Call) -> None:
        if self._faults.token_expired:
            self.login.forget_tokens()
        if not self.login.is_valid(call.headers.get("authorization")):
            raise Refused(401, "INVALID_LOGIN", "Invalid login attempt. For more details, see the Login Audit Trail.")

    def _answer(self, call: Call) -> Response:
        match call.path:
            case ("query", "v1", "suiteql") if call.method == "POST":
                return self._suiteql(call)
            case ("record", "v1", "metadata-catalog", *rest) if call.method == "GET":
                return vendor_json(catalogue(call, rest), "collection")
            case ("record", "v1", *rest):
                return self._record(call, tuple(rest))
            case ("async", "v1", "job", id, *rest) if call.method == "GET":
                return self._jobs.show(call.base, id, tuple(rest))
            case ("system", "v1", "governanceLimits") if call.method == "GET":
                limit = self._switches.concurrency_limit
                limits = {"accountConcurrencyLimit": limit, "accountUnallocatedConcurrencyLimit": limit}
                return vendor_json(limits, "singular")
        raise nonexistent("The resource does not exist.")

    def _record(self, call: Call, path: tuple[str, ...]) -> Response:
        """Synchronous requests do not look at the idempotency key, as at NetSuite."""
        if call.method in WRITES and call.prefers("respond-async"):
            key = call.headers.get("x-netsuite-idempotency-key")
            return self._jobs.submit(call.base, key, lambda: self._done(call, path))
        return self._records.answer(call, path)

    def _done(self, call: Call, path: tuple[str, ...]) -> Response:
        try:
            with self._store.savepoint():
                return self._records.answer(call, path)
        except Refused as refused:
            return error_answer(refused)

    def _suiteql(self, call: Call) -> Response:
        if not call.prefers("transient"):
            detail = "The required request header 'Prefer' is missing or its value is not 'transient'."
            raise Refused(400, "INVALID_HEADER", detail, "Prefer", "o:errorHeader")
        document = parsed(call.body)
        query, parameters = document.get("q"), document.get("params", [])
        if not isinstance(query, str) or not isinstance(parameters, list):
            raise Refused(400, "INVALID_REQUEST", "Send the query as text in q and its parameters as a list in params.")
        parameters = [value if isinstance(value, str | int | None) else str(value) for value in parameters]
        page = window(dict(call.query), CAP, CAP)
        items, total = self.queries.run(query, parameters, page)
        if self._faults.unknown_field:
            items = [item | {"sandboxsurprise": "a column of the next release"} for item in items]
        return vendor_json(collection(f"{call.base}{API}query/v1/suiteql", items, page, total), "collection")


def _base(request: Request) -> str:
    """Scheme and host as the client wrote them."""
    return f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"
