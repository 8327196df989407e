"""How Salesforce is read: by key, up to what has settled, with its own sign-in; and what its errors mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
import requests

from connectors import Connector
from connectors.salesforce.client import Client
from core.canonical import ContractRecord, OrderLineRecord
from core.ports import ConnectorFailure, Misconfigured, Rejected, Source, Transient
from tests.connectors.payloads import CONTRACT, ORDER_ITEM, changed
from tests.connectors.vendors import CONSUMER_SECRET, TOKEN, ScriptedSalesforce, salesforce_at, salesforce_config
from tests.fakes import NOON, FixedClock

EXPIRED = (401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
EMPTY = (200, {"totalSize": 0, "done": True, "records": []})


def source_of(connector: Connector) -> Source:
    assert connector.source is not None
    return connector.source


def soql(url: str) -> str:
    return parse_qs(urlparse(url).query)["q"][0]


def rows(stamps: list[str], done: bool = True) -> tuple[int, Any]:
    found = [changed(CONTRACT, Id=f"800{n}", SystemModstamp=stamp, attributes={}) for n, stamp in enumerate(stamps)]
    return 200, {"totalSize": len(found), "done": done, "records": found}


def answering(*answers: tuple[int, Any]) -> ScriptedSalesforce:
    left = list(answers)
    return ScriptedSalesforce(lambda request: left.pop(0) if len(left) > 1 else left[0])


def test_the_next_page_begins_behind_the_last_row_even_if_many_share_its_stamp() -> None:
    stamp = "2026-11-01T10:00:00.000+0000"
    adapter = answering(rows([stamp, stamp]), rows([stamp]))
    pages = list(source_of(salesforce_at(adapter, page_rows=2)).pull("contracts", {}))
    assert [len(page.records) for page in pages] == [2, 1]
    asked = soql(adapter.queries[1])
    assert "SystemModstamp >= 2026-11-01T10:00:00.000Z AND (SystemModstamp > 2026-11-01T10:00:00.000Z OR" in asked
    assert "Id > '8001')" in asked and asked.endswith("ORDER BY SystemModstamp, Id LIMIT 2")


def test_a_batch_that_is_shorter_than_asked_for_is_not_the_end() -> None:
    adapter = answering(rows(["2026-11-01T10:00:00.000+0000"], done=False), EMPTY)
    pages = list(source_of(salesforce_at(adapter)).pull("contracts", {}))
    assert [page.is_last for page in pages] == [False, True]


def test_the_first_pull_reads_living_rows_and_later_ones_changes_with_deletions() -> None:
    adapter = answering(rows(["2026-11-01T10:00:00.000+0000"]), EMPTY)
    source = source_of(salesforce_at(adapter))
    cursor = list(source.pull("contracts", {}))[-1].cursor
    list(source.pull("contracts", cursor))
    assert "/query/?" in adapter.queries[0] and "SystemModstamp <" not in soql(adapter.queries[0])
    assert "/queryAll/?" in adapter.queries[1] and "SystemModstamp < " in soql(adapter.queries[1])


def test_a_cursor_at_rest_stands_before_what_has_not_settled() -> None:
    just_now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    (page,) = source_of(salesforce_at(answering(rows([just_now])))).pull("contracts", {})
    stood = datetime.fromisoformat(page.cursor["stamp"])
    assert 55 <= (datetime.now(UTC) - stood).total_seconds() <= 70
    assert page.cursor["id"] == ""


def test_what_has_settled_since_the_last_answer_is_asked_for_at_once() -> None:
    """Else accounts, which are read first, would come a whole reading later than the contracts of the same moment."""
    clock, answered = FixedClock(), NOON - timedelta(minutes=5)
    dated = {"Date": format_datetime(answered, usegmt=True)}
    client = Client(salesforce_config(), ScriptedSalesforce(lambda request: EMPTY, dated), clock)
    client.query("SELECT Id FROM Account")
    assert client.time() == answered
    clock.advance(seconds=30)
    assert client.time() == answered + timedelta(seconds=30)


def test_a_first_pull_that_was_broken_off_comes_to_rest_before_it_began() -> None:
    """Otherwise a row that was read early and deleted before the pull went on would stay for ever."""
    adapter = answering(rows(["2026-11-05T10:00:00.000+0000"]))
    broken_off = {"stamp": "2026-11-02T10:00:00.000Z", "id": "8001", "from": "2026-11-03T10:00:00.000Z"}
    (page,) = source_of(salesforce_at(adapter)).pull("contracts", broken_off)
    assert page.cursor == {"stamp": "2026-11-03T10:00:00.000Z", "id": "", "done": True}


def test_decimals_are_exact_and_survive_storage() -> None:
    row = json.dumps(changed(ORDER_ITEM, Quantity=0.1, UnitPrice="exact"))
    text = '{"totalSize":1,"done":true,"records":[' + row.replace('"exact"', "19.990000000000000001") + "]}"
    source = source_of(salesforce_at(ScriptedSalesforce(lambda request: (200, text))))
    (page,) = source.pull("order_items", {})
    (line,) = source.to_canonical(page.records[0])
    assert isinstance(line, OrderLineRecord)
    assert line.unit_price == Decimal("19.990000000000000001")
    assert page.records[0].payload["Quantity"] == "0.1"


def test_an_org_with_one_currency_is_not_asked_for_codes() -> None:
    adapter = ScriptedSalesforce(lambda request: rows_without_currency())
    source = source_of(salesforce_at(adapter, single_currency="USD"))
    (page,) = source.pull("contracts", {})
    (found,) = source.to_canonical(page.records[0])
    assert isinstance(found, ContractRecord)
    assert found.currency == "USD"
    assert "CurrencyIsoCode" not in soql(adapter.queries[0])


def rows_without_currency() -> tuple[int, Any]:
    return 200, {"totalSize": 1, "done": True, "records": [changed(CONTRACT, CurrencyIsoCode=...)]}


def test_an_expired_token_is_renewed_once() -> None:
    adapter = answering(EXPIRED, rows(["2026-11-01T10:00:00.000+0000"]))
    (page,) = source_of(salesforce_at(adapter)).pull("contracts", {})
    assert (len(page.records), adapter.sign_ins) == (1, 2)


def test_a_token_that_is_never_taken_ends_with_an_administrator() -> None:
    adapter = answering(EXPIRED)
    with pytest.raises(Misconfigured, match="does not accept the token"):
        list(source_of(salesforce_at(adapter)).pull("contracts", {}))
    assert (len(adapter.queries), adapter.sign_ins) == (2, 2)


def test_an_expired_session_told_in_another_form_is_renewed_too() -> None:
    adapter = answering((401, {"error": "expired"}), rows(["2026-11-01T10:00:00.000+0000"]))
    (page,) = source_of(salesforce_at(adapter)).pull("contracts", {})
    assert len(page.records) == 1


@pytest.mark.parametrize(
    ("answer", "family", "words"),
    [
        (
            (400, {"error": "invalid_client", "error_description": "invalid client credentials"}),
            Misconfigured,
            "invalid",
        ),
        (
            (400, {"error": "invalid_grant", "error_description": "no client credentials user"}),
            Misconfigured,
            "no client",
        ),
        ((503, [{"errorCode": "SERVER_UNAVAILABLE"}]), Transient, "not available"),
        ((429, "slow"), Transient, "not JSON"),
        ((403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}]), Transient, "used up"),
        ((200, {"unexpected": True}), Misconfigured, "refused"),
    ],
)
def test_each_refusal_of_a_token_belongs_to_whoever_acts_next(
    answer: tuple[int, Any], family: type[ConnectorFailure], words: str
) -> None:
    adapter = answering(EMPTY)
    adapter.token_answer = answer
    with pytest.raises(family, match=words):
        list(source_of(salesforce_at(adapter)).pull("contracts", {}))


@pytest.mark.parametrize(
    ("status", "code", "family", "words"),
    [
        (403, "REQUEST_LIMIT_EXCEEDED", Transient, "in a day are used up"),
        (403, "API_DISABLED_FOR_ORG", Misconfigured, "lacks a permission"),
        (400, "INVALID_FIELD", Misconfigured, "No such column 'Foo__c'"),
        (400, "QUERY_TIMEOUT", Transient, "not available"),
        (400, "UNABLE_TO_LOCK_ROW", Transient, "not available"),
        (400, "MALFORMED_QUERY", Rejected, "refused the request"),
        (500, "UNKNOWN_EXCEPTION", Transient, "not available"),
        (503, "SERVER_UNAVAILABLE", Transient, "not available"),
    ],
)
def test_each_error_belongs_to_whoever_acts_next(
    status: int, code: str, family: type[ConnectorFailure], words: str
) -> None:
    message = "\nSELECT Foo__c FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo__c' on entity"
    adapter = answering((status, [{"message": message, "errorCode": code}]))
    with pytest.raises(family, match=words) as raised:
        list(source_of(salesforce_at(adapter)).pull("contracts", {}))
    assert raised.value.code == code
    assert raised.value.exchange["response"]["status"] == status


def test_used_up_requests_are_not_asked_for_at_once() -> None:
    adapter = answering((403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]))
    with pytest.raises(Transient) as raised:
        list(source_of(salesforce_at(adapter)).pull("contracts", {}))
    assert raised.value.retry_after_seconds == 900


@pytest.mark.parametrize(
    ("problem", "family"),
    [
        (requests.exceptions.ConnectTimeout(), Transient),
        (requests.exceptions.ReadTimeout(), Transient),
        (requests.exceptions.ConnectionError(), Transient),
        (requests.exceptions.SSLError(), Misconfigured),
    ],
)
def test_a_broken_connection_is_told_apart_from_a_bad_certificate(
    problem: Exception, family: type[ConnectorFailure]
) -> None:
    def handler(request: requests.PreparedRequest) -> tuple[int, Any]:
        raise problem

    with pytest.raises(family):
        list(source_of(salesforce_at(ScriptedSalesforce(handler))).pull("contracts", {}))


@pytest.mark.parametrize("text", ["<html>maintenance</html>", "[]", '{"done":true}'])
def test_an_answer_of_another_form_is_not_taken_for_an_empty_one(text: str) -> None:
    adapter = ScriptedSalesforce(lambda request: (200, text))
    with pytest.raises(Transient, match="Salesforce sent"):
        list(source_of(salesforce_at(adapter)).pull("contracts", {}))


def test_no_secret_leaks_through_an_error_that_repeats_the_request() -> None:
    def handler(request: requests.PreparedRequest) -> tuple[int, Any]:
        return 500, [{"message": f"failed for {request.headers['Authorization']}", "errorCode": "UNKNOWN_EXCEPTION"}]

    with pytest.raises(Transient) as raised:
        list(source_of(salesforce_at(ScriptedSalesforce(handler))).pull("contracts", {}))
    told = repr(raised.value.exchange) + raised.value.sentence
    assert TOKEN not in told and CONSUMER_SECRET not in told


def test_order_lines_know_their_contract_through_their_order() -> None:
    adapter = ScriptedSalesforce(lambda request: (200, {"totalSize": 1, "done": True, "records": [dict(ORDER_ITEM)]}))
    list(source_of(salesforce_at(adapter)).pull("order_items", {}))
    assert "Order.ContractId" in soql(adapter.queries[0])
