"""What NetSuite's answers mean while a document is posted, and what the document looks like."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors import Connector
from core.ports import ConnectorFailure, InDoubt, Ledger, LedgerDocument, LedgerLine, Misconfigured, Rejected, Transient
from tests.connectors.vendors import netsuite_at, netsuite_error

DOCUMENT = LedgerDocument(
    key="stripe_in_1",
    kind="invoice",
    number="HC-1",
    entity="DE",
    customer_ref="001A",
    currency="EUR",
    issue_date=date(2026, 9, 14),
    due_date=date(2026, 10, 14),
    po_number=None,
    memo="Contract 1",
    lines=(LedgerLine("HC-CORE", "Seats", Decimal("2.5"), 10_010, 1_902, Decimal(19)),),
    total_minor=11_912,
)
TABLES: dict[str, list[dict[str, str]]] = {
    "subsidiary": [
        {"id": "1", "name": "Halden Cloud Inc", "country": "US", "externalid": "US"},
        {"id": "4", "name": "Halden Cloud GmbH", "country": "DE", "externalid": "DE"},
    ],
    "currency": [{"id": "1", "symbol": "USD"}, {"id": "4", "symbol": "EUR"}],
    "item": [{"id": "101", "itemid": "HC-CORE"}],
    "salestaxitem": [
        {"id": "1", "itemid": "US-0", "rate": "0"},
        {"id": "5", "itemid": "DE-VAT19", "rate": "19.0%"},
        {"id": "8", "itemid": "EU-RC", "rate": "0"},
    ],
}
Put = Callable[[httpx.Request], httpx.Response]


class Account:
    """One NetSuite account: tables to look up, and a script for what happens to a PUT."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self.bodies: list[dict[str, Any]] = []
        self.is_there = False
        self.read_back = httpx.Response(
            200, json={"id": "9001", "tranId": "HC-1", "total": 119.12, "currency": {"id": "4", "refName": "Euro"}}
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            assert request.headers["X-NetSuite-PropertyNameValidation"] == "Error"
            self.bodies.append(json.loads(request.content, parse_float=Decimal))
            answer = self._put(request)
            self.is_there = self.is_there or answer.status_code == 204
            return answer
        if request.url.path.endswith("/suiteql"):
            query = json.loads(request.content)["q"]
            name = next(name for name in TABLES if f"FROM {name} " in query)
            return httpx.Response(200, json={"items": TABLES[name], "hasMore": False})
        if "/customer/" in request.url.path:
            return httpx.Response(200, json={"id": "4102"})
        return self.read_back if self.is_there else netsuite_error(404, "NONEXISTENT_ID", "There is none.")


def created(request: httpx.Request) -> httpx.Response:
    return httpx.Response(204, headers={"Location": "https://x/services/rest/record/v1/invoice/9001"})


def ledger_of(connector: Connector) -> Ledger:
    assert connector.ledger is not None
    return connector.ledger


def posting(put: Put, document: LedgerDocument = DOCUMENT) -> tuple[Account, Callable[[], Any]]:
    account = Account(put)
    ledger = ledger_of(netsuite_at(account))
    return account, lambda: ledger.post(document)


def test_the_document_is_written_in_netsuites_words_with_exact_amounts() -> None:
    account, post = posting(created)
    posted = post()
    (body,) = account.bodies
    assert (body["entity"], body["subsidiary"], body["currency"]) == ({"id": "4102"}, {"id": "4"}, {"id": "4"})
    assert (body["tranDate"], body["dueDate"], body["tranId"]) == ("2026-09-14", "2026-10-14", "HC-1")
    assert "otherRefNum" not in body
    (line,) = body["item"]["items"]
    assert (line["quantity"], line["amount"], line["tax1Amt"]) == (Decimal("2.5"), Decimal("100.1"), Decimal("19.02"))
    assert (line["item"], line["taxCode"], line["price"]) == ({"id": "101"}, {"id": "5"}, {"id": "-1"})
    assert (posted.external_id, posted.number, posted.total_minor) == ("9001", "HC-1", 11_912)


def test_reverse_charge_is_not_taken_for_another_countrys_zero_rate() -> None:
    line = replace(DOCUMENT.lines[0], tax_percent=Decimal(0), tax_minor=0)
    account, post = posting(created, replace(DOCUMENT, lines=(line,)))
    post()
    assert account.bodies[0]["item"]["items"][0]["taxCode"] == {"id": "8"}


def test_subsidiary_and_tax_code_can_be_set_by_configuration() -> None:
    account = Account(created)
    ledger = ledger_of(netsuite_at(account, tax_codes={"DE:0": "US-0"}, subsidiaries={"DE": "44"}))
    line = replace(DOCUMENT.lines[0], tax_percent=Decimal("0.00"), tax_minor=0)
    ledger.post(replace(DOCUMENT, lines=(line,)))
    assert account.bodies[0]["subsidiary"] == {"id": "44"}
    assert account.bodies[0]["item"]["items"][0]["taxCode"] == {"id": "1"}


def test_a_total_that_differs_is_reported_as_it_is() -> None:
    account, post = posting(created)
    account.read_back = httpx.Response(200, json={"id": "9001", "total": 119.13, "currency": {"id": "4"}})
    assert post().total_minor == 11_913


def test_a_document_that_is_there_is_not_sent_again() -> None:
    account, post = posting(created)
    account.is_there = True
    assert post().external_id == "9001"
    assert account.bodies == []


def test_what_was_written_stays_written_when_reading_it_back_fails() -> None:
    account, post = posting(created)
    account.read_back = httpx.Response(503)
    posted = post()
    assert (posted.external_id, posted.total_minor) == ("9001", None)


@pytest.mark.parametrize(
    ("problem", "family"),
    [
        (httpx.ReadTimeout, InDoubt),
        (httpx.WriteTimeout, InDoubt),
        (httpx.RemoteProtocolError, InDoubt),
        (httpx.ReadError, InDoubt),
        (httpx.ConnectError, Transient),
        (httpx.ConnectTimeout, Transient),
        (httpx.PoolTimeout, Transient),
    ],
)
def test_a_write_without_an_answer_is_in_doubt_if_anything_was_sent(
    problem: type[httpx.TransportError], family: type[ConnectorFailure]
) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise problem("broken", request=request)

    with pytest.raises(family) as raised:
        posting(broken)[1]()
    assert raised.value.exchange["request"]["method"] == "PUT"
    assert raised.value.exchange["response"] is None


def refusing(status: int, code: str, detail: str, path: str | None = None) -> Put:
    return lambda request: netsuite_error(status, code, detail, path)


@pytest.mark.parametrize(
    ("answer", "family", "words"),
    [
        (refusing(500, "UNEXPECTED_ERROR", "Error ID: x"), InDoubt, "while it was working"),
        (refusing(503, "SERVICE_UNAVAILABLE", "away"), InDoubt, "while it was working"),
        (refusing(429, "CONCURRENCY_LIMIT_EXCEEDED", "blocked"), Transient, "too many requests"),
        (refusing(401, "INVALID_LOGIN", "no"), Misconfigured, "just given out"),
        (refusing(403, "INSUFFICIENT_PERMISSION", "no"), Misconfigured, "lacks a permission"),
        (refusing(400, "INSUFFICIENT_PERMISSION", "no"), Misconfigured, "lacks a permission"),
        (
            refusing(400, "USER_ERROR", "The transaction date you specified is not within your accounting period."),
            Rejected,
            "locked the period of 14 Sep 2026",
        ),
        (refusing(400, "INVALID_CONTENT", "bad", "item.items[0].item"), Rejected, "the item of line 1"),
        (refusing(400, "INVALID_CONTENT", "bad", "item.items[1].taxCode"), Rejected, "the tax code of line 2"),
        (refusing(400, "INVALID_CONTENT", "bad", "currency"), Rejected, "not set up for EUR"),
        (refusing(400, "INVALID_CONTENT", "bad", "subsidiary"), Rejected, "not set up for the legal entity DE"),
        (
            refusing(400, "USER_ERROR", "Error while accessing a resource. Please enter value(s) for: Class"),
            Rejected,
            r"NetSuite refused the invoice: Please enter value\(s\) for: Class",
        ),
    ],
)
def test_each_answer_belongs_to_whoever_acts_next(answer: Put, family: type[ConnectorFailure], words: str) -> None:
    with pytest.raises(family, match=words):
        posting(answer)[1]()


def test_a_write_refused_for_its_token_is_sent_once_more() -> None:
    answers = [netsuite_error(401, "INVALID_LOGIN", "expired")]
    account, post = posting(lambda request: answers.pop() if answers else created(request))
    assert post().external_id == "9001"
    assert len(account.bodies) == 2


@pytest.mark.parametrize("key", ["stripe in 1", "a|b", "", "é"])
def test_a_key_netsuite_would_misread_is_refused_before_anything_is_sent(key: str) -> None:
    with pytest.raises(Rejected, match="letters, digits"):
        posting(created, replace(DOCUMENT, key=key))[1]()


def test_a_document_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(Rejected, match="journal"):
        posting(created, replace(DOCUMENT, kind="journal"))[1]()


def test_an_answer_that_is_no_json_is_transient_for_a_look_up() -> None:
    ledger = ledger_of(netsuite_at(lambda request: httpx.Response(200, content=b"<html>")))
    with pytest.raises(Transient, match="not JSON"):
        ledger.find("stripe_in_1", "invoice")


def test_a_line_that_is_earned_later_carries_its_days() -> None:
    line = replace(
        DOCUMENT.lines[0], is_deferred=True, recognise_from=date(2026, 9, 15), recognise_until=date(2027, 9, 14)
    )
    account, post = posting(created, replace(DOCUMENT, lines=(line, DOCUMENT.lines[0])))
    post()
    deferred, plain = account.bodies[0]["item"]["items"]
    assert (deferred["revRecStartDate"], deferred["revRecEndDate"]) == ("2026-09-15", "2027-09-14")
    assert "revRecStartDate" not in plain
