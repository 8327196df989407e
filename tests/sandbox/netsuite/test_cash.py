from starlette.testclient import TestClient

from sandbox.emulators.netsuite import Emulator
from tests.sandbox.netsuite.company import RECORD, STRICT, error, id_of, invoice, read, rows


def sale(client: TestClient, external: str, amount: float = 100, customer: str = "4102") -> str:
    item = {"items": [{"item": {"id": "881"}, "amount": amount}]}
    body = invoice(entity={"id": customer}, item=item)
    return id_of(client.put(f"{RECORD}/invoice/eid:{external}", json=body, headers=STRICT))


def payment(invoice_id: str, amount: float, applied: float | None = None) -> dict[str, object]:
    line = {"doc": {"id": invoice_id}, "apply": True} | ({} if applied is None else {"amount": applied})
    body = {"customer": {"id": "4102"}, "tranDate": "2026-11-06", "payment": amount, "account": {"id": "217"}}
    return body | {"autoApply": False, "apply": {"items": [line]}}


def remaining(client: TestClient, id: str) -> tuple[float, str]:
    body = read(client, "invoice", id)
    return body["amountRemaining"], body["status"]["id"]


def test_a_payment_reduces_what_remains_and_closes_the_invoice(client: TestClient) -> None:
    id = sale(client, "a")
    first = client.put(f"{RECORD}/customerPayment/eid:p1", json=payment(id, 60, 60), headers=STRICT)
    assert remaining(client, id) == (40.0, "A")
    second = id_of(client.put(f"{RECORD}/customerPayment/eid:p2", json=payment(id, 50), headers=STRICT))
    assert remaining(client, id) == (0.0, "B")
    body = read(client, "customerPayment", second)
    assert (body["payment"], body["applied"], body["unapplied"]) == (50.0, 40.0, 10.0)
    assert body["apply"]["items"][0]["doc"]["id"] == id
    linked = rows(
        client, "SELECT previousdoc, foreignamount FROM previoustransactionlinelink WHERE nextdoc = ?", second
    )
    assert linked == [{"previousdoc": id, "foreignamount": "40"}]
    assert client.delete(f"{RECORD}/invoice/{id}").status_code == 400
    assert client.delete(f"{RECORD}/customerPayment/{id_of(first)}").status_code == 204
    assert remaining(client, id) == (60.0, "A")


def test_the_same_payment_twice_is_applied_once(client: TestClient) -> None:
    id = sale(client, "a")
    for _ in range(2):
        id_of(client.put(f"{RECORD}/customerPayment/eid:p1", json=payment(id, 60, 60)))
    assert remaining(client, id) == (40.0, "A")


def test_a_wrong_application_leaves_no_trace(client: TestClient) -> None:
    id, other = sale(client, "a"), sale(client, "b", customer="4103")
    answers = [
        client.put(f"{RECORD}/customerPayment/eid:p1", json=payment(id, 500, 101)),
        client.put(f"{RECORD}/customerPayment/eid:p1", json=payment(id, 50, 60)),
    ]
    assert [error(answer)[:2] for answer in answers] == [(400, "USER_ERROR")] * 2
    for wrong in (other, "99"):
        answer = client.put(f"{RECORD}/customerPayment/eid:p1", json=payment(wrong, 10, 10))
        assert error(answer) == (400, "INVALID_CONTENT", "apply.items[0].doc")
    assert client.get(f"{RECORD}/customerPayment/eid:p1").status_code == 404
    assert remaining(client, id) == (100.0, "A")


def test_auto_apply_takes_the_oldest_first(client: TestClient) -> None:
    ids = [sale(client, "a"), sale(client, "b")]
    body = {"customer": {"id": "4102"}, "payment": 130, "tranDate": "2026-11-06", "autoApply": True}
    id_of(client.post(f"{RECORD}/customerPayment", json=body, headers=STRICT))
    assert [remaining(client, id)[0] for id in ids] == [0.0, 70.0]


def test_a_credit_memo_applies(client: TestClient) -> None:
    id = sale(client, "a")
    apply = {"items": [{"doc": {"id": id}, "apply": True, "amount": 30}]}
    body = invoice(item={"items": [{"item": {"id": "881"}, "amount": 45}]}, apply=apply)
    memo = id_of(client.put(f"{RECORD}/creditMemo/eid:cn1", json=body, headers=STRICT))
    assert remaining(client, id) == (70.0, "A")
    shown = read(client, "creditMemo", memo)
    assert (shown["total"], shown["applied"], shown["unapplied"], shown["tranId"]) == (45.0, 30.0, 15.0, f"CM{memo}")


def test_an_invoice_is_transformed_to_a_payment_and_to_a_credit_memo(client: TestClient) -> None:
    first, second = sale(client, "a"), sale(client, "b", 80)
    paid = client.post(
        f"{RECORD}/invoice/{first}/!transform/customerPayment", json={"externalId": "p", "tranDate": "2026-11-06"}
    )
    assert read(client, "customerPayment", id_of(paid))["payment"] == 100.0
    assert remaining(client, first) == (0.0, "B")
    apply = {"items": [{"doc": {"id": second}, "line": 0, "apply": True, "amount": 20, "applyDate": "2026-11-06"}]}
    credit = {"externalId": "cm", "tranDate": "2026-11-06", "apply": apply}
    path = f"{RECORD}/invoice/eid:b/!transform/creditMemo"
    memo = id_of(client.post(path, json=credit, headers=STRICT))
    assert read(client, "creditMemo", memo)["total"] == 80.0
    assert remaining(client, second) == (60.0, "A")
    assert error(client.post(path, json=credit))[:2] == (400, "USER_ERROR")


def test_a_payment_of_loaded_history_keeps_what_was_paid_without_a_link(emulator: Emulator, client: TestClient) -> None:
    sums = {"currency": 1, "foreigntotal": "100.00", "foreignamountunpaid": "25.00", "status": "A", "entity": 4102}
    period = {"trandate": "2026-11-02", "postingperiod": 10, "subsidiary": 1}
    emulator.load("transaction", [{"id": 500, "type": "CustInvc", "tranid": "INV500", **sums, **period}])
    id_of(client.post(f"{RECORD}/customerPayment", json=payment("500", 25)))
    assert remaining(client, "500") == (0.0, "B")
