import time
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from sandbox.emulators.salesforce import Emulator
from sandbox.faults import Faults
from tests.sandbox.salesforce.builders import ROOT, Clock, account, found, row_id

SOON = {"Sforce-Query-Options": "batchSize=200"}


def ask(client: TestClient, soql: str, **headers: str) -> dict[str, Any]:
    answer = client.get(f"{ROOT}/query/", params={"q": soql}, headers=headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_pages_follow_each_other_without_gap_or_repeat(client: TestClient, emulator: Emulator) -> None:
    emulator.load("Account", (account(number) for number in range(450)))
    page = ask(client, "SELECT Id FROM Account ORDER BY Id", **SOON)
    assert (page["totalSize"], page["done"], len(page["records"])) == (450, False, 200)
    assert page["nextRecordsUrl"].startswith(f"{ROOT}/query/01g")
    assert page["nextRecordsUrl"].endswith("-200")
    ids = [record["Id"] for record in page["records"]]
    while not page["done"]:
        page = client.get(page["nextRecordsUrl"]).json()
        ids += [record["Id"] for record in page["records"]]
    assert ids == [row_id("001", number) for number in range(450)]
    assert "nextRecordsUrl" not in page


@pytest.mark.parametrize(("asked", "given"), [("1", 200), ("200", 200), ("500", 500), ("9999", 2000), ("", 2000)])
def test_batch_size_is_kept_between_200_and_2000(
    client: TestClient, emulator: Emulator, asked: str, given: int
) -> None:
    emulator.load("Account", (account(number) for number in range(2100)))
    headers = {"Sforce-Query-Options": f"batchSize={asked}"} if asked else {}
    assert len(ask(client, "SELECT Id FROM Account", **headers)["records"]) == given


def test_a_switch_makes_pages_shorter_than_asked(client: TestClient, emulator: Emulator) -> None:
    emulator.load("Account", (account(number) for number in range(7)))
    client.post("/_sandbox/switches", json={"page_rows": 3})
    page = ask(client, "SELECT Id FROM Account")
    assert (len(page["records"]), page["totalSize"], page["done"]) == (3, 7, False)


def test_keyset_paging_loses_nothing_when_all_rows_share_a_stamp(client: TestClient, emulator: Emulator) -> None:
    emulator.load("Account", (account(number) for number in range(25)))
    seen: list[str] = []
    where = "SystemModstamp >= 2026-01-01T00:00:00Z"
    while True:
        soql = f"SELECT Id, SystemModstamp FROM Account WHERE {where} ORDER BY SystemModstamp, Id LIMIT 10"
        records = ask(client, soql)["records"]
        seen += [record["Id"] for record in records]
        if len(records) < 10:
            break
        stamp, last = records[-1]["SystemModstamp"].replace("+0000", "Z"), records[-1]["Id"]
        where = f"(SystemModstamp = {stamp} AND Id > '{last}') OR SystemModstamp > {stamp}"
    assert seen == [row_id("001", number) for number in range(25)]


def test_a_locator_expires(client: TestClient, emulator: Emulator, clock: Clock) -> None:
    emulator.load("Account", (account(number) for number in range(5)))
    emulator.org.switches.set({"page_rows": 2, "locator_seconds": 60})
    url = ask(client, "SELECT Id FROM Account")["nextRecordsUrl"]
    assert client.get(url).status_code == 200
    clock.now += timedelta(seconds=61)
    answer = client.get(url)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_the_oldest_locator_is_closed_when_too_many_are_open(client: TestClient, emulator: Emulator) -> None:
    emulator.load("Account", (account(number) for number in range(5)))
    emulator.org.switches.set({"page_rows": 2, "open_locators": 2})
    urls = [ask(client, "SELECT Id FROM Account")["nextRecordsUrl"] for _ in range(3)]
    assert [client.get(url).status_code for url in urls] == [400, 200, 200]


@pytest.mark.parametrize("locator", ["rubbish", "01g000000000000009-2", "01g-2"])
def test_an_unknown_locator_is_refused(client: TestClient, locator: str) -> None:
    assert client.get(f"{ROOT}/query/{locator}").json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_a_late_commit_appears_with_an_old_stamp(client: TestClient, emulator: Emulator, clock: Clock) -> None:
    emulator.load("Account", [account(1, Name="before")])
    emulator.org.switches.late_commit_seconds = 30
    emulator.save("Account", account(1, Name="after"))
    emulator.save("Account", account(2, Name="new"))
    soql = "SELECT Name, SystemModstamp FROM Account ORDER BY Name"
    assert [record["Name"] for record in found(client, soql)] == ["before"]
    known = emulator.get("Account", row_id("001", 1))
    assert known is not None
    assert known["Name"] == "after"
    assert emulator.count("Account") == 2
    clock.now += timedelta(seconds=30)
    stamp = "2026-11-01T12:00:00.000+0000"
    assert found(client, soql) == [{"Name": "after", "SystemModstamp": stamp}, {"Name": "new", "SystemModstamp": stamp}]


def test_an_unannounced_field_may_appear(client: TestClient, emulator: Emulator, faults: Faults) -> None:
    emulator.load("Account", [account(1)])
    faults.unknown_field = True
    assert set(found(client, "SELECT Id FROM Account")[0]) == {"Id", "Unannounced__c"}
    assert "Unannounced__c" in client.get(f"{ROOT}/sobjects/Account/{row_id('001', 1)}").json()


def test_a_page_of_2000_accounts_is_quick(client: TestClient, emulator: Emulator) -> None:
    emulator.load("Account", (account(number) for number in range(3000)))
    fields = [field.name for field in emulator.org.catalogue.need("Account").fields]
    where = "SystemModstamp >= 2026-01-01T00:00:00Z ORDER BY SystemModstamp, Id"
    soql = f"SELECT {', '.join(fields)} FROM Account WHERE {where}"
    took = []
    for _ in range(5):
        start = time.perf_counter()
        assert len(client.get(f"{ROOT}/query", params={"q": soql}).content) > 1_000_000
        took.append(time.perf_counter() - start)
    assert min(took) < 0.15
