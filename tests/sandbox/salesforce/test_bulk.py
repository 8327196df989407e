import csv
import io
from typing import Any

from starlette.testclient import TestClient

from sandbox.emulators.salesforce import Emulator
from tests.sandbox.salesforce.builders import ROOT, account, found, row, row_id

QUERY, INGEST = f"{ROOT}/jobs/query", f"{ROOT}/jobs/ingest"


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def ingest(client: TestClient, text: str, **job: str) -> dict[str, Any]:
    """Create, upload and close; answers the finished job."""
    made = client.post(INGEST, json={"contentType": "CSV", **job}).json()
    assert made["state"] == "Open"
    assert client.put(f"/{made['contentUrl']}", content=text).status_code == 201
    assert client.patch(f"{INGEST}/{made['id']}", json={"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    done: dict[str, Any] = client.get(f"{INGEST}/{made['id']}").json()
    return done


def test_a_query_job_goes_through_its_states_and_pages_by_locator(client: TestClient, emulator: Emulator) -> None:
    emulator.load("Account", (account(number, Tax_Id__c=None if number else 'a "b", c') for number in range(5)))
    emulator.org.switches.bulk_polls = 1
    soql = "SELECT Id, Name, Tax_Id__c, PO_Required__c, Payment_Terms_Days__c FROM Account ORDER BY Id"
    job = client.post(QUERY, json={"operation": "query", "query": soql}).json()
    assert (job["state"], job["object"], job["id"][:3]) == ("UploadComplete", "Account", "750")
    assert client.get(f"{QUERY}/{job['id']}/results").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    states = [client.get(f"{QUERY}/{job['id']}").json()["state"] for _ in range(2)]
    assert states == ["InProgress", "JobComplete"]
    first = client.get(f"{QUERY}/{job['id']}/results", params={"maxRecords": 3})
    assert first.headers["Sforce-NumberOfRecords"] == "3"
    rest = client.get(f"{QUERY}/{job['id']}/results", params={"locator": first.headers["Sforce-Locator"]})
    assert (rest.headers["Sforce-NumberOfRecords"], rest.headers["Sforce-Locator"]) == ("2", "null")
    rows = rows_of(first.text) + rows_of(rest.text)
    assert [r["Id"] for r in rows] == [row_id("001", number) for number in range(5)]
    assert rows[0]["Tax_Id__c"] == 'a "b", c'
    assert (rows[1]["Tax_Id__c"], rows[1]["PO_Required__c"], rows[1]["Payment_Terms_Days__c"]) == ("", "false", "30")


def test_parent_fields_have_dotted_headers(client: TestClient, emulator: Emulator) -> None:
    emulator.load("Account", [account(1)])
    emulator.load("Contract", [row("800", 1, AccountId=row_id("001", 1)), row("800", 2, AccountId=None)])
    soql = "SELECT Id, Account.Name FROM Contract"
    job = client.post(QUERY, json={"operation": "query", "query": soql}).json()
    client.get(f"{QUERY}/{job['id']}")
    rows = rows_of(client.get(f"{QUERY}/{job['id']}/results").text)
    assert [r["Account.Name"] for r in rows] == ["Account 0001", ""]


def test_a_bad_query_makes_no_job(client: TestClient) -> None:
    for soql, code in [
        ("SELECT Foo FROM Account", "INVALID_FIELD"),
        ("SELECT COUNT(Id) FROM Account", "INVALIDENTITY"),
    ]:
        answer = client.post(QUERY, json={"operation": "query", "query": soql})
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_complete_ingest_job_may_have_failed_rows(client: TestClient) -> None:
    client.post(f"{ROOT}/sobjects/Fin_Invoice__c", json={"Ext_Id__c": "in_1", "Status__c": "Open"})
    text = "Ext_Id__c,Total__c,Status__c\nin_1,5.25,#N/A\nin_2,much,Open\nin_3,7,Open\n"
    job = ingest(client, text, object="Fin_Invoice__c", operation="upsert", externalIdFieldName="Ext_Id__c")
    counts = (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"])
    assert counts == ("JobComplete", 3, 1)
    good = rows_of(client.get(f"{INGEST}/{job['id']}/successfulResults/").text)
    assert [(r["Ext_Id__c"], r["sf__Created"], len(r["sf__Id"])) for r in good] == [
        ("in_1", "false", 18),
        ("in_3", "true", 18),
    ]
    (bad,) = rows_of(client.get(f"{INGEST}/{job['id']}/failedResults/").text)
    assert bad["Ext_Id__c"] == "in_2"
    assert bad["sf__Error"].startswith("JSON_PARSER_ERROR:")
    assert rows_of(client.get(f"{INGEST}/{job['id']}/unprocessedRecords/").text) == []
    assert found(client, "SELECT Total__c, Status__c FROM Fin_Invoice__c WHERE Ext_Id__c = 'in_1'") == [
        {"Total__c": 5.25, "Status__c": None}
    ]


def test_rows_are_inserted_updated_and_deleted(client: TestClient, emulator: Emulator) -> None:
    emulator.load("Account", [account(1), account(2)])
    ids = [row_id("001", 1), row_id("001", 2)]
    assert ingest(client, "Name\nnew\n", object="Account", operation="insert")["numberRecordsFailed"] == 0
    update = f"Id,PO_Required__c\n{ids[0]},true\n"
    assert ingest(client, update, object="Account", operation="update")["numberRecordsFailed"] == 0
    assert ingest(client, f"Id\n{ids[1]}\n", object="Account", operation="delete")["numberRecordsFailed"] == 0
    assert found(client, "SELECT Name, PO_Required__c FROM Account ORDER BY Name") == [
        {"Name": "Account 0001", "PO_Required__c": True},
        {"Name": "new", "PO_Required__c": False},
    ]


def test_an_aborted_job_has_written_nothing(client: TestClient) -> None:
    job = client.post(INGEST, json={"object": "Account", "operation": "insert", "contentType": "CSV"}).json()
    client.put(f"{INGEST}/{job['id']}/batches", content="Name\nnew\n")
    assert client.patch(f"{INGEST}/{job['id']}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert rows_of(client.get(f"{INGEST}/{job['id']}/unprocessedRecords").text) == [{"Name": "new"}]
    assert found(client, "SELECT Id FROM Account") == []
    assert client.delete(f"{INGEST}/{job['id']}").status_code == 204
    assert client.get(f"{INGEST}/{job['id']}").status_code == 404


def test_a_job_for_an_unknown_object_is_refused(client: TestClient) -> None:
    answer = client.post(INGEST, json={"object": "Nothing__c", "operation": "insert"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALIDJOB")
