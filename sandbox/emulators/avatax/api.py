"""AvaTax's addresses: who may call, what is asked of the book, what of an answer was asked for."""

import asyncio
import json
from base64 import b64decode
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.emulators.avatax.answers import Refused, answer, error_answer, not_found
from sandbox.emulators.avatax.book import Book, Doc
from sandbox.emulators.avatax.filtering import matching
from sandbox.faults import Faults

ESCAPES = {"_-ava2f-_": "/", "_-ava2b-_": "+", "_-ava3f-_": "?", "_-ava25-_": "%", "_-ava23-_": "#"}
PARTS = {"Lines": ("lines",), "Details": ("lines",), "Summary": ("summary",), "Addresses": ("addresses",)}
HEAVY = ("lines", "summary", "addresses")
Work = Callable[[Request, Doc], Doc]


def decoded(code: str) -> str:
    """A document code as it stands in an address."""
    for escaped, plain in ESCAPES.items():
        code = code.replace(escaped, plain)
    return unquote(code)


class Api:
    """`key` is "account:licence key"; one company is all there is."""

    def __init__(self, book: Book, key: str, company: str, faults: Faults) -> None:
        self._book = book
        self._key = key
        self._company = company
        self._faults = faults

    def routes(self) -> list[Route]:
        one = "/api/v2/companies/{company}/transactions/{code}"
        verbs = {
            "commit": self._book.commit,
            "uncommit": self._book.uncommit,
            "void": self._book.void,
            "adjust": self._book.adjust,
            "lock": self._book.lock,
        }
        return [
            Route("/api/v2/utilities/ping", self._ping),
            Route("/api/v2/transactions/create", self._route(self._create, 201), methods=["POST"]),
            Route("/api/v2/transactions/createoradjust", self._route(self._create_or_adjust, 201), methods=["POST"]),
            Route("/api/v2/transactions/{id:int}", self._route(lambda r, _: self._book.by_id(r.path_params["id"]))),
            Route("/api/v2/companies/{company}/transactions", self._route(self._list)),
            Route(one, self._route(lambda request, _: self._named(request))),
            *[Route(f"{one}/{verb}", self._route(self._verb(work)), methods=["POST"]) for verb, work in verbs.items()],
        ]

    def _verb(self, work: Callable[[Doc, Doc], Doc]) -> Work:
        return lambda request, body: work(self._named(request), body)

    def _named(self, request: Request) -> Doc:
        """The document type has to be said of anything but a sales invoice."""
        self._need_company(request.path_params["company"])
        type = request.query_params.get("documentType") or "SalesInvoice"
        return self._book.find(self._company, decoded(request.path_params["code"]), type)

    def _need_company(self, code: str) -> None:
        if code != self._company:
            raise not_found(f"Company {code}")

    def _create(self, request: Request, body: Doc) -> Doc:
        self._need_company(str(body.get("companyCode") or self._company))
        return self._book.create(body)

    def _create_or_adjust(self, request: Request, body: Doc) -> Doc:
        model = body.get("createTransactionModel")
        self._need_company(str((model or {}).get("companyCode") or self._company))
        return self._book.create_or_adjust(body)

    def _list(self, request: Request, body: Doc) -> Doc:
        self._need_company(request.path_params["company"])
        query = request.query_params
        since = (self._book.now() - timedelta(days=30)).date().isoformat()
        found = matching(self._book.all(self._company), query.get("$filter", ""), since)
        skip, top = int(query.get("$skip", 0)), min(int(query.get("$top", 1000)), 1000)
        return {"@recordsetCount": len(found), "value": found[skip : skip + top]}

    def _ping(self, request: Request) -> Response:
        """Never an error: whether the key was taken stands in the answer."""
        is_known = self._is_known(request)
        known = {"authenticationType": "LicenseKey", "authenticatedAccountId": 456} if is_known else {}
        return answer({"version": "26.7.0", "authenticated": is_known} | known)

    def _is_known(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            said = b64decode(given).decode()
        except ValueError:
            return False
        return scheme == "Basic" and said == self._key and not self._faults.token_expired

    def _route(self, work: Work, status: int = 200) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            try:
                if not self._is_known(request):
                    code = (
                        "AuthenticationException" if "authorization" in request.headers else "AuthenticationIncomplete"
                    )
                    raise Refused(401, code, "Authentication failed.")
                if "ForceTimeout" in request.query_params.get("$include", ""):
                    return await self._time_out(request, work)
                return answer(self._shown(request, work(request, await _body(request))), status)
            except Refused as problem:
                return error_answer(problem)

        return serve

    async def _time_out(self, request: Request, work: Work) -> Response:
        """An error after a long wait; the work may have been done all the same."""
        if self._faults.chance(self._book.switches.force_timeout_commits):
            work(request, await _body(request))
        await asyncio.sleep(self._book.switches.force_timeout_seconds)
        raise Refused(500, "ServerError", "The operation has timed out.")

    def _shown(self, request: Request, doc: Doc) -> Doc:
        """Without `$include` an answer has its head only."""
        if "value" in doc:
            return doc
        include = request.query_params.get("$include", "")
        asked = {part for name in include.split(",") for part in PARTS.get(name.strip(), ())}
        shown = {name: value for name, value in doc.items() if name not in HEAVY or name in asked}
        if "Details" not in include and "lines" in shown:
            shown["lines"] = [{n: v for n, v in line.items() if n != "details"} for line in shown["lines"]]
        return shown | ({"a_new_field": "unknown"} if self._faults.unknown_field else {})


async def _body(request: Request) -> dict[str, Any]:
    if request.method != "POST":
        return {}
    text = await request.body()
    try:
        body = json.loads(text, parse_float=Decimal) if text else {}
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "InvalidParameterValue", "The body is not a JSON object.")
    return body
