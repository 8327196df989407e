"""NetSuite's token: fetched with a signed assertion, kept for most of its life, renewed in time."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from pydantic import SecretStr

from connectors import netsuite
from core.ports import ConnectorFailure, Misconfigured, Source, Transient
from tests.connectors.vendors import CERTIFICATE_ID, CLIENT_ID, PRIVATE_KEY, TOKEN, TOKEN_PATH, netsuite_config
from tests.fakes import FixedClock


class Desk:
    """Gives out numbered tokens and remembers what it was asked."""

    def __init__(self, answer: httpx.Response | None = None) -> None:
        self.answer = answer
        self.assertions: list[str] = []
        self.bearers: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != TOKEN_PATH:
            self.bearers.append(request.headers["Authorization"])
            return httpx.Response(200, json={"items": [{"n": "0"}]})
        fields = parse_qs(request.content.decode())
        assert fields["grant_type"] == ["client_credentials"]
        self.assertions.append(fields["client_assertion"][0])
        given = {"access_token": f"{TOKEN}{len(self.assertions)}", "expires_in": "3600", "token_type": "Bearer"}
        return self.answer or httpx.Response(200, json=given)


def source_at(desk: Desk, clock: FixedClock, **changes: Any) -> Source:
    config = netsuite_config().model_copy(update=changes)
    found = netsuite.build(config, httpx.MockTransport(desk), clock).source
    assert found is not None
    return found


def test_the_assertion_says_who_we_are_and_ends_soon() -> None:
    desk, clock = Desk(), FixedClock()
    source_at(desk, clock).count("transactions")
    (assertion,) = desk.assertions
    assert jwt.get_unverified_header(assertion) == {"alg": "ES256", "kid": CERTIFICATE_ID, "typ": "JWT"}
    claims = jwt.decode(assertion, options={"verify_signature": False})
    assert claims["iss"] == CLIENT_ID
    assert claims["aud"] == f"https://1234567.suitetalk.api.netsuite.com{TOKEN_PATH}"
    assert claims["scope"] == ["rest_webservices"]
    assert 0 < claims["exp"] - claims["iat"] < 3600


def test_a_token_is_kept_for_80_percent_of_its_life() -> None:
    desk, clock = Desk(), FixedClock()
    source = source_at(desk, clock)
    for minutes in (0, 47, 2):
        clock.advance(minutes=minutes)
        source.count("transactions")
    assert len(desk.assertions) == 2
    assert desk.bearers == [f"Bearer {TOKEN}1", f"Bearer {TOKEN}1", f"Bearer {TOKEN}2"]


@pytest.mark.parametrize(
    ("answer", "family"),
    [
        (httpx.Response(400, json={"error": "invalid_grant", "error_description": "bad signature"}), Misconfigured),
        (httpx.Response(401, json={"error": "invalid_client"}), Misconfigured),
        (httpx.Response(503, content=b"away"), Transient),
        (httpx.Response(429), Transient),
        (httpx.Response(200, content=b"<html>"), Misconfigured),
    ],
)
def test_each_refusal_belongs_to_whoever_acts_next(answer: httpx.Response, family: type[ConnectorFailure]) -> None:
    with pytest.raises(family) as raised:
        source_at(Desk(answer), FixedClock()).count("transactions")
    told = repr(raised.value.exchange) + raised.value.sentence
    assert not [line for line in PRIVATE_KEY.splitlines() if line in told]


def test_a_private_key_that_is_none_is_an_administrators_business() -> None:
    source = source_at(Desk(), FixedClock(), private_key=SecretStr("not a key"))
    with pytest.raises(Misconfigured, match="private key") as raised:
        source.count("transactions")
    assert "not a key" not in repr(raised.value.exchange)


def test_rows_that_share_a_stamp_are_paged_by_their_id() -> None:
    asked: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == TOKEN_PATH:
            return httpx.Response(200, json={"access_token": TOKEN, "expires_in": 3600})
        asked.append(request.read())
        stamp = "2026-11-01 10:00:00"
        rows = [{"id": str(n), "lastmodifieddate": stamp} for n in (1, 2)] if len(asked) == 1 else []
        return httpx.Response(200, json={"items": rows})

    config = netsuite_config(page_rows=2)
    source = netsuite.build(config, httpx.MockTransport(answer)).source
    assert source is not None
    pages = list(source.pull("transactions", {}))
    assert [len(page.records) for page in pages] == [2, 0]
    assert b'"params": ["2026-11-01 10:00:00", "2026-11-01 10:00:00", 2]' in asked[1]
    assert pages[0].cursor == {"transaction": {"id": 2, "stamp": "2026-11-01 10:00:00"}, "at": 0}
    list(source.pull("transactions", pages[1].cursor))
    assert b'"params": ["2026-11-01 09:50:00", "2026-11-01 09:50:00", 0]' in asked[2]
