"""How Stripe is read: lists once, then events from old to new; and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

import httpx
import pytest

from connectors import Connector
from connectors.stripe.source import OVERLAP_SECONDS
from core.canonical import DatedRecord, DisputeRecord, InvoiceRecord
from core.kit.clock import from_unix
from core.ports import ConnectorFailure, Misconfigured, Page, Rejected, Source, Transient
from tests.connectors.payloads import (
    NOV_1,
    STRIPE_CREDIT_NOTE,
    STRIPE_CUSTOMER,
    STRIPE_DISPUTE,
    STRIPE_INVOICE,
    STRIPE_LINE,
    changed,
)
from tests.connectors.vendors import STRIPE_KEY, form, stripe_at

HOUR = 3600


class EventLog:
    """/v1/events with Stripe's rules: newest first, `ending_before` gives what is next newer."""

    def __init__(self, times: list[int]) -> None:
        self.events = [self.make(number, at) for number, at in enumerate(times)]
        self.asked = 0

    def make(self, number: int, at: int) -> dict[str, Any]:
        data = {"object": changed(STRIPE_INVOICE, id=f"in_{number}")}
        return {"id": f"evt_{number:03d}", "object": "event", "type": "invoice.updated", "created": at, "data": data}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        asked = form(request)
        limit, newest_first = int(asked.get("limit", 10)), self.events[::-1]
        places = {event["id"]: place for place, event in enumerate(newest_first)}
        if "created[lt]" in asked:
            newest_first = [event for event in newest_first if event["created"] < int(asked["created[lt]"])]
        if "ending_before" in asked:
            newer = newest_first[: places[asked["ending_before"]]]
            return page(newer[-limit:], len(newer) > limit)
        if "starting_after" in asked:
            newest_first = newest_first[places[asked["starting_after"]] + 1 :]
        return page(newest_first[:limit], len(newest_first) > limit)


def page(data: list[Any], has_more: bool) -> httpx.Response:
    return httpx.Response(200, json={"object": "list", "data": data, "has_more": has_more, "url": "/v1/x"})


def source_of(connector: Connector) -> Source:
    assert connector.source is not None
    return connector.source


def ids(pages: Iterator[Page]) -> list[str]:
    return [record.external_id for one in pages for record in one.records]


def test_events_come_from_the_oldest_to_the_newest() -> None:
    log = EventLog([NOV_1 + minute * 60 for minute in range(7)])
    pages = list(source_of(stripe_at(log, page_size=3)).pull("events", {}))
    assert ids(iter(pages)) == [f"evt_{number:03d}" for number in range(7)]
    assert pages[-1].cursor == {"id": "evt_006", "created": NOV_1 + 360, "done": True}
    assert [one.is_last for one in pages] == [False] * (len(pages) - 1) + [True]


def test_the_first_pull_reads_the_events_of_one_day() -> None:
    log = EventLog([NOV_1 + hour * HOUR for hour in range(48)])
    assert ids(source_of(stripe_at(log)).pull("events", {}))[0] == "evt_023"


def test_the_next_pull_overlaps_by_ten_minutes() -> None:
    log = EventLog([NOV_1 + minute * 60 for minute in range(60)])
    source = source_of(stripe_at(log))
    at_rest = {"id": "evt_040", "created": NOV_1 + 40 * 60, "done": True}
    assert ids(source.pull("events", at_rest))[0] == "evt_030"


def test_a_pull_that_was_broken_off_goes_on_exactly_where_it_stood() -> None:
    log = EventLog([NOV_1 + minute * 60 for minute in range(60)])
    source = source_of(stripe_at(log, page_size=10))
    broken_off = next(iter(source.pull("events", {"id": "evt_020", "created": NOV_1 + 20 * 60}))).cursor
    assert broken_off == {"id": "evt_030", "created": NOV_1 + 30 * 60}
    assert ids(source.pull("events", broken_off))[0] == "evt_031"


def test_an_event_that_shows_late_is_still_read() -> None:
    log = EventLog([NOV_1, NOV_1 + 3000, NOV_1 + 3600])
    source = source_of(stripe_at(log))
    cursor = list(source.pull("events", {}))[-1].cursor
    log.events.insert(2, log.make(99, NOV_1 + 3500))
    assert "evt_099" in ids(source.pull("events", cursor))


def test_no_event_at_all_is_a_place_to_start_from() -> None:
    log = EventLog([])
    source = source_of(stripe_at(log))
    cursor = list(source.pull("events", {}))[-1].cursor
    log.events = [log.make(number, NOV_1 + number) for number in range(3)]
    assert ids(source.pull("events", cursor)) == ["evt_000", "evt_001", "evt_002"]


def test_a_cursor_older_than_the_events_kept_asks_for_a_new_start() -> None:
    log = EventLog([NOV_1 + 40 * 86_400])
    with pytest.raises(Misconfigured, match="read all lists afresh"):
        list(source_of(stripe_at(log)).pull("events", {"id": "evt_000", "created": NOV_1, "done": True}))


def test_a_list_that_was_read_to_its_end_is_not_asked_for_again() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise AssertionError("no request was expected")

    (only,) = source_of(stripe_at(handler)).pull("invoices", {"done": True})
    assert (only.records, only.is_last, only.cursor) == ((), True, {"done": True})


def test_lines_beyond_the_first_ten_are_fetched() -> None:
    lines = [changed(STRIPE_LINE, id=f"il_{number}") for number in range(15)]

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/lines"):
            after = form(request).get("starting_after")
            return page(lines[:8], True) if after is None else page(lines[8:], False)
        cut = {**STRIPE_INVOICE["lines"], "data": lines[:10], "has_more": True}
        return page([changed(STRIPE_INVOICE, lines=cut)], False)

    source = source_of(stripe_at(handler))
    (only,) = source.pull("invoices", {})
    (found,) = source.to_canonical(only.records[0])
    assert isinstance(found, InvoiceRecord)
    assert len(found.lines) == 15


class Lists:
    """Lists of one object each, beside an event log; knows what was asked for, in order."""

    _OBJECTS: ClassVar = {
        "/v1/invoices": STRIPE_INVOICE,
        "/v1/credit_notes": STRIPE_CREDIT_NOTE,
        "/v1/disputes": STRIPE_DISPUTE,
        "/v1/customers": STRIPE_CUSTOMER,
    }

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path == "/v1/events":
            return self.log(request)
        found = self._OBJECTS.get(request.url.path)
        return page([] if found is None else [changed(found)], False)

    def told_at(self, stream: str) -> list[datetime | None]:
        source = source_of(stripe_at(self))
        records = [record for one in source.pull(stream, {}) for record in one.records]
        facts = [fact for record in records for fact in source.to_canonical(record)]
        return [fact.told_at if isinstance(fact, DatedRecord) else None for fact in facts]


@pytest.mark.parametrize("stream", ["invoices", "credit_notes", "disputes"])
def test_what_a_list_says_was_so_at_the_newest_event_before_it_less_the_time_by_which_events_show_late(
    stream: str,
) -> None:
    lists = Lists(EventLog([NOV_1, NOV_1 + 3000]))
    assert lists.told_at(stream) == [from_unix(NOV_1 + 3000 - OVERLAP_SECONDS)]
    assert lists.asked[:2] == ["/v1/events", f"/v1/{stream}"]


def test_without_any_event_a_list_does_not_say_when_it_was_so() -> None:
    assert Lists(EventLog([])).told_at("invoices") == [None]


def test_what_is_not_dated_is_listed_without_asking_for_an_event() -> None:
    lists = Lists(EventLog([NOV_1]))
    assert lists.told_at("customers") == [None]
    assert lists.asked == ["/v1/customers"]


def test_when_a_list_was_read_makes_no_other_version_of_what_is_in_it() -> None:
    log = EventLog([NOV_1])
    source = source_of(stripe_at(Lists(log)))
    before = [record.version for one in source.pull("invoices", {}) for record in one.records]
    log.events.append(log.make(1, NOV_1 + 3000))
    assert [record.version for one in source.pull("invoices", {}) for record in one.records] == before


def disputing(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/v1/invoice_payments":
        assert form(request)["payment[payment_intent]"] == "pi_1"
        return page([{"id": "inpay_7", "invoice": "in_7"}], False)
    dispute = changed(STRIPE_DISPUTE, _invoice=...)
    if request.url.path == "/v1/events/evt_1":
        event = {"id": "evt_1", "type": "charge.dispute.created", "created": NOV_1, "data": {"object": dispute}}
        return httpx.Response(200, json=event)
    return page([dispute], False)


def test_a_dispute_is_led_back_to_its_invoice() -> None:
    source = source_of(stripe_at(disputing))
    (only,) = source.pull("disputes", {})
    (found,) = source.to_canonical(only.records[0])
    assert isinstance(found, DisputeRecord)
    assert (found.invoice_ref, found.payment_ref) == ("in_7", "pi_1")


def test_a_dispute_event_with_its_invoice_differs_from_the_webhooks_own() -> None:
    found = source_of(stripe_at(disputing)).fetch("event:charge.dispute.created", "evt_1")
    assert found is not None
    assert found.version == "evt_1+"


@pytest.mark.parametrize(
    ("status", "error", "family", "words"),
    [
        (401, {"type": "invalid_request_error", "message": "Invalid API Key provided"}, Misconfigured, "API key"),
        (403, {"type": "invalid_request_error", "message": "no rights"}, Misconfigured, "may not read"),
        (429, {"type": "invalid_request_error", "code": "rate_limit", "message": "slow"}, Transient, "slow down"),
        (409, {"type": "idempotency_error", "message": "in use"}, Transient, "not available"),
        (500, {"type": "api_error", "message": "oops"}, Transient, "not available"),
        (503, {"type": "api_error", "message": "away"}, Transient, "not available"),
        (400, {"type": "invalid_request_error", "code": "parameter_unknown", "message": "What?"}, Rejected, "What?"),
        (404, {"type": "invalid_request_error", "code": "resource_missing", "message": "gone"}, Rejected, "gone"),
    ],
)
def test_each_error_belongs_to_whoever_acts_next(
    status: int, error: dict[str, str], family: type[ConnectorFailure], words: str
) -> None:
    source = source_of(stripe_at(lambda request: httpx.Response(status, json={"error": error})))
    with pytest.raises(family, match=words) as raised:
        list(source.pull("invoices", {}))
    assert raised.value.exchange["response"]["status"] == status
    assert STRIPE_KEY not in repr(raised.value.exchange)


def test_the_wait_that_stripe_asks_for_is_passed_on() -> None:
    error = {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "slow"}}
    source = source_of(stripe_at(lambda request: httpx.Response(429, json=error, headers={"Retry-After": "7"})))
    with pytest.raises(Transient) as raised:
        list(source.pull("invoices", {}))
    assert (raised.value.retry_after_seconds, raised.value.code) == (7.0, "rate_limit")


@pytest.mark.parametrize("problem", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
def test_a_broken_connection_is_transient(problem: type[httpx.TransportError]) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise problem("broken", request=request)

    with pytest.raises(Transient):
        list(source_of(stripe_at(handler)).pull("invoices", {}))


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"object":"list"}', b'{"data":{},"has_more":false}'])
def test_an_answer_of_another_form_is_not_taken_for_an_empty_list(content: bytes) -> None:
    with pytest.raises(Transient, match="Stripe sent"):
        list(source_of(stripe_at(lambda request: httpx.Response(200, content=content))).pull("invoices", {}))


def test_every_request_pins_the_version() -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Stripe-Version"])
        return page([], False)

    list(source_of(stripe_at(handler)).pull("customers", {}))
    assert seen == ["2026-10-28.endive"]
