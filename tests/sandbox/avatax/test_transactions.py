"""The AvaTax emulator over HTTP, point by point of what the real one does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.emulators.avatax import Emulator
from sandbox.faults import Faults
from sandbox.server import Serving
from tests.fakes import NOON, FixedClock

ONE = "/api/v2/companies/HALDEN/transactions"
CREATE, ADJUST = "/api/v2/transactions/create", "/api/v2/transactions/createoradjust"


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    found = Emulator(tmp_path, FixedClock(NOON), Faults())
    yield found
    found.close()


@pytest.fixture
def http(emulator: Emulator) -> Iterator[httpx.Client]:
    served = Serving(emulator.app, 0)
    served.start()
    given = emulator.credentials()
    with httpx.Client(base_url=served.address, auth=(given["account_id"], given["license_key"])) as client:
        yield client
    served.stop()


def model(**changes: Any) -> dict[str, Any]:
    return {
        "type": "SalesInvoice",
        "companyCode": "HALDEN",
        "code": "INV-1",
        "date": "2026-11-02",
        "customerCode": "CUST-17",
        "currencyCode": "USD",
        "addresses": {"shipTo": {"region": "TX", "country": "US", "postalCode": "78701"}},
        "lines": [{"number": "1", "quantity": 1, "amount": 1200.00, "taxCode": "SW052000"}],
        **changes,
    }


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_ping_never_fails_and_tells_whether_the_key_was_taken(http: httpx.Client) -> None:
    assert http.get("/api/v2/utilities/ping").json()["authenticated"] is True
    wrong = http.get("/api/v2/utilities/ping", auth=("2000134479", "wrong"))
    assert (wrong.status_code, wrong.json()["authenticated"]) == (200, False)
    assert code_of(http.get(f"{ONE}/INV-1", auth=("2000134479", "wrong"))) == (401, "AuthenticationException")


def test_without_a_type_it_is_an_estimate_that_nobody_can_read_again(http: httpx.Client) -> None:
    answer = http.post(CREATE, json=model(type=None))
    assert (answer.status_code, answer.json()["type"], answer.json()["status"]) == (201, "SalesOrder", "Temporary")
    assert code_of(http.get(f"{ONE}/INV-1", params={"documentType": "SalesOrder"})) == (404, "EntityNotFoundError")


def test_a_committed_code_cannot_be_created_again_but_adjusted(http: httpx.Client) -> None:
    assert http.post(CREATE, json=model(commit=True)).json()["status"] == "Committed"
    assert code_of(http.post(CREATE, json=model())) == (400, "TransactionIsCommitted")
    again = http.post(ADJUST, json={"createTransactionModel": model(commit=True)}).json()
    assert (again["version"], again["adjustmentReason"]) == (2, "Other")


def test_a_return_is_only_found_under_its_type(http: httpx.Client) -> None:
    http.post(CREATE, json=model(type="ReturnInvoice", code="CM-1"))
    assert http.post(f"{ONE}/CM-1/void", json={"code": "DocVoided"}).status_code == 404
    void = http.post(f"{ONE}/CM-1/void", params={"documentType": "ReturnInvoice"}, json={"code": "DocVoided"})
    assert void.json()["status"] == "Cancelled"


def test_what_is_locked_can_be_neither_voided_nor_adjusted(http: httpx.Client) -> None:
    http.post(CREATE, json=model(commit=True))
    http.post(f"{ONE}/INV-1/lock", json={"isLocked": True})
    locked = (400, "CannotModifyLockedTransaction")
    assert code_of(http.post(f"{ONE}/INV-1/void", json={"code": "DocVoided"})) == locked
    assert code_of(http.post(ADJUST, json={"createTransactionModel": model()})) == locked


@pytest.mark.parametrize(("share", "is_done"), [(1.0, True), (0.0, False)])
def test_a_forced_timeout_may_have_done_the_work(
    emulator: Emulator, http: httpx.Client, share: float, is_done: bool
) -> None:
    emulator.switches.set({"force_timeout_seconds": 0, "force_timeout_commits": share})
    assert http.post(CREATE, params={"$include": "ForceTimeout"}, json=model()).status_code == 500
    assert (http.get(f"{ONE}/INV-1").status_code == 200) is is_done


def test_codes_are_escaped_in_avalaras_way(http: httpx.Client) -> None:
    http.post(CREATE, json=model(code="A/B?1"))
    assert http.get(f"{ONE}/A_-ava2f-_B_-ava3f-_1").json()["code"] == "A/B?1"


@pytest.mark.parametrize("says_when", [True, False])
def test_too_many_requests_may_say_when_to_come_back(emulator: Emulator, http: httpx.Client, says_when: bool) -> None:
    emulator.switches.set({"retry_after": says_when})
    emulator.faults.set({"rate_429": 1.0})
    answer = http.get(f"{ONE}/INV-1")
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, says_when)


def test_without_nexus_the_tax_is_nothing_and_nobody_says_so(emulator: Emulator, http: httpx.Client) -> None:
    emulator.switches.set({"nexus": "NY"})
    answer = http.post(CREATE, params={"$include": "Lines,Details"}, json=model())
    assert (answer.status_code, answer.json()["totalTax"], answer.json()["messages"]) == (201, 0.0, [])
    assert answer.json()["lines"][0]["details"] == []


def test_a_list_without_a_date_shows_thirty_days_only(http: httpx.Client) -> None:
    http.post(CREATE, json=model(code="OLD", date="2026-01-05"))
    http.post(CREATE, json=model(code="NEW"))
    assert [doc["code"] for doc in http.get(ONE).json()["value"]] == ["NEW"]
    every = http.get(ONE, params={"$filter": "date ge '2020-01-01'"}).json()
    assert {doc["code"] for doc in every["value"]} == {"OLD", "NEW"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lines": []}, "ValueRequiredError"),
        ({"date": "2 Nov"}, "DateFormatError"),
        ({"code": "9" * 51}, "StringLengthError"),
        ({"addresses": {}}, "MissingAddress"),
        ({"addresses": {"shipTo": {"country": "US", "region": "ZZ"}}}, "InvalidAddress"),
        ({"addresses": {"singleLocation": {"country": "US"}, "shipTo": {"country": "US"}}}, "AddressConflictException"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_is_refused_by_name(http: httpx.Client, changes: dict[str, Any], code: str) -> None:
    assert code_of(http.post(CREATE, json=model(**changes))) == (400, code)
