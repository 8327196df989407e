import pytest
from starlette.testclient import TestClient

from sandbox.emulators.netsuite import Emulator
from tests.sandbox.netsuite.company import RECORD, STRICT, Clock, error, id_of, invoice, read, rows


def put(client: TestClient, external: str, **changes: object) -> str:
    return id_of(client.put(f"{RECORD}/invoice/eid:{external}", json=invoice(**changes), headers=STRICT))


def test_an_invoice_is_made_by_external_id_and_priced_and_taxed(client: TestClient) -> None:
    id = put(client, "stripe_in_1", otherRefNum="PO-5510")
    body = read(client, "invoice", "eid:stripe_in_1")
    assert body["id"] == id
    assert (body["subtotal"], body["taxTotal"], body["total"], body["amountRemaining"]) == (594.0, 118.8, 712.8, 712.8)
    assert (body["tranId"], body["dueDate"], body["otherRefNum"]) == (f"INV{id}", "2026-12-05", "PO-5510")
    assert body["status"] == {"id": "A", "refName": "Open"}
    assert body["entity"]["refName"] == "Acme"
    assert body["postingPeriod"]["id"] == "10"
    assert body["lastModifiedDate"] == "2026-11-10T12:00:00Z"
    line = body["item"]["items"][0]
    assert (line["item"]["id"], line["quantity"], line["rate"], line["tax1Amt"]) == ("881", 12.0, 49.5, 118.8)


def test_a_stored_invoice_is_seen_in_suiteql(client: TestClient) -> None:
    id = put(client, "stripe_in_1")
    query = "SELECT id, type, foreigntotal, status, externalid, subsidiary FROM transaction WHERE externalid = ?"
    sums = {"foreigntotal": "712.8", "status": "A", "subsidiary": "1"}
    assert rows(client, query, "stripe_in_1") == [{"id": id, "type": "CustInvc", "externalid": "stripe_in_1", **sums}]
    lines = rows(client, "SELECT mainline, foreignamount FROM transactionline WHERE transaction = ? ORDER BY id", id)
    assert lines == [{"mainline": "T", "foreignamount": "712.8"}, {"mainline": "F", "foreignamount": "594"}]


def test_an_invoice_loaded_as_rows_is_read_over_rest(emulator: Emulator, client: TestClient) -> None:
    sums = {"currency": 1, "foreigntotal": "108.00", "foreignamountunpaid": "0.00", "status": "B", "entity": 4102}
    names = {"id": 500, "type": "CustInvc", "tranid": "INV500", "externalid": "stripe_in_500"}
    emulator.load("transaction", [{**names, **sums, "trandate": "2026-10-05"}])
    emulator.load(
        "transactionline", [{"transaction": 500, "id": 1, "mainline": "F", "item": 881, "foreignamount": "90"}]
    )
    body = read(client, "invoice", "eid:stripe_in_500")
    assert (body["total"], body["subtotal"], body["taxTotal"], body["amountPaid"]) == (108.0, 90.0, 18.0, 108.0)
    assert body["item"]["totalResults"] == 1


def test_sublists_are_links_unless_expanded(client: TestClient) -> None:
    id = put(client, "a")
    plain = client.get(f"{RECORD}/invoice/{id}").json()
    assert set(plain["item"]) == {"links"}
    assert client.get(f"{RECORD}/invoice/{id}/item").json()["totalResults"] == 1
    assert set(client.get(f"{RECORD}/invoice/{id}", params={"fields": "total"}).json()) == {"id", "links", "total"}


def test_the_same_upsert_twice_is_one_document_and_an_update(client: TestClient, clock: Clock) -> None:
    first = put(client, "stripe_in_1")
    clock.forward(minutes=1)
    assert put(client, "stripe_in_1", memo="again", item={"items": []}) == first
    ledger = client.get("/_sandbox/ledger").json()
    assert (ledger["invoices"], ledger["duplicates"]) == (1, [])
    assert (ledger["creates"], ledger["updates"]) == ({"stripe_in_1": 1}, {"stripe_in_1": 1})
    assert ledger["total_by_currency"] == {"USD": 71280}
    assert read(client, "invoice", first)["lastModifiedDate"] == "2026-11-10T12:01:00Z"


def test_a_repeated_upsert_appends_lines_unless_it_replaces_them(emulator: Emulator, client: TestClient) -> None:
    id = put(client, "a")
    put(client, "a")
    assert read(client, "invoice", id)["total"] == 2 * 712.8
    replaced = client.put(f"{RECORD}/invoice/eid:a", params={"replace": "item"}, json=invoice())
    assert id_of(replaced) == id
    assert read(client, "invoice", id)["total"] == 712.8
    emulator.switches.upsert_appends_lines = False
    put(client, "a")
    assert read(client, "invoice", id)["item"]["totalResults"] == 1


def test_a_document_deleted_and_made_again_counts_as_a_duplicate(client: TestClient) -> None:
    put(client, "a")
    assert client.delete(f"{RECORD}/invoice/eid:a").status_code == 204
    assert error(client.get(f"{RECORD}/invoice/eid:a")) == (404, "NONEXISTENT_ID", None)
    put(client, "a")
    assert client.get("/_sandbox/ledger").json()["duplicates"] == ["a"]


def test_post_with_a_known_external_id_is_refused(client: TestClient) -> None:
    id_of(client.post(f"{RECORD}/invoice", json=invoice(externalId="a")))
    answer = client.post(f"{RECORD}/invoice", json=invoice(externalId="a"))
    assert error(answer)[:2] == (400, "USER_ERROR")
    assert "already exists" in answer.json()["o:errorDetails"][0]["detail"]


def test_patch_leaves_clears_and_merges(client: TestClient) -> None:
    id = put(client, "a", memo="keep", otherRefNum="PO-1")
    change = {"otherRefNum": None, "item": {"items": [{"line": 1, "quantity": 10, "amount": 100}]}}
    id_of(client.patch(f"{RECORD}/invoice/{id}", json=change))
    body = read(client, "invoice", id)
    assert (body["memo"], body.get("otherRefNum"), body["total"]) == ("keep", None, 120.0)
    assert [line["quantity"] for line in body["item"]["items"]] == [10.0]


def test_an_unknown_field_is_dropped_with_a_warning_or_refused(client: TestClient) -> None:
    answer = client.post(f"{RECORD}/invoice", json=invoice(memmo="lost", custbody_contract="C-1"))
    assert "memmo" in answer.headers["warning"]
    assert read(client, "invoice", id_of(answer))["custbody_contract"] == "C-1"
    strict = client.post(f"{RECORD}/invoice", json=invoice(memmo="lost"), headers=STRICT)
    assert error(strict) == (400, "INVALID_CONTENT", "memmo")
    line = {"item": {"id": "881"}, "amount": 5, "quantty": 1}
    strict = client.post(f"{RECORD}/invoice", json=invoice(item={"items": [line]}), headers=STRICT)
    assert error(strict) == (400, "INVALID_CONTENT", "item.items[0].quantty")
    quiet = client.post(
        f"{RECORD}/invoice", json=invoice(memmo="x"), headers={"X-NetSuite-PropertyNameValidation": "ignore"}
    )
    assert "warning" not in quiet.headers


def test_names_are_read_without_regard_to_case(client: TestClient) -> None:
    body = {"companyname": "Gamma", "SUBSIDIARY": {"id": "1"}, "externalid": "001G", "email": "a@b.example"}
    id = id_of(client.post(f"{RECORD}/customer", json=body, headers=STRICT))
    shown = read(client, "customer", "eid:001G")
    assert (shown["id"], shown["companyName"], shown["currency"]["id"]) == (id, "Gamma", "1")
    assert rows(client, "SELECT entityid FROM customer WHERE externalid = '001G'") == [{"entityid": "Gamma"}]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"entity": {"id": "1"}}, "entity"),
        ({"entity": "4102"}, "entity"),
        ({"currency": {"id": "9"}}, "currency"),
        ({"currency": {"id": "2"}}, "currency"),
        ({"subsidiary": {"id": "77"}}, "subsidiary"),
        ({"subsidiary": {"id": "4"}}, "subsidiary"),
        ({"tranDate": "05/11/2026"}, "tranDate"),
        ({"item": {"items": [{"item": {"id": "1"}, "amount": 1}]}}, "item.items[0].item"),
        ({"item": {"items": [{"item": {"id": "881"}, "amount": 1, "taxCode": {"id": "1"}}]}}, "item.items[0].taxCode"),
        ({"item": {"items": [{"item": {"id": "881"}, "amount": "1"}]}}, "item.items[0].amount"),
    ],
)
def test_a_wrong_reference_or_value_names_its_place(client: TestClient, changes: dict[str, object], path: str) -> None:
    answer = client.put(f"{RECORD}/invoice/eid:a", json=invoice(**changes))
    assert error(answer) == (400, "INVALID_CONTENT", path)
    assert client.get(f"{RECORD}/invoice/eid:a").status_code == 404


def test_references_may_go_by_external_id(client: TestClient) -> None:
    for reference in ({"id": "eid:001Acme"}, {"externalId": "001Acme"}):
        id = id_of(client.post(f"{RECORD}/invoice", json=invoice(entity=reference)))
        assert read(client, "invoice", id)["entity"]["id"] == "4102"


@pytest.mark.parametrize("day", ["2026-10-15", "2026-12-01"])
def test_a_locked_or_missing_period_is_refused(client: TestClient, day: str) -> None:
    answer = client.put(f"{RECORD}/invoice/eid:a", json=invoice(tranDate=day))
    text = "The transaction date you specified is not within the date range of your accounting period."
    assert error(answer)[:2] == (400, "USER_ERROR")
    assert answer.json()["o:errorDetails"][0]["detail"] == text


@pytest.mark.parametrize("lock", ["closed", "arLocked", "allLocked"])
def test_a_period_locked_later_refuses_changes_until_it_is_opened(client: TestClient, lock: str) -> None:
    id = put(client, "a")
    period = f"{RECORD}/accountingPeriod/10"
    id_of(client.patch(period, json={lock: True}))
    assert error(client.patch(f"{RECORD}/invoice/{id}", json={"tranDate": "2026-11-06"}))[1] == "USER_ERROR"
    assert error(client.delete(f"{RECORD}/invoice/{id}"))[1] == "USER_ERROR"
    id_of(client.patch(f"{RECORD}/invoice/{id}", json={"memo": "no money moved"}))
    id_of(client.patch(period, json={lock: False}))
    id_of(client.patch(f"{RECORD}/invoice/{id}", json={"tranDate": "2026-11-06"}))


def test_a_list_has_ids_only_and_pages(client: TestClient) -> None:
    ids = [put(client, f"a{number}") for number in range(5)]
    page = client.get(f"{RECORD}/invoice", params={"limit": 2, "offset": 2}).json()
    assert [item["id"] for item in page["items"]] == ids[2:4]
    assert set(page["items"][0]) == {"id", "links"}
    assert (page["totalResults"], page["hasMore"], page["count"]) == (5, True, 2)
    assert error(client.get(f"{RECORD}/invoice", params={"limit": 2, "offset": 1}))[:2] == (400, "INVALID_PARAMETER")
    found = client.get(f"{RECORD}/invoice", params={"q": 'externalId IS "a3" OR tranDate BEFORE "1/1/2026"'}).json()
    assert [item["id"] for item in found["items"]] == [ids[3]]
    whole = client.get(f"{RECORD}/invoice", params={"ids": ",".join(ids[:2]), "expandRecords": "true"}).json()
    assert [item["externalId"] for item in whole["items"]] == ["a0", "a1"]


def test_unknown_records_and_bad_bodies_are_refused(client: TestClient) -> None:
    assert error(client.get(f"{RECORD}/invoice/99")) == (404, "NONEXISTENT_ID", None)
    assert client.get(f"{RECORD}/nothing/1").status_code == 404
    assert error(client.post(f"{RECORD}/invoice", content=b"{"))[:2] == (400, "INVALID_REQUEST")
    assert error(client.put(f"{RECORD}/invoice/eid:a|b", json=invoice()))[:2] == (400, "INVALID_REQUEST")
    assert error(client.put(f"{RECORD}/invoice/12", json=invoice()))[:2] == (400, "INVALID_REQUEST")
    assert error(client.post(f"{RECORD}/invoice", json=invoice(item={"items": []})))[1] == "USER_ERROR"


def test_a_journal_must_balance(client: TestClient) -> None:
    lines = [{"account": {"id": "217"}, "debit": 100.1}, {"account": {"id": "401"}, "credit": 100.1, "memo": "Revenue"}]
    body = {"subsidiary": {"id": "1"}, "tranDate": "2026-11-05", "line": {"items": lines}}
    id_of(client.put(f"{RECORD}/journalEntry/eid:je1", json=body, headers=STRICT))
    shown = read(client, "journalEntry", "eid:je1")["line"]["items"]
    assert [(line.get("debit"), line.get("credit")) for line in shown] == [(100.1, None), (None, 100.1)]
    lines[0]["debit"] = 99
    assert error(client.put(f"{RECORD}/journalEntry/eid:je2", json=body))[1] == "USER_ERROR"


def test_the_metadata_catalogue_lists_fields(client: TestClient) -> None:
    listed = client.get(f"{RECORD}/metadata-catalog", params={"select": "invoice,customer"}).json()
    assert {item["name"] for item in listed["items"]} == {"invoice", "customer"}
    schema = client.get(f"{RECORD}/metadata-catalog/invoice").json()
    assert schema["properties"]["tranDate"] == {"type": "string", "format": "date"}
