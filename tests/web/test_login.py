"""The sign-in page: who gets in, how often one may try, and where one is led."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from core.access.model import DEMO_PASSWORD, demo_people
from core.db.engine import open_engine
from core.db.tables import LoginAttempt
from core.kit.errors import Refused
from core.kit.ids import new_id
from core.runtime import Runtime, share_runtime
from core.workflow.sign_in import sign_in as try_to_sign_in
from tests.fakes import FixedClock
from tests.web.conftest import OWN_ORIGIN, SignIn
from web.login import COOKIE, local_path

ANA = "ana@halden.example"
WRONG = "not the password"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_the_right_password_leads_to_where_one_wanted_to_go(web: TestClient, sign_in: SignIn) -> None:
    answer = sign_in(next_path="/invoice?id=7&tab=lines")
    assert (answer.status_code, answer.headers["location"]) == (303, "/invoice?id=7&tab=lines")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_the_address_is_read_without_regard_to_case_or_blanks(sign_in: SignIn) -> None:
    assert sign_in(email="  Ana@Halden.example ").status_code == 303


def test_the_form_keeps_the_deep_link(web: TestClient) -> None:
    page = web.get("/login?next=%2Fexceptions%3Fqueue%3Dtax").text
    assert 'name="next" value="/exceptions?queue=tax"' in page


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "exceptions",
        "/logout",
        "",
        None,
    ],
)
def test_nobody_is_led_to_another_site(elsewhere: str | None) -> None:
    assert local_path(elsewhere) == "/"


def test_an_open_redirect_in_the_form_is_refused(sign_in: SignIn) -> None:
    assert sign_in(next_path="//evil.example/x").headers["location"] == "/"


def test_text_from_the_address_line_cannot_become_markup(web: TestClient) -> None:
    page = web.get("/login", params={"next": '/"><script>alert(1)</script>'}).text
    assert "<script>" not in page


def test_wrong_password_and_unknown_person_get_the_same_answer(sign_in: SignIn) -> None:
    known, unknown = sign_in(ANA, WRONG), sign_in("nobody@halden.example", WRONG)
    assert known.status_code == unknown.status_code == 401
    assert known.text == unknown.text.replace("nobody@halden.example", ANA)


@pytest.mark.slow
def test_the_sixth_try_is_refused_even_with_the_right_password(sign_in: SignIn) -> None:
    assert [sign_in(ANA, WRONG).status_code for _ in range(5)] == [401] * 5
    answer = sign_in(ANA)
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.text


@pytest.mark.slow
def test_after_a_quarter_of_an_hour_one_may_try_again(sign_in: SignIn, clock: FixedClock) -> None:
    for _ in range(5):
        sign_in(ANA, WRONG)
    clock.advance(minutes=15, seconds=1)
    assert sign_in(ANA).status_code == 303


def failed(runtime: Runtime, tries: Iterable[tuple[str, str]]) -> None:
    """Notes failed tries of (e-mail, address)."""
    with runtime.transaction() as session:
        session.add_all(
            LoginAttempt(id=new_id(), email=email, address=address, at=runtime.now(), succeeded=False)
            for email, address in tries
        )


@pytest.mark.slow
def test_somebody_elses_wrong_tries_from_the_same_place_lock_nobody_out(sign_in: SignIn) -> None:
    assert [sign_in("nobody@halden.example", WRONG).status_code for _ in range(6)] == [401] * 5 + [429]
    assert sign_in(ANA).status_code == 303


@pytest.mark.slow
def test_many_people_of_one_office_may_sign_in_at_once(house: Runtime) -> None:
    people = [person.email for person in demo_people()]
    with ThreadPoolExecutor(len(people)) as pool:
        tokens = list(pool.map(lambda email: try_to_sign_in(house, email, DEMO_PASSWORD, "10.0.0.1"), people))
    assert len(set(tokens)) == 9


def test_an_address_that_tries_very_many_people_is_stopped(house: Runtime) -> None:
    failed(house, [(f"person{number}@halden.example", "10.0.0.1") for number in range(50)])
    with pytest.raises(Refused, match="Too many"):
        try_to_sign_in(house, ANA, DEMO_PASSWORD, "10.0.0.1")
    assert try_to_sign_in(house, ANA, DEMO_PASSWORD, "10.0.0.2")


def test_a_person_is_protected_from_tries_of_many_addresses(house: Runtime) -> None:
    failed(house, [(ANA, f"10.0.0.{number}") for number in range(25)])
    with pytest.raises(Refused, match="Too many"):
        try_to_sign_in(house, ANA, DEMO_PASSWORD, "10.0.0.99")


@pytest.mark.slow
def test_a_success_forgives_the_failures_before_it(house: Runtime, clock: FixedClock) -> None:
    for round_number in range(3):
        for number in range(4):
            with pytest.raises(Refused, match="do not belong together"):
                try_to_sign_in(house, ANA, WRONG, f"10.0.{round_number}.{number}")
        clock.advance(seconds=1)
        assert try_to_sign_in(house, ANA, DEMO_PASSWORD, f"10.0.{round_number}.9")
        clock.advance(seconds=1)


@pytest.mark.slow
def test_tries_sent_all_at_once_are_counted_too(house: Runtime) -> None:
    def outcome(_: int) -> str:
        try:
            try_to_sign_in(house, ANA, WRONG, "10.0.0.1")
        except Refused as refusal:
            return refusal.code
        return "in"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(outcome, range(12)))
    assert sorted(outcomes) == ["sign_in.limited"] * 7 + ["sign_in.wrong"] * 5


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_form_of_another_site_is_refused(web: TestClient, headers: dict[str, str]) -> None:
    answer = web.post("/login", data={"email": ANA, "password": DEMO_PASSWORD}, headers=headers)
    assert answer.status_code == 403
    assert COOKIE not in web.cookies


def test_a_huge_form_is_refused(web: TestClient) -> None:
    answer = web.post("/login", data={"email": ANA, "password": "x" * 10_000}, headers=OWN_ORIGIN)
    assert answer.status_code == 413


def test_demo_accounts_are_shown_in_the_sandbox_only(web: TestClient, house: Runtime) -> None:
    assert DEMO_PASSWORD in web.get("/login").text
    real = house.settings.model_copy(update={"sandbox_systems": None})
    share_runtime(Runtime(real, house.engine, house.clock))
    page = web.get("/login").text
    assert DEMO_PASSWORD not in page
    assert "halden" not in page


def test_the_cookie_is_secure_when_the_settings_say_so(house: Runtime, sign_in: SignIn) -> None:
    behind_tls = house.settings.model_copy(update={"secure_cookies": True})
    share_runtime(Runtime(behind_tls, house.engine, house.clock))
    assert "; secure" in sign_in().headers["set-cookie"].lower()


def test_an_address_with_a_null_character_is_just_unknown(web: TestClient) -> None:
    answer = web.post("/login", content="email=nobody%00b&password=x", headers=OWN_ORIGIN | FORM)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_while_the_store_is_away_the_door_says_so(web: TestClient, house: Runtime, path: str) -> None:
    away = open_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2")
    share_runtime(Runtime(house.settings, away, house.clock))
    if path == "/login":
        answer = web.post(path, data={"email": ANA, "password": WRONG}, headers=OWN_ORIGIN)
    else:
        answer = web.get(path, headers={"Cookie": f"{COOKIE}=x"})
    away.dispose()
    assert (answer.status_code, "cannot be reached" in answer.text) == (503, True)
