"""The door for usage: what is kept, what is said about it, and what is turned away without losing the rest."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from starlette.testclient import TestClient

from core.canonical import MeterRecord
from core.db.tables import ApiKey, Case, Customer, ExecutedCommand, UsageEvent, UsageReceipt
from core.kit.errors import Refused
from core.kit.ids import id_from
from core.runtime import Runtime
from core.usage.model import Wanted
from core.usage.store import measured, save_meters
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.api_keys import make_api_key
from core.workflow.billing_commands import RevokeApiKey
from tests import builders as b
from tests.fakes import NOON, FixedClock
from tests.work import all_rows, only, person, record
from web import cloud_events
from web.pace import Pace

DAY = timedelta(days=1)
ONE = id_from("customer", "salesforce", b.CRM_CUSTOMER)


@pytest.fixture
def metered(web: TestClient, house: Runtime) -> Runtime:
    """A customer, known under three names, and meters that sum and count."""
    record(house, b.CRM, customers=(b.customer(),))
    record(house, b.PAYMENTS, customers=(b.payer(),))
    meters = [
        MeterRecord(source="house", source_ref=code, code=code, name=code, aggregation=how)
        for code, how in (("api_calls", "sum"), ("logins", "count"))
    ]
    with house.transaction() as session:
        save_meters(session, meters, NOON)
    return house


@pytest.fixture
def secret(metered: Runtime) -> str:
    return make_api_key(metered, "Telemetry", job("test"))


def event(id: str = "e1", value: object = 5, at: datetime = NOON - timedelta(hours=1), **facts: Any) -> dict[str, Any]:
    stated = {"specversion": "1.0", "id": id, "source": "app", "type": "api_calls", "subject": "C-1001"}
    stated |= {"time": at.isoformat(), "data": {"value": value}}
    return {name: fact for name, fact in (stated | facts).items() if fact is not None}


def send(web: TestClient, secret: str, content: object, kind: str = cloud_events.BATCH) -> Response:
    body = content if isinstance(content, (str, bytes)) else json.dumps(content)
    return web.post("/v1/events", content=body, headers={"Authorization": f"Bearer {secret}", "Content-Type": kind})


def told(answer: Response, what: str = "warnings") -> list[tuple[str, str]]:
    assert answer.status_code == 202, answer.text
    return [(each["id"], each["code"]) for each in answer.json()[what]]


def kept(house: Runtime) -> list[str]:
    return sorted(row.event_id for row in all_rows(house, UsageEvent))


def test_a_batch_is_kept_and_answered_with_a_receipt(web: TestClient, metered: Runtime, secret: str) -> None:
    answer = send(web, secret, [event("a", 1.5), event("b", "2.25")])
    assert answer.json() == {"accepted": 2, "duplicates": 0, "refused": [], "warnings": []}
    rows = all_rows(metered, UsageEvent)
    assert {(row.event_id, str(row.value), row.customer_id, row.state) for row in rows} == {
        ("a", "1.500000", ONE, "counted"),
        ("b", "2.250000", ONE, "counted"),
    }
    receipt = only(metered, UsageReceipt)
    assert (receipt.accepted, receipt.duplicates, receipt.refused, receipt.source) == (2, 0, 0, "app")
    assert receipt.key_id == only(metered, ApiKey).id


@pytest.mark.parametrize("kind", [cloud_events.SINGLE, cloud_events.PLAIN, "application/json; charset=utf-8"])
def test_one_event_may_come_alone(web: TestClient, secret: str, kind: str) -> None:
    assert send(web, secret, event(), kind).json()["accepted"] == 1


def test_plain_json_may_be_a_batch_too(web: TestClient, secret: str) -> None:
    assert send(web, secret, [event("a"), event("b")], cloud_events.PLAIN).json()["accepted"] == 2


@pytest.mark.parametrize("subject", ["C-1001", b.CRM_CUSTOMER, b.PAYMENTS_CUSTOMER])
def test_a_customer_may_be_called_by_any_of_its_names(
    web: TestClient, metered: Runtime, secret: str, subject: str
) -> None:
    send(web, secret, [event(subject=subject)])
    assert only(metered, UsageEvent).customer_id == ONE


def test_an_event_sent_again_counts_once(web: TestClient, metered: Runtime, secret: str) -> None:
    send(web, secret, [event("a")])
    answer = send(web, secret, [event("a"), event("b"), event("b")])
    assert answer.json() == {"accepted": 1, "duplicates": 2, "refused": [], "warnings": []}
    assert kept(metered) == ["a", "b"]


def test_a_count_needs_no_value_and_weighs_one_whatever_is_sent(web: TestClient, metered: Runtime, secret: str) -> None:
    send(web, secret, [event("a", type="logins", data=None), event("b", 9, type="logins")])
    assert [row.value for row in all_rows(metered, UsageEvent)] == [1, 1]


def test_the_same_id_with_other_content_is_a_conflict_and_the_first_stays(
    web: TestClient, metered: Runtime, secret: str
) -> None:
    send(web, secret, [event("a", 5)])
    answer = send(web, secret, [event("a", 7), event("b", 1), event("b", 2)])
    assert told(answer) == [("a", "conflict"), ("b", "conflict")]
    assert sorted(row.value for row in all_rows(metered, UsageEvent)) == [1, 5]
    case = only(metered, Case)
    assert (case.code, case.is_blocking) == ("usage.conflict", False)
    assert [each["id"] for each in case.evidence["events"]] == ["a", "b"]


def test_a_key_of_some_sources_sends_nothing_else_and_each_refusal_is_told_and_counted(
    web: TestClient, metered: Runtime
) -> None:
    key = make_api_key(metered, "Europe", job("test"), sources=("halden/eu", "halden/uk"))
    batch = [event("a", source="halden/eu-1"), event("b", source="halden/us-1"), event("c", source="halden/uk")]
    answer = send(web, key, [*batch, event("d", source="app/halden/eu")])
    assert told(answer, "refused") == [("b", "source_not_allowed"), ("d", "source_not_allowed")]
    assert "“halden/eu” or “halden/uk”; “halden/us-1” does not" in answer.json()["refused"][0]["sentence"]
    assert answer.json()["accepted"] == 2 and kept(metered) == ["a", "c"]
    receipt = only(metered, UsageReceipt)
    assert (receipt.accepted, receipt.refused) == (2, 2)
    assert [(each["code"], each["count"]) for each in receipt.warnings] == [("source_not_allowed", 2)]


def test_a_key_of_one_customer_sends_for_no_other_and_for_nobody_unknown(web: TestClient, metered: Runtime) -> None:
    record(metered, b.CRM, customers=(b.customer(source_ref="001U", number="C-2002", name="Alto Inc"),))
    key = make_api_key(metered, "Alto's own meter", job("test"), customers=("C-2002",))
    batch = [event("own", subject="C-2002"), event("other", subject="C-1001"), event("none", subject="C-9")]
    answer = send(web, key, [*batch, event("id", subject="001U")])
    assert told(answer, "refused") == [("other", "customer_not_allowed"), ("none", "customer_not_allowed")]
    assert kept(metered) == ["id", "own"]
    assert only(metered, UsageReceipt).refused == 2


def test_what_a_key_may_not_send_is_refused_also_when_it_was_kept_before(
    web: TestClient, metered: Runtime, secret: str
) -> None:
    send(web, secret, [event("a")])
    key = make_api_key(metered, "Europe", job("test"), sources=("halden/",))
    answer = send(web, key, [event("a")]).json()
    assert (answer["duplicates"], [each["code"] for each in answer["refused"]]) == (0, ["source_not_allowed"])


def test_a_key_for_a_customer_that_is_not_here_is_not_made(metered: Runtime) -> None:
    with pytest.raises(Refused, match="No customer is called “C-9”"):
        make_api_key(metered, "Alto", job("test"), customers=("C-1001", "C-9"))
    assert all_rows(metered, ApiKey) == []


def test_malformed_events_are_named_one_by_one_and_the_good_ones_are_kept(
    web: TestClient, metered: Runtime, secret: str
) -> None:
    batch = [
        event("good"),
        event("bare", time="2026-11-02T10:00:00"),
        event("number", time=1_793_000_000),
        event("wordy", "many"),
        event("truth", True),
        event("nobody", subject=None),
        event("old", specversion="0.3"),
        event("nul", subject="C-1001\x00"),
        event("half", subject="\ud800"),
        "not an event",
        event("also good"),
    ]
    answer = send(web, secret, batch)
    assert answer.json()["accepted"] == 2
    assert kept(metered) == ["also good", "good"]
    refused = {each["index"]: each for each in answer.json()["refused"]}
    assert sorted(refused) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert refused[1]["sentence"] == "“time” has no time zone."
    assert refused[2]["sentence"] == "“time” must be text such as 2026-11-02T12:00:00Z."
    assert refused[3]["sentence"] == "“data.value” must be a number or a decimal in quotes."
    assert refused[5]["sentence"] == "“subject” is missing."
    assert refused[9]["id"] is None
    assert only(metered, UsageReceipt).refused == 9


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"value": -1}, "negative_quantity"),
        ({"value": "-0.01"}, "negative_quantity"),
        ({"at": NOON + timedelta(minutes=5, seconds=1)}, "clock_skew"),
        ({"data": None}, "value_missing"),
        ({"data": {}}, "value_missing"),
        ({"value": "1e15"}, "value_too_large"),
        ({"value": "99999999999999.9999999"}, "value_too_large"),
        ({"time": "1970-01-01T00:00:00Z"}, "too_old"),
        ({"source": "quittance"}, "source_reserved"),
    ],
)
def test_an_event_that_cannot_be_right_is_refused_with_its_reason(
    web: TestClient, metered: Runtime, secret: str, facts: dict[str, Any], code: str
) -> None:
    answer = send(web, secret, [event("bad", **facts), event("good")])
    assert told(answer, "refused") == [("bad", code)]
    assert answer.json()["refused"][0]["sentence"].endswith(".")
    assert kept(metered) == ["good"]


@pytest.mark.parametrize(
    ("facts", "id"),
    [
        ({"id": "a\x00b"}, "a\N{REPLACEMENT CHARACTER}b"),
        ({"id": "a", "time": "0001-01-01T00:00:00+14:00"}, "a"),
        ({"id": "a", "time": "9999-12-31T23:59:59-14:00"}, "a"),
    ],
)
def test_what_the_store_cannot_hold_costs_no_other_event(
    web: TestClient, metered: Runtime, secret: str, facts: dict[str, Any], id: str
) -> None:
    answer = send(web, secret, [event() | facts, event("good")])
    assert told(answer, "refused") == [(id, "malformed")]
    assert kept(metered) == ["good"]


def test_an_instant_counts_in_utc_whatever_offset_it_is_sent_with(
    web: TestClient, metered: Runtime, secret: str
) -> None:
    send(web, secret, [event(time="2026-11-01T10:00:00+23:59")])
    assert only(metered, UsageEvent).at == datetime(2026, 10, 31, 10, 1, tzinfo=UTC)


def test_a_clock_that_is_a_little_ahead_is_forgiven(web: TestClient, secret: str) -> None:
    assert send(web, secret, [event(at=NOON + timedelta(minutes=5))]).json()["accepted"] == 1


def test_usage_of_an_unknown_customer_waits_with_one_exception_and_counts_once_the_customer_is_here(
    web: TestClient, metered: Runtime, secret: str
) -> None:
    answer = send(web, secret, [event("a", subject="C-2002"), event("b", subject="C-2002")])
    assert told(answer) == [("a", "unknown_customer"), ("b", "unknown_customer")]
    send(web, secret, [event("c", subject="C-2002")])
    assert [row.state for row in all_rows(metered, UsageEvent)] == ["unplaced"] * 3
    assert only(metered, Case).code == "usage.unplaced"
    record(metered, b.CRM, customers=(b.customer(source_ref="001B", number="C-2002", name="Ostsee AG"),))
    newcomer = id_from("customer", "salesforce", "001B")
    assert {(row.state, row.customer_id) for row in all_rows(metered, UsageEvent)} == {("counted", newcomer)}
    assert only(metered, Case).state == "resolved"


def test_a_name_that_fits_two_customers_fits_none(web: TestClient, metered: Runtime, secret: str) -> None:
    record(metered, b.CRM, customers=(b.customer(source_ref="001B", number="C-1001"),))
    assert told(send(web, secret, [event("a")])) == [("a", "unknown_customer")]


def test_usage_without_meter_is_kept_and_told(web: TestClient, metered: Runtime, secret: str) -> None:
    assert told(send(web, secret, [event("a", type="gigabytes")])) == [("a", "no_meter")]
    assert kept(metered) == ["a"]
    assert only(metered, Case).code == "usage.no_meter"


def test_late_usage_is_kept_and_flagged(web: TestClient, metered: Runtime, secret: str) -> None:
    batch = [event("late", at=NOON - timedelta(hours=73)), event("just", at=NOON - timedelta(hours=71))]
    assert told(send(web, secret, batch)) == [("late", "late")]
    assert {row.event_id: row.is_late for row in all_rows(metered, UsageEvent)} == {"late": True, "just": False}
    assert only(metered, UsageReceipt).late == 1


@pytest.mark.parametrize("body", ["", "{", "[NaN]", "[" * 100_000, b"\xff\xfe\xfd", '"text"', "12"])
def test_a_body_that_cannot_be_read_is_answered_with_400(web: TestClient, secret: str, body: str | bytes) -> None:
    answer = send(web, secret, body, cloud_events.PLAIN)
    assert answer.status_code == 400
    assert answer.json()["problem"].endswith(".")


def test_a_batch_of_more_than_a_thousand_is_refused_as_a_whole(web: TestClient, metered: Runtime, secret: str) -> None:
    answer = send(web, secret, [event(str(n)) for n in range(1_001)])
    assert answer.status_code == 413
    assert "1,001" in answer.json()["problem"]
    assert kept(metered) == []


def test_a_body_of_more_than_two_megabytes_is_refused(web: TestClient, secret: str) -> None:
    assert send(web, secret, b" " * 2_000_001).status_code == 413


def test_another_content_type_is_refused(web: TestClient, secret: str) -> None:
    assert send(web, secret, [event()], "text/csv").status_code == 415


def test_a_list_is_no_single_event(web: TestClient, secret: str) -> None:
    assert send(web, secret, [event()], cloud_events.SINGLE).status_code == 400


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer qk_wrong", "Basic dXNlcjpwdw=="])
def test_without_a_valid_key_nothing_is_taken(web: TestClient, metered: Runtime, header: str | None) -> None:
    headers = {"Content-Type": cloud_events.BATCH} | ({"Authorization": header} if header else {})
    answer = web.post("/v1/events", content=json.dumps([event()]), headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert kept(metered) == []


def test_a_revoked_key_is_refused(web: TestClient, metered: Runtime, secret: str) -> None:
    key: UUID = only(metered, ApiKey).id
    execute(metered, RevokeApiKey(key_id=key), person(metered, "Ada"))
    assert send(web, secret, [event()]).status_code == 403
    assert kept(metered) == []


def test_the_store_keeps_only_the_hash_of_a_key_and_when_it_was_used(
    web: TestClient, metered: Runtime, secret: str, clock: FixedClock
) -> None:
    send(web, secret, [event()])
    row = only(metered, ApiKey)
    assert secret not in (row.key_hash, row.prefix)
    assert secret.startswith(row.prefix)
    assert row.last_used_at == clock()
    assert [command for command in all_rows(metered, ExecutedCommand) if secret in str(command.result)] == []


def test_an_empty_batch_is_no_mistake(web: TestClient, secret: str) -> None:
    assert send(web, secret, []).json() == {"accepted": 0, "duplicates": 0, "refused": [], "warnings": []}


def test_a_sender_that_knocks_too_often_is_told_when_to_come_back() -> None:
    at = [0.0]
    pace = Pace(10, 2, clock=lambda: at[0])
    assert [pace.wait_seconds("key") for _ in range(2)] == [0, 0]
    assert pace.wait_seconds("key") == pytest.approx(0.1)
    assert pace.wait_seconds("another key") == 0
    at[0] += 0.1
    assert pace.wait_seconds("key") == 0


def test_what_was_sent_is_what_billing_measures(web: TestClient, metered: Runtime, secret: str) -> None:
    """From the sender to the quantity of a charge: sums and counts, once each, whatever the name and the batch."""
    first, after = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    send(web, secret, [event("a", "1.25"), event("b", 2, subject=b.CRM_CUSTOMER), event("before", 99, first - DAY)])
    send(web, secret, [event("b", 2, subject=b.CRM_CUSTOMER), event("c", 4, subject=b.PAYMENTS_CUSTOMER)])
    send(web, secret, [event(f"l{n}", data=None, type="logins") for n in range(3)])
    with metered.reading() as session:
        wanted = [Wanted(meter, meter, ONE, first, after) for meter in ("api_calls", "logins")]
        assert measured(session, wanted) == {"api_calls": Decimal("7.25"), "logins": 3}


def test_what_is_wrong_with_one_event_costs_no_others(web: TestClient, metered: Runtime, secret: str) -> None:
    batch = [event("a"), event("b", subject="nobody"), event("c", -1), event("d", subject=b.PAYMENTS_CUSTOMER)]
    answer = send(web, secret, batch)
    assert (answer.json()["accepted"], told(answer, "refused")) == (3, [("c", "negative_quantity")])
    assert len(all_rows(metered, Customer)) == 1
