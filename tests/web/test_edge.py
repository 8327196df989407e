"""What strangers get, and what nobody can send."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from core.access.rules import token_hash
from core.access.store import revoke_sessions_of, user_by_email
from core.db.tables import User, WebSession
from core.runtime import Runtime
from tests.fakes import FixedClock
from tests.web.conftest import SignIn
from web.edge import SignInEdge
from web.login import COOKIE

BROWSER = {"Accept": "text/html"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/exceptions",
        "/media/abc.csv",
        "/_stcore/metrics",
        "/_stcore/health",
        "/_stcore/host-config",
        "/static/js/index.js",
        "/favicon.png",
        "/login/../media/abc.csv",
        "/login/nothing.css",
        "/webhooks/other",
    ],
)
def test_a_stranger_gets_nothing(web: TestClient, path: str) -> None:
    assert web.get(path).status_code == 401


def test_a_get_on_a_webhook_does_not_open_the_page(web: TestClient) -> None:
    assert web.get("/webhooks/stripe").status_code == 401


def test_a_strangers_websocket_is_refused(web: TestClient) -> None:
    with pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)), web.websocket_connect("/_stcore/stream"):
        pass


def test_a_signed_in_person_gets_the_page_and_the_websocket(web: TestClient, sign_in: SignIn) -> None:
    sign_in()
    assert web.get("/").status_code == 200
    assert web.get("/invoices").headers["cache-control"] == "no-store", "going back after signing out shows nothing"
    with web.websocket_connect("/_stcore/stream"):
        pass


def test_a_browser_is_led_to_the_sign_in_page_and_keeps_its_deep_link(web: TestClient) -> None:
    answer = web.get("/exceptions?queue=tax&age=7", headers=BROWSER)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Fexceptions%3Fqueue%3Dtax%26age%3D7"


def test_headers_of_ours_that_a_client_sends_are_removed(house: Runtime, web: TestClient, sign_in: SignIn) -> None:
    sign_in("vera@halden.example")
    token = web.cookies[COOKIE]
    probe = TestClient(_what_arrives(), cookies={COOKIE: token})
    spoofed = {"X-Quittance-Session": "other", "X-Quittance-User": "ada@halden.example", "X_Quittance_Role": "root"}
    arrived = probe.get("/", headers=spoofed).json()
    assert arrived == {"x-quittance-session": token_hash(token), "x-quittance-user": "vera@halden.example"}


def test_a_header_without_a_session_does_not_sign_in(web: TestClient, sign_in: SignIn) -> None:
    sign_in()
    name = token_hash(web.cookies[COOKIE])
    web.cookies.clear()
    assert web.get("/", headers={"X-Quittance-Session": name}).status_code == 401


def test_the_sessions_name_in_the_store_does_not_open_the_door(web: TestClient, sign_in: SignIn) -> None:
    sign_in()
    name = token_hash(web.cookies[COOKIE])
    web.cookies.clear()
    assert web.get("/", headers={"Cookie": f"{COOKIE}={name}"}).status_code == 401


def test_a_session_ends_after_half_an_hour_without_use(web: TestClient, sign_in: SignIn, clock: FixedClock) -> None:
    sign_in()
    clock.advance(minutes=29)
    assert web.get("/").status_code == 200
    clock.advance(minutes=29)
    assert web.get("/").status_code == 200
    clock.advance(minutes=31)
    assert web.get("/").status_code == 401


def test_a_session_ends_after_ten_hours_however_busy(web: TestClient, sign_in: SignIn, clock: FixedClock) -> None:
    sign_in()
    for _ in range(29):
        clock.advance(minutes=20)
        assert web.get("/").status_code == 200
    clock.advance(minutes=20)
    assert web.get("/").status_code == 401


def test_a_deactivated_person_is_out_at_once(house: Runtime, web: TestClient, sign_in: SignIn) -> None:
    sign_in("ana@halden.example")
    with house.transaction() as session:
        session.execute(update(User).where(User.email == "ana@halden.example").values(is_active=False))
    assert web.get("/").status_code == 401
    assert sign_in("ana@halden.example").status_code == 401


def test_revoked_sessions_are_closed_and_those_of_others_stay(
    house: Runtime, web: TestClient, sign_in: SignIn, clock: FixedClock
) -> None:
    sign_in("vera@halden.example")
    others = web.cookies[COOKIE]
    sign_in("ana@halden.example")
    with house.transaction() as session:
        person = user_by_email(session, "ana@halden.example")
        assert person is not None
        revoke_sessions_of(session, person.id, clock())
    assert web.get("/").status_code == 401
    assert web.get("/", headers={"Cookie": f"{COOKIE}={others}"}).status_code == 200


def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(web: TestClient, sign_in: SignIn) -> None:
    sign_in()
    token = web.cookies[COOKIE]
    answer = web.get("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert web.get("/", headers={"Cookie": f"{COOKIE}={token}"}).status_code == 401


def test_another_sites_link_does_not_sign_anybody_out(web: TestClient, sign_in: SignIn) -> None:
    sign_in()
    web.get("/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert web.get("/").status_code == 200


def test_the_store_keeps_only_the_hash_of_a_session(house: Runtime, web: TestClient, sign_in: SignIn) -> None:
    sign_in()
    with house.reading() as session:
        kept = session.scalars(select(WebSession.token_hash)).all()
    assert kept == [token_hash(web.cookies[COOKIE])]


def test_every_answer_has_security_headers(web: TestClient) -> None:
    for path in ("/login", "/", "/healthz"):
        headers = web.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_health_is_public_and_says_ok(web: TestClient) -> None:
    answer = web.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def _what_arrives() -> Starlette:
    def tell(request: Request) -> JSONResponse:
        ours = {name: value for name, value in request.headers.items() if "quittance" in name and name != "cookie"}
        return JSONResponse(ours)

    return Starlette(routes=[Route("/", tell)], middleware=[Middleware(SignInEdge)])
