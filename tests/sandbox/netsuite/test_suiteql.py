import sqlite3

import pytest
from starlette.testclient import TestClient

from sandbox.emulators.netsuite import Emulator
from tests.sandbox.netsuite.company import SUITEQL, error, rows, select

PAGE = """
SELECT id, type, tranid, externalid, entity, TO_CHAR(trandate, 'YYYY-MM-DD') AS trandate, foreigntotal,
  foreignamountunpaid, status, TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS lastmodifieddate
FROM transaction
WHERE type = 'CustInvc' AND (lastmodifieddate > TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')
  OR (lastmodifieddate = TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS') AND id > ?))
ORDER BY lastmodifieddate, id
"""


def sale(number: int) -> dict[str, object]:
    """Seven sales share each second, so that a page may end between two of them."""
    second = number // 7
    stamp = f"2026-11-{1 + second // 86400:02d} {second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    names = {"tranid": f"INV{number}", "externalid": f"stripe_in_{number}", "status": "A", "type": "CustInvc"}
    sums = {"foreigntotal": f"{number}.10", "foreignamountunpaid": "0.00", "currency": 1, "entity": 4102}
    return {"id": number, "trandate": "2026-11-05", "createddate": stamp, "lastmodifieddate": stamp, **names, **sums}


def test_values_are_texts_nulls_are_left_out_and_keys_are_lower_case(emulator: Emulator, client: TestClient) -> None:
    emulator.load("transaction", [sale(12)])
    found = rows(client, "SELECT ID, Foreigntotal, memo, foreignamountunpaid AS Unpaid, 5 * 2 FROM transaction")
    assert found == [{"id": "12", "foreigntotal": "12.1", "unpaid": "0", "expr1": "10"}]


def test_an_answer_is_an_envelope_of_one_page(emulator: Emulator, client: TestClient) -> None:
    emulator.load("transaction", [sale(number) for number in range(1, 8)])
    page = select(client, "SELECT id FROM transaction ORDER BY id", limit=3, offset=3).json()
    assert [item["id"] for item in page["items"]] == ["4", "5", "6"]
    assert {name: page[name] for name in ("count", "offset", "hasMore", "totalResults")} == {
        "count": 3,
        "offset": 3,
        "hasMore": True,
        "totalResults": 7,
    }
    assert {link["rel"] for link in page["links"]} == {"self", "next", "last", "first", "previous"}


def test_keyset_paging_reads_every_row_once(emulator: Emulator, client: TestClient) -> None:
    emulator.load("transaction", [sale(number) for number in range(1, 2501)])
    stamp, last, seen = "1970-01-01 00:00:00", "0", []
    while page := rows(client, PAGE, stamp, stamp, last, limit=1000):
        seen += [int(row["id"]) for row in page]
        stamp, last = page[-1]["lastmodifieddate"], page[-1]["id"]
    assert seen == list(range(1, 2501))


def test_a_page_out_of_the_middle_of_thirty_thousand_invoices_is_whole(emulator: Emulator, client: TestClient) -> None:
    assert emulator.load("transaction", (sale(number) for number in range(1, 30_001))) == 30_000
    assert len(rows(client, PAGE, "2026-11-01 00:20:00", "2026-11-01 00:20:00", "8500", limit=1000)) == 1000


def test_the_prefer_header_is_needed(client: TestClient) -> None:
    answer = client.post(SUITEQL, json={"q": "SELECT id FROM customer"})
    assert answer.status_code == 400
    assert answer.json()["o:errorDetails"][0]["o:errorHeader"] == "Prefer"


@pytest.mark.parametrize("page", [{"limit": 10, "offset": 5}, {"limit": 1001}, {"limit": 1000, "offset": 100_000}])
def test_a_wrong_page_is_refused(client: TestClient, page: dict[str, int]) -> None:
    assert error(select(client, "SELECT id FROM customer", **page))[:2] == (400, "INVALID_PARAMETER")


@pytest.mark.parametrize(
    "query",
    [
        "SELEC id FROM customer",
        "SELECT nothing FROM customer",
        "SELECT id FROM nowhere",
        "SELECT name FROM sqlite_master",
        "SELECT value FROM setting",
        "SELECT token FROM token",
        "DELETE FROM customer",
        "WITH gone AS (SELECT 1) DELETE FROM customer",
        "SELECT id FROM customer LIMIT 5",
        "SELECT id FROM customer; SELECT id FROM customer",
        "SELECT id FROM transaction WHERE lastmodifieddate > '2026-11-01'",
        "SELECT id FROM transaction WHERE trandate > SYSDATE - 7",
        "SELECT id FROM customer WHERE id = ?",
    ],
)
def test_what_is_not_a_select_in_suiteql_is_a_bad_request(emulator: Emulator, client: TestClient, query: str) -> None:
    assert error(select(client, query))[:2] == (400, "INVALID_REQUEST")
    assert emulator.count("customer") == 2


def test_the_functions_of_oracle_work(emulator: Emulator, client: TestClient) -> None:
    emulator.load("transaction", [sale(12)])
    query = """
    SELECT BUILTIN.DF(t.currency) AS currency, BUILTIN.DF(t.status) AS status, NVL(t.memo, 'none') AS memo,
      DECODE(t.status, 'A', 'open', 'other') AS word, t.trandate AS bare, TO_CHAR(t.trandate, 'DD.MM.YYYY') AS german,
      TO_CHAR(TRUNC(t.trandate, 'MONTH'), 'YYYY-MM-DD') AS month, c.entityid, 'a transaction' AS text
    FROM transaction t JOIN customer c ON c.id = t.entity /* the customer */
    WHERE t.trandate >= TO_DATE('2026-11-01', 'YYYY-MM-DD') AND t.externalid = ? -- by key
    FETCH FIRST 5 ROWS ONLY
    """
    assert rows(client, query, "stripe_in_12") == [
        {
            "currency": "US Dollar",
            "status": "Open",
            "memo": "none",
            "word": "open",
            "bare": "11/5/2026",
            "german": "05.11.2026",
            "month": "2026-11-01",
            "entityid": "Acme",
            "text": "a transaction",
        }
    ]


def test_lines_join_and_flags_are_t_and_f(emulator: Emulator, client: TestClient) -> None:
    emulator.load("transaction", [sale(12)])
    line = {"transaction": 12, "item": 881, "quantity": 3, "rate": "4.50", "foreignamount": "13.50"}
    emulator.load("transactionline", [line | {"id": 0, "mainline": True}, line | {"id": 1, "mainline": False}])
    query = "SELECT tl.transaction, tl.id, tl.mainline, tl.rate FROM transactionline tl WHERE tl.mainline = 'F'"
    assert rows(client, query) == [{"transaction": "12", "id": "1", "mainline": "F", "rate": "4.5"}]


def test_records_saved_by_the_company_are_modified_now(emulator: Emulator, client: TestClient) -> None:
    emulator.save("transaction", sale(12) | {"foreignamountunpaid": "3.10"})
    row = emulator.get("transaction", "12")
    assert row is not None
    assert (row["lastmodifieddate"], row["foreignamountunpaid"]) == ("2026-11-10 12:00:00", "3.1")
    assert (row["trandate"], row["memo"]) == ("2026-11-05", None)


def test_the_company_cannot_overwrite_what_another_made(emulator: Emulator) -> None:
    emulator.save("transaction", sale(12))
    with pytest.raises(ValueError, match="leave the id out"):
        emulator.save("transaction", sale(12) | {"externalid": "other"})
    with pytest.raises(sqlite3.IntegrityError):
        emulator.save("transaction", sale(12) | {"id": 13})
    doc = sale(14) | {"id": None}
    emulator.save("transaction", doc)
    assert doc["id"] == "13"
