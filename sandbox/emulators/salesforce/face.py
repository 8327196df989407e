"""The HTTP face of the org: tokens, the data API of every supported release, and the sandbox's own switches."""

import json
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from sandbox.emulators.salesforce.bulk_ingest import IngestJobs
from sandbox.emulators.salesforce.bulk_query import QueryJobs
from sandbox.emulators.salesforce.calls import Call, Reply, answer, refuse
from sandbox.emulators.salesforce.composite import answer_batch, answer_composite
from sandbox.emulators.salesforce.many_rows import answer_collection
from sandbox.emulators.salesforce.oauth import Sessions
from sandbox.emulators.salesforce.org import Org
from sandbox.emulators.salesforce.queries import MAX_URI, Queries
from sandbox.emulators.salesforce.record_page import RecordPages
from sandbox.emulators.salesforce.refusals import Refusal, not_found
from sandbox.emulators.salesforce.rows import answer_sobjects
from sandbox.emulators.salesforce.usage import Usage, spent

RELEASES = {f"v{number}.0": number for number in range(59, 69)}
_LABELS = {59: "Winter '24", 60: "Spring '24", 61: "Summer '24", 62: "Winter '25", 63: "Spring '25"}
_LABELS |= {64: "Summer '25", 65: "Winter '26", 66: "Spring '26", 67: "Summer '26", 68: "Winter '27"}
_RESOURCES = ("sobjects", "query", "queryAll", "limits", "composite", "jobs")
_METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]
_FAULTS = {
    "429": spent(),
    "500": Refusal(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId: 1730410-42"),
    "outage": Refusal(503, "SERVER_UNAVAILABLE", "Server too busy, please try again later"),
}


class Face:
    """Turns HTTP into calls, and calls into what the parts of the API answer."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._usage = Usage(org)
        self.sessions = Sessions(org)
        self._queries = Queries(org)
        self._query_jobs = QueryJobs(org, self._queries)
        self._ingest_jobs = IngestJobs(org)

    def routes(self) -> list[Route]:
        return [
            Route("/_sandbox/switches", self._switches, methods=["GET", "POST"]),
            Route("/services/oauth2/token", self.sessions.answer, methods=["POST"]),
            Route("/services/data", self._releases),
            Route("/services/data/", self._releases),
            Route("/services/data/{version}", self._data, methods=_METHODS),
            Route("/services/data/{version}/{rest:path}", self._data, methods=_METHODS),
            Route("/{id}", RecordPages(self._org.store).answer),
        ]

    def fault(self, kind: str) -> Response:
        """What the vendor answers to everything while this fault is on."""
        return self._response(refuse(_FAULTS[kind]))

    def answer(self, call: Call) -> Reply:
        """One call of the data API; a refusal becomes its reply."""
        try:
            return self._dispatch(call)
        except Refusal as refusal:
            return refuse(refusal)

    def _dispatch(self, call: Call) -> Reply:
        if call.version not in RELEASES:
            raise not_found()
        match [call.path[0].lower(), *call.path[1:]]:
            case [""]:
                return answer(200, {name: f"{call.root}/{name}" for name in _RESOURCES})
            case ["limits"]:
                requests = {"Max": self._usage.limit, "Remaining": self._usage.left}
                return answer(
                    200, {"DailyApiRequests": requests, "DailyBulkV2QueryJobs": {"Max": 10000, "Remaining": 10000}}
                )
            case ["query" | "queryall", *_] if call.method == "GET":
                return self._queries.answer(call)
            case ["sobjects", *_]:
                return answer_sobjects(self._org, call)
            case ["composite"] if call.method == "POST":
                return answer_composite(self._org, call, self.answer)
            case ["composite", "batch"] if call.method == "POST":
                return answer_batch(call, self.answer)
            case ["composite", "sobjects", *_]:
                return answer_collection(self._org, call)
            case ["jobs", "query", *_]:
                return self._query_jobs.answer(call)
            case ["jobs", "ingest", *_]:
                return self._ingest_jobs.answer(call)
            case _:
                raise not_found()

    async def _data(self, request: Request) -> Response:
        # The raw path is cut before its quotes are taken off: an external id may contain a slash.
        call = Call(
            request.method,
            request.path_params["version"],
            _path(request.scope),
            dict(request.query_params),
            {name.lower(): value for name, value in request.headers.items()},
            await request.body(),
        )
        uri = len(request.scope["path"]) + len(request.scope["query_string"])
        reply = await run_in_threadpool(self._answer_client, call, uri)
        return self._response(reply)

    def _answer_client(self, call: Call, uri: int) -> Reply:
        try:
            if uri > MAX_URI:
                raise Refusal(414, "URI_TOO_LONG", "URI Too Long")
            self.sessions.check(call.headers.get("authorization", ""))
            self._usage.count()
        except Refusal as refusal:
            return refuse(refusal)
        self._org.store.commit_due()
        return self.answer(call)

    def _response(self, reply: Reply) -> Response:
        headers = {**reply.headers, **self._usage.headers()}
        return Response(reply.text or None, reply.status, headers, reply.media if reply.text else None)

    async def _releases(self, request: Request) -> Response:
        listed = [
            {"label": _LABELS[number], "url": f"/services/data/{name}", "version": f"{number}.0"}
            for name, number in RELEASES.items()
        ]
        return JSONResponse(listed, headers=self._usage.headers())

    async def _switches(self, request: Request) -> Response:
        switches = self._org.switches
        if request.method == "GET":
            return JSONResponse(switches.all())
        try:
            return JSONResponse(switches.set(json.loads(await request.body())))
        except ValueError as problem:
            return JSONResponse({"error": str(problem)}, 400)


def is_write(scope: Scope) -> bool:
    """Requests that may change rows; asking for a token is none of them."""
    return scope["method"] not in ("GET", "HEAD") and str(scope["path"]).startswith("/services/data/")


def _path(scope: Scope) -> tuple[str, ...]:
    raw = scope.get("raw_path") or scope["path"].encode()
    steps = raw.decode("ascii").split("?")[0].strip("/").split("/")[3:]
    return tuple(unquote(step) for step in steps) or ("",)
