from typing import Any

from starlette.testclient import TestClient

from sandbox.emulators.salesforce import Emulator
from tests.sandbox.salesforce.builders import ROOT, account, found, row_id

INVOICE = {"attributes": {"type": "Fin_Invoice__c"}}


def part(name: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"method": method, "url": f"{ROOT}/{path}", "referenceId": name, "body": body}


def composite(client: TestClient, parts: list[dict[str, Any]], all_or_none: bool = True) -> list[dict[str, Any]]:
    answer = client.post(f"{ROOT}/composite", json={"allOrNone": all_or_none, "compositeRequest": parts})
    assert answer.status_code == 200
    body: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return body


def test_later_parts_refer_to_earlier_ones(client: TestClient) -> None:
    replies = composite(
        client,
        [
            part("inv", "PATCH", "sobjects/Fin_Invoice__c/Ext_Id__c/in_1Q9", {"Number__c": "INV-2031"}),
            part("l1", "POST", "sobjects/Fin_Line__c", {"Invoice__c": "@{inv.id}", "Amount__c": 594.00}),
            part("read", "GET", "sobjects/Fin_Invoice__c/@{inv.id}?fields=Number__c"),
            part("query", "GET", "query?q=SELECT+Amount__c+FROM+Fin_Line__c+WHERE+Invoice__c='@{inv.id}'"),
            part("same", "GET", "sobjects/Fin_Line__c/@{l1.id}"),
        ],
    )
    assert [reply["httpStatusCode"] for reply in replies] == [201, 201, 200, 200, 200]
    assert [reply["referenceId"] for reply in replies] == ["inv", "l1", "read", "query", "same"]
    assert replies[2]["body"]["Number__c"] == "INV-2031"
    assert replies[3]["body"]["records"][0]["Amount__c"] == 594.0
    assert replies[4]["body"]["Invoice__c"] == replies[0]["body"]["id"]


def test_with_all_or_none_one_failure_halts_the_others(client: TestClient) -> None:
    parts = [
        part("good", "POST", "sobjects/Fin_Invoice__c", {"Ext_Id__c": "in_1"}),
        part("bad", "POST", "sobjects/Account", {}),
        part("later", "POST", "sobjects/Fin_Invoice__c", {"Ext_Id__c": "in_2"}),
    ]
    replies = composite(client, parts)
    codes = [(reply["httpStatusCode"], reply["body"][0]["errorCode"]) for reply in replies]
    assert codes == [(400, "PROCESSING_HALTED"), (400, "REQUIRED_FIELD_MISSING"), (400, "PROCESSING_HALTED")]
    assert found(client, "SELECT Id FROM Fin_Invoice__c") == []


def test_without_all_or_none_the_good_parts_stay(client: TestClient) -> None:
    parts = [
        part("bad", "POST", "sobjects/Account", {}),
        part("needs", "POST", "sobjects/Contact", {"LastName": "x", "AccountId": "@{bad.id}"}),
        part("good", "POST", "sobjects/Fin_Invoice__c", {"Ext_Id__c": "in_2"}),
    ]
    replies = composite(client, parts, all_or_none=False)
    assert [reply["httpStatusCode"] for reply in replies] == [400, 400, 201]
    assert replies[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert "bad.id" in replies[1]["body"][0]["message"]
    assert len(found(client, "SELECT Id FROM Fin_Invoice__c")) == 1


def test_more_than_25_parts_are_refused(client: TestClient) -> None:
    parts = [part(f"p{number}", "GET", "limits") for number in range(26)]
    assert client.post(f"{ROOT}/composite", json={"compositeRequest": parts}).status_code == 400


def test_a_batch_runs_independent_requests(client: TestClient) -> None:
    parts = [{"method": "GET", "url": "v66.0/limits"}, {"method": "GET", "url": "v66.0/nothing"}]
    answer = client.post(f"{ROOT}/composite/batch", json={"batchRequests": parts}).json()
    assert answer["hasErrors"] is True
    assert [result["statusCode"] for result in answer["results"]] == [200, 404]


def test_a_collection_upsert_answers_200_with_mixed_outcomes_in_order(client: TestClient) -> None:
    url = f"{ROOT}/composite/sobjects/Fin_Invoice__c/Ext_Id__c"
    client.patch(url, json={"records": [INVOICE | {"Ext_Id__c": "in_1", "Total__c": 5}]})
    rows = [
        INVOICE | {"Ext_Id__c": "in_1", "Total__c": 6},
        INVOICE | {"Ext_Id__c": "in_2", "Total__c": "much"},
        INVOICE | {"Ext_Id__c": "in_3"},
        INVOICE | {"Ext_Id__c": "in_3"},
        INVOICE | {"Total__c": 1},
    ]
    answer = client.patch(url, json={"allOrNone": False, "records": rows})
    assert answer.status_code == 200
    outcomes = answer.json()
    assert [(o["success"], o.get("created")) for o in outcomes] == [
        (True, False),
        (False, None),
        (True, True),
        (False, None),
        (False, None),
    ]
    assert set(outcomes[1]["errors"][0]) == {"statusCode", "message", "fields"}
    assert [o["errors"][0]["statusCode"] for o in outcomes if not o["success"]] == [
        "JSON_PARSER_ERROR",
        "DUPLICATE_VALUE",
        "MISSING_ARGUMENT",
    ]
    assert found(client, "SELECT Total__c FROM Fin_Invoice__c ORDER BY Ext_Id__c") == [
        {"Total__c": 6},
        {"Total__c": None},
    ]


def test_a_collection_with_all_or_none_is_rolled_back(client: TestClient) -> None:
    url = f"{ROOT}/composite/sobjects/Fin_Invoice__c/Ext_Id__c"
    rows = [INVOICE | {"Ext_Id__c": "in_1"}, INVOICE | {"Ext_Id__c": "in_2", "Foo": 1}]
    outcomes = client.patch(url, json={"allOrNone": True, "records": rows}).json()
    assert [o["errors"][0]["statusCode"] for o in outcomes] == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_FIELD"]
    assert found(client, "SELECT Id FROM Fin_Invoice__c") == []


def test_a_collection_inside_a_composite_is_rolled_back_alone(client: TestClient) -> None:
    rows = {"allOrNone": True, "records": [INVOICE | {"Ext_Id__c": "in_1"}, INVOICE | {"Ext_Id__c": "in_2", "Foo": 1}]}
    parts = [
        part("many", "PATCH", "composite/sobjects/Fin_Invoice__c/Ext_Id__c", rows),
        part("one", "POST", "sobjects/Fin_Invoice__c", {"Ext_Id__c": "in_3"}),
    ]
    assert [reply["httpStatusCode"] for reply in composite(client, parts)] == [200, 201]
    assert found(client, "SELECT Ext_Id__c FROM Fin_Invoice__c") == [{"Ext_Id__c": "in_3"}]


def test_more_than_200_rows_are_refused(client: TestClient) -> None:
    rows = [INVOICE | {"Ext_Id__c": str(number)} for number in range(201)]
    answer = client.patch(f"{ROOT}/composite/sobjects/Fin_Invoice__c/Ext_Id__c", json={"records": rows})
    assert answer.status_code == 400


def test_collections_create_change_read_and_delete(client: TestClient, emulator: Emulator) -> None:
    emulator.load("Account", [account(1)])
    url, type = f"{ROOT}/composite/sobjects", {"attributes": {"type": "Account"}}
    made = client.post(url, json={"records": [type | {"Name": "a"}, type]}).json()
    assert [o["success"] for o in made] == [True, False]
    changed = client.patch(url, json={"records": [type | {"id": made[0]["id"], "Name": "b"}]}).json()
    assert changed == [{"id": made[0]["id"], "success": True, "errors": []}]
    ids = f"{made[0]['id']},{row_id('001', 9)}"
    read = client.get(f"{url}/Account", params={"ids": ids, "fields": "Name"}).json()
    assert [row and row["Name"] for row in read] == ["b", None]
    gone = client.delete(url, params={"ids": ids}).json()
    assert [o["success"] for o in gone] == [True, False]
