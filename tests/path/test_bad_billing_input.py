"""What comes in wrong on the way from usage and contracts to an invoice is answered clearly, and nothing is lost by it.

One test for each kind of bad input, each from the door to the invoice. All the ways in which a single event can be
wrong are tried in tests/web/test_usage_door.py, all that keeps a contract from being scheduled in
tests/core/agreements/test_schedule.py, and a price and an amendment that Salesforce states wrongly in
tests/path/test_contract_to_schedule.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from core.canonical import ChargeTerms, MeterRecord
from core.db.tables import Case, Document, DocumentLine, ScheduleItem, UsageReceipt
from core.runtime import Runtime, share_runtime
from core.usage.store import save_meters
from core.workflow.actors import job
from core.workflow.api_keys import make_api_key
from jobs.run_billing import bill_due, run_unfinished
from tests import builders as b
from tests.billing import HOUSE_METERED, house_contract, seats
from tests.fakes import NOON, FixedClock
from tests.stores import Furniture
from tests.work import all_rows, only, open_house, record
from web import cloud_events
from web.usage import PATH, receive

NOVEMBER = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture
def furniture() -> Furniture:
    return open_house


@pytest.fixture
def door(runtime: Runtime) -> Iterator[TestClient]:
    """The door for usage alone, with a key, in front of a house that bills 2.00 for each call of a meter."""
    meter = MeterRecord(source="house", source_ref="api_calls", code="api_calls", name="API calls", aggregation="sum")
    with runtime.transaction() as session:
        save_meters(session, [meter], NOON)
    house_contract(runtime, (metered(),))
    share_runtime(runtime)
    client = TestClient(Starlette(routes=[Route(PATH, receive, methods=["POST"])]))
    secret = make_api_key(runtime, "Telemetry", job("test"))
    client.headers.update({"Authorization": f"Bearer {secret}", "Content-Type": cloud_events.BATCH})
    yield client
    share_runtime(None)


def metered(**facts: Any) -> Any:
    return seats(quantity=Decimal(0), unit_price=Decimal("2.00"), charge=HOUSE_METERED, **facts)


def event(id: str, value: object = 5, **facts: Any) -> dict[str, Any]:
    stated = {"specversion": "1.0", "id": id, "source": "app", "type": "api_calls", "subject": "C-1001"}
    return stated | {"time": NOVEMBER.isoformat(), "data": {"value": value}} | facts


def send(door: TestClient, *events: object) -> dict[str, Any]:
    answer = door.post(PATH, json=list(events))
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    return told


def billed_calls(runtime: Runtime, clock: FixedClock) -> Decimal:
    """How many calls the invoice of November bills, once its grace is over."""
    clock.advance(days=30)
    assert bill_due(runtime) == 1
    run_unfinished(runtime)
    return sum((row.quantity for row in all_rows(runtime, DocumentLine)), Decimal(0))


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (event("bad", time="yesterday"), "malformed"),
        (event("bad", -7), "negative_quantity"),
        (event("bad", time=(NOON + timedelta(hours=2)).isoformat()), "clock_skew"),
    ],
    ids=["malformed event", "negative quantity", "clock skew"],
)
def test_an_event_that_cannot_be_right_is_named_and_the_invoice_bills_the_others(
    runtime: Runtime, clock: FixedClock, door: TestClient, bad: dict[str, Any], code: str
) -> None:
    told = send(door, event("first", 3), bad, event("last", 4))
    assert [(each["id"], each["code"]) for each in told["refused"]] == [("bad", code)]
    assert told["accepted"] == 2
    assert send(door, event("bad", 2))["accepted"] == 1, "once put right it may be sent again"
    assert billed_calls(runtime, clock) == 9


def test_a_key_of_one_sender_cannot_add_to_what_another_one_sends(
    runtime: Runtime, clock: FixedClock, door: TestClient
) -> None:
    send(door, event("ours", 3))
    key = make_api_key(runtime, "A partner", job("test"), sources=("partner/",), customers=("C-1001",))
    door.headers["Authorization"] = f"Bearer {key}"
    told = send(door, event("theirs", 4, source="partner/7"), event("forged", 100), event("x", subject="C-2002"))
    assert [(each["id"], each["code"]) for each in told["refused"]] == [
        ("forged", "source_not_allowed"),
        ("x", "source_not_allowed"),
    ]
    assert told["accepted"] == 1
    assert sum(row.refused for row in all_rows(runtime, UsageReceipt)) == 2
    assert billed_calls(runtime, clock) == 7


def test_usage_of_an_unknown_customer_waits_and_is_billed_once_the_customer_is_here(
    runtime: Runtime, clock: FixedClock, door: TestClient
) -> None:
    told = send(door, event("early", 6, subject="C-2002"))
    assert [each["code"] for each in told["warnings"]] == ["unknown_customer"]
    assert "C-2002" in only(runtime, Case).sentence
    record(runtime, b.CRM, customers=(b.customer(source_ref="001B", number="C-2002", name="Ostsee AG"),))
    assert only(runtime, Case).state == "resolved"
    lines = (metered(source_ref="802B", contract_ref="800B"),)
    house_contract(runtime, lines, source_ref="800B", number="CT-6001", customer_ref="001B")
    clock.advance(days=30)
    assert bill_due(runtime) == 2
    run_unfinished(runtime)
    (invoice,) = [row for row in all_rows(runtime, Document) if row.contract_number == "CT-6001"]
    (billed,) = [line for line in all_rows(runtime, DocumentLine) if line.document_id == invoice.id]
    assert billed.quantity == 6


@pytest.mark.parametrize(
    ("terms", "line", "code", "words"),
    [
        ({"currency": "XQQ"}, {}, "contract.unbillable", "“XQQ” is not a currency code"),
        ({}, {"charge": ChargeTerms(pricing="graduated")}, "contract.unbillable", "is graduated but has no tiers"),
        ({}, {"starts_on": date(2026, 10, 1)}, "amendment.before_start", "takes effect on 1 Oct 2026, before"),
        ({}, {"quantity": Decimal(-5)}, "contract.unbillable", "its lines add up to -5"),
    ],
    ids=["unknown currency", "price without tiers", "amendment before contract start", "negative quantity"],
)
def test_a_contract_that_cannot_be_right_is_one_exception_and_is_billed_once_it_is(
    runtime: Runtime, terms: dict[str, Any], line: dict[str, Any], code: str, words: str
) -> None:
    """Another contract that is right is billed meanwhile."""
    house_contract(runtime, (seats(**line),), **terms)
    house_contract(
        runtime, (seats(source_ref="802B", contract_ref="800B"),), source_ref="800B", number="CT-6001", po_number="PO-1"
    )
    case = only(runtime, Case)
    assert (case.code, case.state) == (code, "open")
    assert words in case.sentence
    bill_due(runtime)
    run_unfinished(runtime)
    assert [row.contract_number for row in all_rows(runtime, Document)] == ["CT-6001"]

    house_contract(runtime)
    assert only(runtime, Case).state == "resolved"
    bill_due(runtime)
    run_unfinished(runtime)
    assert sorted(row.contract_number for row in all_rows(runtime, Document)) == ["CT-5001", "CT-6001"]
    assert {row.total_minor for row in all_rows(runtime, Document)} == {238_000}
    due = [row for row in all_rows(runtime, ScheduleItem) if row.bill_on <= runtime.today()]
    assert {row.state for row in due if row.state != "dropped"} == {"billed"}
