from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from sandbox.emulators.salesforce import Emulator
from sandbox.faults import Faults
from tests.sandbox.salesforce.builders import ROOT, Clock, account, found, row_id, signed_in

ACCOUNTS = f"{ROOT}/sobjects/Account"
INVOICES = f"{ROOT}/sobjects/Fin_Invoice__c"


def test_a_row_is_created_read_changed_and_deleted(client: TestClient, clock: Clock) -> None:
    made = client.post(f"{ACCOUNTS}/", json={"Name": "Acme", "Payment_Terms_Days__c": 30})
    assert made.status_code == 201
    id = made.json()["id"]
    assert made.json() == {"id": id, "success": True, "errors": []}
    assert (len(id), id[:3]) == (18, "001")
    clock.now += timedelta(minutes=5)
    changed = client.patch(f"{ACCOUNTS}/{id[:15]}", json={"Name": "Acme AG"})
    assert (changed.status_code, changed.content) == (204, b"")
    row = client.get(f"{ACCOUNTS}/{id}").json()
    assert row["attributes"] == {"type": "Account", "url": f"{ACCOUNTS}/{id}"}
    assert (row["Name"], row["Payment_Terms_Days__c"], row["PO_Required__c"]) == ("Acme AG", 30, False)
    assert row["CreatedDate"] == "2026-11-01T12:00:00.000+0000"
    assert row["SystemModstamp"] == row["LastModifiedDate"] == "2026-11-01T12:05:00.000+0000"
    some = client.get(f"{ACCOUNTS}/{id}", params={"fields": "Name"}).json()
    assert set(some) == {"attributes", "Id", "Name"}
    assert client.delete(f"{ACCOUNTS}/{id}").status_code == 204
    for answer in (client.get(f"{ACCOUNTS}/{id}"), client.patch(f"{ACCOUNTS}/{id}", json={"Name": "x"})):
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "ENTITY_IS_DELETED")


def test_upsert_says_201_then_200_and_writes_one_row(client: TestClient) -> None:
    url = f"{INVOICES}/Ext_Id__c/in_1Q9"
    first = client.patch(url, json={"Number__c": "INV-1", "Total__c": 594.00})
    second = client.patch(url, json={"Total__c": 600.5})
    assert (first.status_code, second.status_code) == (201, 200)
    id = first.json()["id"]
    assert first.json() == {"id": id, "success": True, "errors": [], "created": True}
    assert second.json() == {"id": id, "success": True, "errors": [], "created": False}
    assert found(client, "SELECT Id, Number__c, Total__c FROM Fin_Invoice__c WHERE Ext_Id__c = 'in_1Q9'") == [
        {"Id": id, "Number__c": "INV-1", "Total__c": 600.5}
    ]
    assert client.get(url).json()["Id"] == id


def test_an_external_id_may_contain_a_slash(client: TestClient) -> None:
    url = f"{INVOICES}/Ext_Id__c/{quote('a/b?c', safe='')}"
    assert client.patch(url, json={}).status_code == 201
    assert found(client, "SELECT Ext_Id__c FROM Fin_Invoice__c") == [{"Ext_Id__c": "a/b?c"}]


def test_an_ambiguous_external_id_gives_300_and_writes_nothing(client: TestClient) -> None:
    ids = [client.post(INVOICES, json={"Legacy_Key__c": "L1"}).json()["id"] for _ in range(2)]
    for answer in (
        client.patch(f"{INVOICES}/Legacy_Key__c/L1", json={"Number__c": "new"}),
        client.get(f"{INVOICES}/Legacy_Key__c/L1"),
    ):
        assert answer.status_code == 300
        assert answer.json() == [f"{INVOICES}/{id}" for id in ids]
    assert found(client, "SELECT Number__c FROM Fin_Invoice__c WHERE Number__c != null") == []


def test_a_unique_field_refuses_a_second_row(client: TestClient) -> None:
    id = client.post(INVOICES, json={"Ext_Id__c": "in_1"}).json()["id"]
    answer = client.post(INVOICES, json={"Ext_Id__c": "in_1"})
    assert answer.status_code == 400
    message = f"duplicate value found: Ext_Id__c duplicates value on record with id: {id}"
    assert answer.json() == [{"message": message, "errorCode": "DUPLICATE_VALUE", "fields": []}]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "REQUIRED_FIELD_MISSING"),
        ({"Name": None}, "REQUIRED_FIELD_MISSING"),
        ({"Name": "x", "Foo__c": 1}, "INVALID_FIELD"),
        ({"Name": "x", "Id": "001000000000001"}, "INVALID_FIELD"),
        ({"Name": "x", "SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": "x", "Payment_Terms_Days__c": "many"}, "JSON_PARSER_ERROR"),
        ({"Name": "x", "PO_Required__c": "yes"}, "JSON_PARSER_ERROR"),
        ({"Name": 5}, "JSON_PARSER_ERROR"),
        ({"Name": "x" * 256}, "STRING_TOO_LONG"),
        ({"Name": "x", "Billing_Email__c": "nobody"}, "INVALID_EMAIL_ADDRESS"),
        ({"Name": "x", "OwnerId": "me"}, "MALFORMED_ID"),
        ({"Name": "x", "ParentId": "001000000000001AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_bad_values_are_refused(client: TestClient, body: dict[str, object], code: str) -> None:
    answer = client.post(ACCOUNTS, json=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert found(client, "SELECT Id FROM Account") == []


def test_missing_fields_are_named(client: TestClient) -> None:
    assert client.post(ACCOUNTS, json={}).json() == [
        {
            "message": "Required fields are missing: [Name]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["Name"],
        }
    ]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"{ACCOUNTS}/001000000000001AAA", 404, "NOT_FOUND"),
        ("GET", f"{ROOT}/sobjects/Nothing__c/describe", 404, "NOT_FOUND"),
        ("GET", f"{ROOT}/nothing", 404, "NOT_FOUND"),
        ("GET", "/services/data/v58.0/limits", 404, "NOT_FOUND"),
        ("PATCH", f"{ACCOUNTS}/Name/x", 404, "NOT_FOUND"),
        ("PUT", f"{ACCOUNTS}/001000000000001AAA", 405, "METHOD_NOT_ALLOWED"),
        ("GET", f"{ROOT}/query", 400, "MALFORMED_QUERY"),
        ("GET", f"{ROOT}/query?q={'x' * 17_000}", 414, "URI_TOO_LONG"),
    ],
)
def test_errors_are_arrays(client: TestClient, method: str, path: str, status: int, code: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.json()[0]["errorCode"] == code


def test_a_locked_row_is_refused(client: TestClient, emulator: Emulator) -> None:
    emulator.load("Account", [account(1)])
    emulator.org.switches.lock_rate = 1.0
    answer = client.patch(f"{ACCOUNTS}/{row_id('001', 1)}", json={"Name": "x"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")


def test_closing_a_case_fills_what_follows_from_it(client: TestClient) -> None:
    cases = f"{ROOT}/sobjects/Case"
    id = client.post(cases, json={"Subject": "Wrong price"}).json()["id"]
    opened = client.get(f"{cases}/{id}").json()
    assert (opened["Status"], opened["IsClosed"], len(opened["CaseNumber"])) == ("New", False, 8)
    client.patch(f"{cases}/{id}", json={"Status": "Closed"})
    closed = client.get(f"{cases}/{id}").json()
    assert (closed["IsClosed"], closed["ClosedDate"]) == (True, "2026-11-01T12:00:00.000+0000")


def test_the_window_of_changes_tells_ids_and_how_far_it_reaches(
    client: TestClient, emulator: Emulator, clock: Clock
) -> None:
    emulator.load("Account", [account(1, "2026-10-31T10:00:00.000+0000"), account(2, "2026-10-31T11:00:00.000+0000")])
    window = {"start": "2026-10-31T10:30:00+00:00", "end": "2026-11-01T00:00:00+00:00"}
    assert client.get(f"{ACCOUNTS}/updated/", params=window).json() == {
        "ids": [row_id("001", 2)],
        "latestDateCovered": "2026-11-01T00:00:00.000+0000",
    }
    client.delete(f"{ACCOUNTS}/{row_id('001', 1)}")
    window = {"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"}
    answer = client.get(f"{ACCOUNTS}/deleted/", params=window).json()
    assert answer["deletedRecords"] == [{"id": row_id("001", 1), "deletedDate": "2026-11-01T12:00:00.000+0000"}]
    assert answer["latestDateCovered"] == "2026-11-01T12:00:00.000+0000"
    assert answer["earliestDateAvailable"] == "2026-10-17T12:00:00.000+0000"


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"start": "2026-11-01T00:00:00Z", "end": "2026-10-31T00:00:00Z"},
        {"start": "2026-09-01T00:00:00Z", "end": "2026-10-31T00:00:00Z"},
        {"start": "2026-10-30T00:00:00", "end": "2026-10-31T00:00:00"},
    ],
)
def test_a_bad_window_is_refused(client: TestClient, window: dict[str, str]) -> None:
    answer = client.get(f"{ACCOUNTS}/deleted", params=window)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_REPLICATION_DATE")


def test_describe_tells_about_fields(client: TestClient) -> None:
    body = client.get(f"{ROOT}/sobjects/Contract/describe").json()
    fields = {field["name"]: field for field in body["fields"]}
    assert (body["name"], body["keyPrefix"]) == ("Contract", "800")
    assert fields["AccountId"]["referenceTo"] == ["Account"]
    assert fields["AccountId"]["relationshipName"] == "Account"
    assert fields["Ext_Id__c"]["externalId"] is True
    names = [sobject["name"] for sobject in client.get(f"{ROOT}/sobjects").json()["sobjects"]]
    assert {"Account", "Case", "Fin_Invoice__c"} <= set(names)


def test_rows_saved_by_the_company_are_stamped_now(client: TestClient, emulator: Emulator) -> None:
    emulator.save("Account", {"Id": row_id("001", 1), "Name": "New"})
    stamp = "2026-11-01T12:00:00.000+0000"
    assert found(client, "SELECT Name, CreatedDate, SystemModstamp, IsDeleted FROM Account") == [
        {"Name": "New", "CreatedDate": stamp, "SystemModstamp": stamp, "IsDeleted": False}
    ]


def test_rows_tokens_and_secrets_survive_a_restart(tmp_path: Path, clock: Clock) -> None:
    before = Emulator(tmp_path, clock, Faults())
    client = signed_in(before)
    id = client.post(ACCOUNTS, json={"Name": "kept"}).json()["id"]
    given = before.credentials()
    before.close()
    after = Emulator(tmp_path, clock, Faults())
    again = TestClient(after.app, headers={"Authorization": client.headers["Authorization"]})
    assert after.credentials() == given
    assert again.get(f"{ACCOUNTS}/{id}").json()["Name"] == "kept"
    assert again.post(ACCOUNTS, json={"Name": "next"}).json()["id"] != id
    after.close()
