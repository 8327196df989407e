"""Explore › Usage and Govern › API keys as people see them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.canonical import MeterRecord, UsageRecord
from core.db.tables import ApiKey, UsageEvent
from core.kit.errors import Forbidden
from core.runtime import Runtime
from core.usage.store import save_meters
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.api_keys import UnknownKey, key_of_secret
from core.workflow.billing_commands import RecordUsage, SummariseUsage
from tests import builders as b
from tests.fakes import NOON
from tests.pages.app import said, tick
from tests.pages.conftest import OpenPage
from tests.work import all_rows, only, record

SCRIPT = "explore/usage.py"


@pytest.fixture
def used(house: Runtime) -> Runtime:
    """Two customers; one used 10 a day for 20 days and 100 on the last, the other 5 on one day."""
    record(
        house,
        b.CRM,
        customers=(b.customer(), b.customer(source_ref="001U", number="C-2002", name="Alto Inc", entity="US")),
    )
    with house.transaction() as session:
        meter = MeterRecord(
            source="house", source_ref="m", code="calls", name="API calls", unit="call", aggregation="sum"
        )
        save_meters(session, [meter], NOON)
    days = [NOON.date() - timedelta(days=n) for n in range(20, 0, -1)]
    send(house, [usage(f"d{n}", day, 10) for n, day in enumerate(days)])
    send(house, [usage("top", NOON.date(), 100), usage("alto", days[3], 5, subject="C-2002")])
    send(house, [usage("top", NOON.date(), 100), usage("who", days[3], 7, subject="C-9")])
    execute(house, SummariseUsage(since=None), job("test"))
    return house


def usage(id: str, day: date, value: int, **facts: Any) -> UsageRecord:
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    stated: dict[str, Any] = {"source": "app", "source_ref": id, "meter": "calls", "subject": "C-1001"}
    return UsageRecord(**stated | {"value": Decimal(value), "at": at} | facts)


def send(house: Runtime, events: Iterable[UsageRecord]) -> None:
    execute(house, RecordUsage(key_id=None, events=tuple(events)), job("test"))


def column(page: Any, name: str) -> list[object]:
    return next(list(frame.value[name]) for frame in page.dataframe if name in frame.value.columns)


def test_usage_is_shown_with_customers_late_and_repeated_events(open_page: OpenPage, used: Runtime) -> None:
    page = open_page("chen", SCRIPT)
    assert not page.exception
    shown = {metric.label: metric.value for metric in page.metric}
    assert (shown["Used, call"], shown["Events"], shown["Sent twice"]) == ("305", "22", "1")
    assert shown["Late"] == "19 (86.4%)"
    assert column(page, "Number") == ["C-1001", "C-2002"]
    assert column(page, "Used") == ["300", "5"]


def test_days_without_usage_are_told_in_a_sentence_and_not_as_empty_axes(open_page: OpenPage, used: Runtime) -> None:
    page = open_page("chen", SCRIPT, since="2026-01-01", until="2026-01-31")
    assert not page.exception
    assert page.info[0].value == "No usage of API calls in these days."
    assert page.get("plotly_chart") == []
    (chart,) = open_page("chen", SCRIPT).get("plotly_chart")
    assert json.loads(chart.proto.spec)["layout"]["yaxis"]["title"]["text"] == "call"


def test_a_meter_whose_source_states_no_unit_is_measured_by_its_name(open_page: OpenPage, used: Runtime) -> None:
    record = MeterRecord(source="stripe", source_ref="m", code="calls", name="API calls (thousands)", aggregation="sum")
    with used.transaction() as session:
        save_meters(session, [record], NOON)
    page = open_page("chen", SCRIPT)
    assert page.metric[0].label == "Used, API calls (thousands)"
    (chart,) = page.get("plotly_chart")
    assert json.loads(chart.proto.spec)["layout"]["yaxis"]["title"]["text"] == "API calls (thousands)"


def test_a_day_that_stands_out_is_named_with_what_is_usual(open_page: OpenPage, used: Runtime) -> None:
    page = open_page("chen", SCRIPT)
    assert "Spike on 2 Nov 2026: 100, where up to 13 is usual" in said(page)
    assert "median" in said(page)


def test_names_without_customer_are_shown_to_those_who_see_everything(open_page: OpenPage, used: Runtime) -> None:
    assert column(open_page("chen", SCRIPT), "Name sent") == ["C-9"]
    assert [frame for frame in open_page("dieter", SCRIPT).dataframe if "Name sent" in frame.value.columns] == []


def test_a_reader_of_some_entities_sees_their_customers_only(open_page: OpenPage, used: Runtime) -> None:
    page = open_page("dieter", SCRIPT)
    assert column(page, "Number") == ["C-1001"]
    assert {metric.label: metric.value for metric in page.metric}["Used, call"] == "300"


def test_a_customer_can_be_corrected_where_its_usage_is_seen(open_page: OpenPage, used: Runtime) -> None:
    page = open_page("ana", SCRIPT, who="C-1001")
    page.text_input(key="uc_quantity").set_value("12.5").run()
    page.text_input(key="uc_reason").set_value("The counter ran twice").run()
    page.button(key="uc_send").click().run()
    assert not page.exception
    assert page.toast[0].value == "The usage of Nordlicht Logistik GmbH was corrected"
    assert {metric.label: metric.value for metric in page.metric}["Used, call"] == "212.5"
    assert column(page, "Reason") == ["The counter ran twice"]
    assert [row.state for row in all_rows(used, UsageEvent) if row.event_id == "top"] == ["archived"]


def test_a_correction_without_reason_is_refused_in_words(open_page: OpenPage, used: Runtime) -> None:
    page = open_page("ana", SCRIPT, who="C-1001")
    page.text_input(key="uc_quantity").set_value("1").run()
    page.button(key="uc_send").click().run()
    assert page.error[0].value == "Say why the usage is corrected."


def test_a_viewer_is_offered_no_correction(open_page: OpenPage, used: Runtime) -> None:
    page = open_page("vera", SCRIPT, who="C-1001")
    assert [button for button in page.button if button.key == "uc_send"] == []


def test_a_house_without_meters_says_where_they_come_from(open_page: OpenPage) -> None:
    assert "No meters are set up yet" in said(open_page("chen", SCRIPT))


def test_a_key_is_shown_once_works_and_can_be_revoked(open_page: OpenPage, house: Runtime) -> None:
    page = open_page("ada", "govern/api_keys.py")
    page.text_input(key="api_key_name").set_value("Telemetry")
    page.button(key="api_key_make").click().run()
    assert not page.exception
    secret = page.code[0].value
    assert key_of_secret(house, secret).name == "Telemetry"
    assert column(page, "Begins with") == [f"{only(house, ApiKey).prefix}…"]
    page.run()
    assert list(page.code) == []
    tick(page, "api_keys", [0]).button(key="api_key_revoke").click().run()
    assert page.toast[0].value == "The key of Telemetry was revoked"
    with pytest.raises(Forbidden):
        key_of_secret(house, secret)


def test_a_key_may_be_made_for_some_sources_and_customers_only(open_page: OpenPage, used: Runtime) -> None:
    page = open_page("ada", "govern/api_keys.py")
    page.text_input(key="api_key_name").set_value("Telemetry")
    page.text_input(key="api_key_sources").set_value("halden/eu, halden/uk,")
    page.text_input(key="api_key_customers").set_value("C-2002")
    page.button(key="api_key_make").click().run()
    assert not page.exception
    assert (column(page, "Sources"), column(page, "Customers")) == (["halden/eu, halden/uk"], ["Alto Inc"])
    page.text_input(key="api_key_name").set_value("All of it")
    page.button(key="api_key_make").click().run()
    assert set(zip(column(page, "Sender"), column(page, "Sources"), column(page, "Customers"), strict=True)) == {
        ("Telemetry", "halden/eu, halden/uk", "Alto Inc"),
        ("All of it", "Any", "Any"),
    }
    page.text_input(key="api_key_name").set_value("Nobody")
    page.text_input(key="api_key_customers").set_value("C-77")
    page.button(key="api_key_make").click().run()
    assert page.error[0].value == "No customer is called “C-77”."


def test_a_key_needs_a_name(open_page: OpenPage, house: Runtime) -> None:
    page = open_page("ada", "govern/api_keys.py")
    page.button(key="api_key_make").click().run()
    assert "who will send" in page.error[0].value
    assert all_rows(house, ApiKey) == []
    with pytest.raises(UnknownKey):
        key_of_secret(house, "qk_guess")
