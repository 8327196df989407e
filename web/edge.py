"""The sign-in edge: nothing behind it is served to strangers, be it page, websocket, download, metrics or script."""

from __future__ import annotations

import re
from urllib.parse import quote

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.runtime import StoreUnreachable, shared_runtime
from core.workflow.sign_in import session_of_token
from web.login import ASSETS, COOKIE

OWN_HEADERS = "x-quittance-"
_POLICY_VIOLATION = 1008
# Exact paths and methods: whatever is not listed needs a session.
_PUBLIC = {
    ("GET", "/login"),
    ("POST", "/login"),
    ("GET", "/logout"),
    ("GET", "/healthz"),
    ("HEAD", "/healthz"),
    ("POST", "/webhooks/stripe"),
    ("POST", "/webhooks/mail"),
    ("POST", "/v1/events"),
    *(("GET", f"/login/{name}") for name in ASSETS),
}


_PERSONAL_LINK = re.compile(r"/i/[A-Za-z0-9_-]{20,64}")


class SignInEdge:
    """Names the session to what lies behind in headers of our own, which nobody else can send."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        _strip_own_headers(scope)
        if _is_public(scope):
            await self._open(scope, receive, send)
            return
        try:
            found = await _session(HTTPConnection(scope))
        except StoreUnreachable:
            await _refuse(scope, receive, send, _unreachable())
            return
        if found is None:
            await _refuse(scope, receive, send, _stranger(scope))
            return
        headers = MutableHeaders(scope=scope)
        headers[f"{OWN_HEADERS}session"], headers[f"{OWN_HEADERS}user"] = found
        await self.app(scope, receive, _unkept(send))

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        """For everybody; answers that need the store and do not get it say so."""
        try:
            await self.app(scope, receive, send)
        except StoreUnreachable:
            await _refuse(scope, receive, send, _unreachable())


def _unkept(send: Send) -> Send:
    """No browser keeps a page: who signed out and goes back is led to the sign-in page."""

    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith("text/html"):
                headers["Cache-Control"] = "no-store"
        await send(message)

    return forward


def _strip_own_headers(scope: Scope) -> None:
    prefix = OWN_HEADERS.encode()
    scope["headers"] = [
        (name, value) for name, value in scope["headers"] if not name.lower().replace(b"_", b"-").startswith(prefix)
    ]


def _is_public(scope: Scope) -> bool:
    if scope["type"] != "http":
        return False
    return (scope["method"], scope["path"]) in _PUBLIC or _is_personal_link(scope)


def _is_personal_link(scope: Scope) -> bool:
    """Its token is the key: one document, for whoever got the message. Nothing lies below or beside it."""
    return scope["method"] == "GET" and _PERSONAL_LINK.fullmatch(scope["path"]) is not None


async def _session(connection: HTTPConnection) -> tuple[str, str] | None:
    token = connection.cookies.get(COOKIE)
    if not token:
        return None
    return await anyio.to_thread.run_sync(session_of_token, shared_runtime(), token)


async def _refuse(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    await response(scope, receive, send)


def _stranger(scope: Scope) -> Response:
    """A person's browser is led to the sign-in page and back again afterwards; programs get a plain 401."""
    accepts_pages = "text/html" in Headers(scope=scope).get("accept", "")
    if scope["type"] == "http" and scope["method"] == "GET" and accepts_pages:
        query = scope.get("query_string", b"").decode("latin-1")
        wanted = scope["path"] + (f"?{query}" if query else "")
        target = "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='')}"
        return RedirectResponse(target, 303, headers={"Cache-Control": "no-store"})
    return PlainTextResponse("Sign in first.", 401, headers={"Cache-Control": "no-store"})


def _unreachable() -> Response:
    return PlainTextResponse("The store cannot be reached at the moment. Try again in a minute.", 503)
