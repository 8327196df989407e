"""Answers of a form that nobody announced: each ends in words, in the family of whoever acts next."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors import avatax, netsuite
from connectors.shapes import UNREADABLE
from core.ports import ConnectorFailure, InDoubt, Ledger, LedgerDocument, Rejected, Transient
from tests.connectors.test_netsuite_posting import DOCUMENT, TABLES, Account, created, ledger_of
from tests.connectors.vendors import TOKEN_PATH, netsuite_at, netsuite_config, stripe_at

CREDIT = replace(DOCUMENT, kind="credit_memo", corrects_ref="in_1", payer_ref="cus_1")
BILL = replace(DOCUMENT, payer_ref="cus_1")
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["1", "9001"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "total", "currency", "items", "data", "has_more", "status", "metadata", "lines", "code"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=8,
)


def answering(*bodies: Any) -> Callable[[httpx.Request], httpx.Response]:
    """The answers in turn, the last one from then on."""
    left = list(bodies)
    return lambda _: httpx.Response(200, content=json.dumps(left.pop(0) if len(left) > 1 else left[0]))


def avatax_at(handler: Callable[[httpx.Request], httpx.Response]) -> Ledger:
    config = avatax.Config(
        address="https://tax.example",
        account_id=SecretStr("account"),
        license_key=SecretStr("a licence key"),
        company_code="HALDEN",
        _env_file=None,
    )
    return ledger_of(avatax.build(config, httpx.MockTransport(handler)))


def ledgers(handler: Callable[[httpx.Request], httpx.Response]) -> list[Ledger]:
    return [ledger_of(netsuite_at(handler)), ledger_of(stripe_at(handler)), avatax_at(handler)]


@settings(max_examples=150, deadline=None)
@given(body=anything)
def test_whatever_is_answered_a_ledger_answers_or_fails_in_words(body: Any) -> None:
    for ledger in ledgers(answering(body)):
        for ask in (
            lambda ledger=ledger: ledger.find("stripe_in_1", "invoice"),
            lambda ledger=ledger: ledger.post(BILL),
            lambda ledger=ledger: ledger.post(CREDIT),
        ):
            try:
                ask()
            except ConnectorFailure as problem:
                assert problem.sentence.endswith((".", "!", "?"))


HELD = {"id": "9001", "tranId": "HC-1", "total": 119.12, "currency": {"id": "4"}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"currency": None}, "the invoice in a form that we do not know: currency should be"),
        ({"currency": {"refName": "Euro"}}, "currency.id is missing"),
        ({"total": "1,000.00"}, "total should be a valid decimal"),
        ({"total": [119]}, "total"),
        ({"total": 1e30}, "an amount that we do not understand"),
        ({"taxTotal": "some"}, "taxTotal should be a valid decimal"),
        ({"id": None}, "id should be a valid string"),
        ({"id": "9001/../1"}, "id should be an internal id"),
    ],
)
def test_what_netsuite_holds_in_an_unknown_form_cannot_be_looked_up(change: dict[str, Any], words: str) -> None:
    account = Account(created)
    account.is_there, account.read_back = True, httpx.Response(200, json=HELD | change)
    with pytest.raises(Transient, match=words) as raised:
        ledger_of(netsuite_at(account)).find("stripe_in_1", "invoice")
    assert raised.value.code == UNREADABLE
    assert raised.value.exchange["response"]["body"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"<html>Maintenance</html>"),
        httpx.Response(204),
        httpx.Response(204, headers={"Location": "https://x/services/rest/record/v1/invoice/eid:stripe_in_1"}),
    ],
    ids=["no JSON", "no location", "no id"],
)
def test_a_write_that_netsuite_answers_in_an_unknown_form_is_in_doubt(answer: httpx.Response) -> None:
    account = Account(lambda _: answer)
    account.read_back = httpx.Response(503)
    with pytest.raises(InDoubt):
        ledger_of(netsuite_at(account)).post(DOCUMENT)


@pytest.mark.parametrize("table", list(TABLES))
@pytest.mark.parametrize("row", [{}, {"id": "x"}, {"id": ["1"], "itemid": 5}])
def test_a_table_of_netsuites_in_an_unknown_form_stops_the_document_in_words(table: str, row: dict[str, Any]) -> None:
    account = Account(created)

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/suiteql") and f"FROM {table} " in json.loads(request.content)["q"]:
            return httpx.Response(200, json={"items": [row], "hasMore": False})
        return account(request)

    with pytest.raises(Transient, match=f"a row of its table {table} in a form that we do not know") as raised:
        ledger_of(netsuite_at(handler)).post(DOCUMENT)
    assert (raised.value.code, account.bodies) == (UNREADABLE, [])


def test_a_currency_that_netsuite_has_got_since_is_found() -> None:
    account = Account(created)
    account.is_there = True
    symbols = [{"id": "4", "symbol": "EUR"}]

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/suiteql"):
            return httpx.Response(200, json={"items": list(symbols), "hasMore": False})
        return account(request)

    ledger = ledger_of(netsuite_at(handler))
    assert ledger.find("stripe_in_1", "invoice") is not None
    symbols.append({"id": "9", "symbol": "PLN"})
    account.read_back = httpx.Response(200, json=HELD | {"currency": {"id": "9"}})
    found = ledger.find("stripe_in_1", "invoice")
    assert found is not None and found.total_minor == 11_912

    account.read_back = httpx.Response(200, json=HELD | {"currency": {"id": "77"}})
    with pytest.raises(Rejected, match="a currency that it does not list"):
        ledger.find("stripe_in_1", "invoice")


@pytest.mark.parametrize("life", ["soon", -1, 10**30, None])
def test_a_token_of_an_unknown_life_is_told(life: object) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.path == TOKEN_PATH
        return httpx.Response(200, json={"access_token": "token-of-a-strange-life", "expires_in": life})

    ledger = ledger_of(netsuite.build(netsuite_config(), httpx.MockTransport(handler)))
    with pytest.raises(Transient, match="gave us a token in a form that we do not know") as raised:
        ledger.find("stripe_in_1", "invoice")
    assert "token-of-a-strange-life" not in repr(raised.value.exchange)


def stripe_answering(post: Any, read: Any = None) -> Ledger:
    """Knows the customer, holds no invoice, and answers writes with `post`."""
    nothing = {"object": "list", "data": [], "has_more": False}

    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, content=post if isinstance(post, bytes) else json.dumps(post))
        if request.url.path.startswith("/v1/customers/"):
            return httpx.Response(200, json={"id": "cus_1", "metadata": {}})
        return httpx.Response(200, json=nothing if read is None else read)

    return ledger_of(stripe_at(handler))


@pytest.mark.parametrize("answer", [b"<html>", b"[]", {"id": "in_1"}, {"id": 5, "status": "draft", "total": 1}])
def test_a_write_that_stripe_answers_in_an_unknown_form_is_in_doubt(answer: Any) -> None:
    with pytest.raises(InDoubt) as raised:
        stripe_answering(answer).post(BILL)
    assert raised.value.code == UNREADABLE
    assert raised.value.exchange["request"]["method"] == "POST"


def test_after_an_unknown_answer_stripe_is_not_sent_the_same_under_another_key() -> None:
    keys: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            keys.append(request.headers["Idempotency-Key"])
            return httpx.Response(200, content=b"<html>")
        is_list = request.url.path == "/v1/invoices"
        return httpx.Response(200, json={"data": [], "has_more": False} if is_list else {"id": "cus_1"})

    with pytest.raises(InDoubt):
        ledger_of(stripe_at(handler)).post(BILL)
    assert keys == [f"{BILL.key}:invoice:1"]


@pytest.mark.parametrize(
    "found",
    [
        {"id": "in_1", "metadata": {"house_key": BILL.key}},
        {"id": "in_1", "metadata": {"house_key": BILL.key}, "status": "posted", "total": 5},
        {"id": "in_1", "metadata": {"house_key": BILL.key}, "status": "open", "total": "5"},
    ],
)
def test_what_stripe_holds_in_an_unknown_form_cannot_be_looked_up(found: dict[str, Any]) -> None:
    ledger = stripe_answering({}, {"object": "list", "data": [found], "has_more": False})
    with pytest.raises(Transient, match="an invoice in a form that we do not know") as raised:
        ledger.find(BILL.key, "invoice")
    assert (raised.value.code, raised.value.exchange["request"]["method"]) == (UNREADABLE, "GET")


@pytest.mark.parametrize("item", [5, {}, {"id": 7}])
def test_a_list_of_stripes_without_ids_is_told(item: object) -> None:
    ledger = stripe_answering({}, {"object": "list", "data": [item], "has_more": True})
    with pytest.raises(Transient, match="a list of an unknown form"):
        ledger.find(BILL.key, "invoice")


RECORDED = {
    "id": 12,
    "code": "stripe_in_1",
    "date": "2026-09-14",
    "status": "Saved",
    "type": "SalesInvoice",
    "currencyCode": "EUR",
    "totalAmount": 100.1,
    "totalTax": 19.02,
}


@pytest.mark.parametrize("answer", [{}, [], RECORDED | {"totalTax": "some"}, RECORDED | {"currencyCode": "XQX"}])
def test_a_commit_that_avatax_answers_in_an_unknown_form_is_in_doubt(answer: Any) -> None:
    with pytest.raises(InDoubt, match="a transaction in a form that we do not know") as raised:
        avatax_at(answering(RECORDED, answer)).post(DOCUMENT)
    assert raised.value.code == UNREADABLE


@pytest.mark.parametrize("change", [{"totalAmount": 1e40}, {"currencyCode": "XQX"}, {"id": None}, {"lines": [{}]}])
def test_what_avatax_holds_in_an_unknown_form_cannot_be_looked_up(change: dict[str, Any]) -> None:
    with pytest.raises(Transient, match="a transaction in a form that we do not know"):
        avatax_at(answering(RECORDED | change)).find("stripe_in_1", "invoice")


def test_a_good_answer_is_still_understood() -> None:
    account = Account(created)
    document: LedgerDocument = DOCUMENT
    assert ledger_of(netsuite_at(account)).post(document).total_minor == 11_912
    posted = avatax_at(answering(RECORDED, RECORDED | {"status": "Committed"})).post(DOCUMENT)
    assert (posted.external_id, posted.tax_minor) == ("12", 1_902)
