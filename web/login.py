"""The sign-in page, signing in and signing out."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import anyio.to_thread
import streamlit
from jinja2 import Environment, FileSystemLoader, Template
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from core.kit.errors import Refused
from core.runtime import shared_runtime
from core.workflow.sign_in import TooManyTries, demo_accounts, sign_in, sign_out

COOKIE = "quittance_session"
ASSETS = ("login.css", "mark.svg", "icon.png", "font.woff2")
_FOLDER = Path(__file__).parent / "assets"
_MOST_BYTES = 8_192
_CROSS_SITE = "This form was not sent from our own page. Open the sign-in page and try again."


def show(request: Request) -> Response:
    """The form; `next` is where the person wanted to go."""
    return _page(next_path=local_path(request.query_params.get("next")))


async def submit(request: Request) -> Response:
    """Checks the form. Wrong: 401, too many tries: 429, from another site: 403."""
    if not is_own_form(request):
        return _page(message=_CROSS_SITE, status=403)
    if int(request.headers.get("content-length") or _MOST_BYTES + 1) > _MOST_BYTES:
        return _page(message="The form is too large.", status=413)
    async with request.form(max_fields=5, max_files=0) as form:
        email, password = str(form.get("email") or ""), str(form.get("password") or "")
        next_path = local_path(str(form.get("next") or ""))
    address = request.client.host if request.client else "unknown"
    return await anyio.to_thread.run_sync(_try, email, password, address, next_path)


def leave(request: Request) -> Response:
    """Ends the session, unless another site's link led here."""
    token = request.cookies.get(COOKIE)
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return RedirectResponse("/", 303)
    if token:
        sign_out(shared_runtime(), token)
    response = RedirectResponse("/login", 303, headers={"Cache-Control": "no-store", "Clear-Site-Data": '"storage"'})
    response.delete_cookie(COOKIE, path="/")
    return response


def asset(request: Request) -> Response:
    """What the sign-in page itself is made of; its font is the one of the pages."""
    name = request.path_params["asset"]
    if name not in ASSETS:
        return Response(status_code=404)
    path = _font() if name == "font.woff2" else _FOLDER / name
    return FileResponse(path, headers={"Cache-Control": "public, max-age=3600"})


def local_path(wanted: str | None) -> str:
    """`wanted` if it is a path on this site, else "/": nobody is led elsewhere through our sign-in."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\", "/login", "/logout")):
        return "/"
    if any(character in wanted for character in "\\\r\n\t\0"):
        return "/"
    parts = urlsplit(wanted)
    return "/" if parts.scheme or parts.netloc else wanted


def is_own_form(request: Request) -> bool:
    """Whether the browser says that the form came from our own pages; silence is not enough."""
    origin = request.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.headers.get("host")
    return request.headers.get("sec-fetch-site") == "same-origin"


def _try(email: str, password: str, address: str, next_path: str) -> Response:
    runtime = shared_runtime()
    try:
        token = sign_in(runtime, email, password, address)
    except TooManyTries as refusal:
        return _page(message=refusal.sentence, email=email, next_path=next_path, status=429)
    except Refused as refusal:
        return _page(message=refusal.sentence, email=email, next_path=next_path, status=401)
    response = RedirectResponse(next_path, 303, headers={"Cache-Control": "no-store"})
    response.set_cookie(COOKIE, token, path="/", httponly=True, samesite="lax", secure=runtime.settings.secure_cookies)
    return response


def _page(*, next_path: str = "/", email: str = "", message: str = "", status: int = 200) -> HTMLResponse:
    content = _template().render(
        next_path=next_path, email=email, message=message, accounts=demo_accounts(shared_runtime().settings)
    )
    return HTMLResponse(content, status, headers={"Cache-Control": "no-store"})


@cache
def _font() -> Path:
    return next((Path(streamlit.__file__).parent / "static" / "static" / "media").glob("SourceSansVF-Upright*.woff2"))


@cache
def _template() -> Template:
    return Environment(loader=FileSystemLoader(_FOLDER), autoescape=True).get_template("login.html")
