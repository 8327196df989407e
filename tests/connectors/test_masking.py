"""No secret leaves with an exchange, whatever way it got in."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from connectors.http import LONGEST_BODY, MASK, Masker, Received, Sent

SECRET = "sk_live_51+/Secret=Secret"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASCBKcwggSj\n-----END PRIVATE KEY-----\n"
MASKER = Masker(SECRET, PEM)
WAYS = {
    "header": Sent("GET", "https://x/", {"Authorization": f"Bearer {SECRET}"}),
    "other header": Sent("GET", "https://x/", {"X-Echo": f"was {SECRET}"}),
    "address": Sent("GET", f"https://x/?key={SECRET}", {}),
    "quoted address": Sent("GET", f"https://x/?key={quote(SECRET, safe='')}", {}),
    "text": Sent("POST", "https://x/", {}, f"key={SECRET}"),
    "bytes": Sent("POST", "https://x/", {}, f"key={SECRET}".encode()),
    "json": Sent("POST", "https://x/", {}, json.dumps({"deep": [{"note": f"has {SECRET} inside"}]})),
    "json key": Sent("POST", "https://x/", {}, json.dumps({SECRET: 1})),
    "private key": Sent("POST", "https://x/", {}, json.dumps({"note": PEM})),
    "one line of it": Sent("POST", "https://x/", {}, "MIIEvQIBADANBgkqhkiG"),
    "escaped": Sent("POST", "https://x/", {}, "not json: " + json.dumps(PEM)),
    "long": Sent("POST", "https://x/", {}, "x" * LONGEST_BODY + SECRET),
    "on the cut": Sent("POST", "https://x/", {}, "x" * (LONGEST_BODY - 5) + SECRET),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_known_secret_is_found_wherever_it_stands(way: str) -> None:
    sent = WAYS[way]
    exchange = MASKER.exchange(sent, Received(500, sent.headers, sent.body))
    told = json.dumps(exchange)
    for secret in (SECRET, quote(SECRET, safe=""), SECRET[:12], "MIIEvQIBADANBgkqhkiG", "9w0BAQEFAASCBKcwggSj"):
        assert secret not in told


@pytest.mark.parametrize("name", ["access_token", "client_assertion", "consumer_secret", "refresh_token", "password"])
def test_a_value_is_masked_by_the_name_it_stands_under(name: str) -> None:
    sent = Sent("POST", "https://x/", {}, f"grant_type=x&{name}=unheard-of")
    exchange = Masker().exchange(sent, Received(200, {}, json.dumps({"a": {name: "unheard-of"}, "expires_in": 3600})))
    assert "unheard-of" not in json.dumps(exchange)
    assert exchange["response"]["body"] == {"a": {name: MASK}, "expires_in": 3600}


def test_what_is_no_secret_stays_readable() -> None:
    sent = Sent("put", "https://x/invoice/eid:1", {"Content-Type": "application/json"}, '{"total": 5}')
    assert Masker(SECRET).exchange(sent) == {
        "request": {
            "method": "PUT",
            "url": "https://x/invoice/eid:1",
            "headers": {"Content-Type": "application/json"},
            "body": {"total": 5},
        },
        "response": None,
    }


def test_short_texts_are_not_taken_for_secrets() -> None:
    assert Masker("a", "").text("a plain text") == "a plain text"
