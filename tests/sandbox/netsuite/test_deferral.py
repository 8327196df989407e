"""Lines whose revenue is recognised over time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.sandbox.netsuite.company import RECORD, STRICT, invoice, read


def with_days(**days: Any) -> dict[str, Any]:
    body = invoice()
    body["item"]["items"][0] |= days
    return body


def test_the_days_are_kept_and_the_amount_is_spread_over_their_months(client: TestClient) -> None:
    body = with_days(revRecStartDate="2026-11-15", revRecEndDate="2027-02-14")
    assert client.put(f"{RECORD}/invoice/eid:house_1", json=body, headers=STRICT).status_code == 204
    (line,) = read(client, "invoice", "eid:house_1")["item"]["items"]
    assert (line["revRecStartDate"], line["revRecEndDate"]) == ("2026-11-15", "2027-02-14")
    ((told,),) = client.get("/_sandbox/deferrals").json().values()
    assert list(told["months"]) == ["2026-11", "2026-12", "2027-01", "2027-02"]
    assert sum(Decimal(part) for part in told["months"].values()) == Decimal(told["amount"]) == Decimal(594)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ({"revRecStartDate": "2026-11-15"}, "revRecEndDate"),
        ({"revRecEndDate": "2026-11-15"}, "revRecStartDate"),
        ({"revRecStartDate": "2026-11-15", "revRecEndDate": "2026-11-14"}, "revRecEndDate"),
    ],
)
def test_days_that_make_no_span_are_refused(client: TestClient, days: dict[str, str], words: str) -> None:
    answer = client.put(f"{RECORD}/invoice/eid:house_2", json=with_days(**days), headers=STRICT)
    assert answer.status_code == 400
    assert words in answer.text
    assert client.get("/_sandbox/deferrals").json() == {}
