"""Crediting, the boarding pass and the drift queue, as people see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from core.db.tables import Case, Document, ScheduleItem
from core.reporting.boarding_pass import boarding_pass
from core.reporting.drift import leakage
from core.runtime import Runtime, share_runtime
from jobs.watch_drift import watch_drift
from tests import builders as b
from tests.corrections import agreed, all_of, issue, only_of, posted_invoice
from tests.pages.app import open_page, said, shown
from tests.stores import Furniture
from tests.work import all_rows, open_house, record

ANA = "ana@halden.example"


@pytest.fixture
def furniture() -> Furniture:
    return open_house


@pytest.fixture
def house(runtime: Runtime) -> Iterator[Runtime]:
    share_runtime(runtime)
    yield runtime
    share_runtime(None)


def opened(row: Document) -> Any:
    return open_page("explore/invoice.py", ANA, id=str(row.id))


def short(runtime: Runtime) -> None:
    """The schedule bills 500.00 less in January than was agreed."""
    (id,) = [row.id for row in all_rows(runtime, ScheduleItem) if row.period_start == date(2027, 1, 1)]
    with runtime.transaction() as session:
        session.execute(update(ScheduleItem).where(ScheduleItem.id == id).values(expected_minor=150_000))


def test_an_invoice_is_credited_in_full_from_its_page(house: Runtime) -> None:
    at = opened(posted_invoice(house))
    at.selectbox(key="credit.why").select("wrong_price")
    shown(at)
    at.button(key="credit.issue").click()
    shown(at)
    memo = only_of(house, "credit_memo")
    assert (memo.total_minor, memo.state) == (-238_000, "awaiting_approval")
    assert "nothing" not in said(at)


def test_without_a_reason_the_page_says_why_not(house: Runtime) -> None:
    at = opened(posted_invoice(house))
    at.button(key="credit.issue").click()
    assert "Choose why" in said(shown(at))
    assert all_of(house, "credit_memo") == []


def test_an_invoice_is_billed_again_in_one_step_from_its_page(house: Runtime) -> None:
    at = opened(posted_invoice(house))
    at.selectbox(key="credit.why").select("wrong_details")
    at.checkbox(key="credit.rebill").check()
    shown(at)
    at.button(key="credit.issue").click()
    shown(at)
    assert [row.state for row in all_of(house, "invoice")] == ["posted", "draft"]
    agreed(house)
    old, new = all_of(house, "invoice")
    assert (old.open_minor, new.state) == (0, "released")


def test_every_station_of_a_sound_invoice_is_green_or_waits(house: Runtime) -> None:
    row = posted_invoice(house)
    (line,) = boarding_pass(house, None, row.id)
    lights = {station.name: station.light for station in line.stations}
    assert lights == {
        "Contract clause": "green",
        "Rate": "green",
        "Usage": "gray",
        "Line": "green",
        "Tax": "green",
        "Account": "green",
    }
    told = {station.name: station.says for station in line.stations}
    assert "100 units × EUR 20.00" in told["Rate"]
    assert "EUR 380.00 19 %" in told["Tax"]
    assert "Boarding pass" in said(opened(row))


def test_a_line_that_is_not_as_scheduled_is_red(house: Runtime) -> None:
    row = posted_invoice(house)
    with house.transaction() as session:
        session.execute(update(ScheduleItem).where(ScheduleItem.document_id == row.id).values(expected_minor=1))
    (line,) = boarding_pass(house, None, row.id)
    assert line.light == "red"
    assert any("the schedule says EUR 0.01" in station.says for station in line.stations)


def test_what_is_not_known_of_an_invoice_of_stripe_is_orange(house: Runtime) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    (line,) = boarding_pass(house, None, only_of(house, "invoice").id)
    lights = {station.name: station.light for station in line.stations}
    assert (lights["Contract clause"], lights["Rate"], lights["Account"]) == ("green", "orange", "orange")


def test_the_dearest_difference_opens_with_its_sides_and_is_fixed_by_a_command(house: Runtime) -> None:
    posted_invoice(house)
    short(house)
    watch_drift(house)
    at = open_page("work/drift.py", ANA)
    (frame,) = [each.value for each in at.dataframe if "Difference" in each.value.columns]
    assert list(frame["Effect"]) == ["500.00"]
    (case,) = [row for row in all_rows(house, Case) if row.type == "drift"]
    at = open_page("work/drift.py", ANA, id=str(case.id))
    assert "would bill EUR 500.00 too little" in said(at)
    at.checkbox(key=f"drift.sure.{case.id}").check()
    shown(at)
    at.button(key="drift.fix").click()
    shown(at)
    (case,) = [row for row in all_rows(house, Case) if row.type == "drift"]
    assert case.state == "resolved"


def test_leakage_is_the_sum_of_its_rows_open_or_put_right(house: Runtime) -> None:
    posted_invoice(house)
    assert leakage(house, None).value == 0
    short(house)
    watch_drift(house)
    before = leakage(house, None)
    assert [row[-1] for row in before.working.rows] == [before.value]
    assert before.value is not None and before.value > 0
    assert [row[2] for row in before.working.rows] == ["Open"]
    with house.transaction() as session:
        session.execute(
            update(ScheduleItem).where(ScheduleItem.expected_minor == 150_000).values(expected_minor=200_000)
        )
    watch_drift(house)
    after = leakage(house, None)
    assert (after.value, [row[2] for row in after.working.rows]) == (before.value, ["Put right"])


def test_a_replacement_that_wants_a_hand_is_released_from_its_page(house: Runtime) -> None:
    invoice = posted_invoice(house)
    record(house, b.CRM, customers=(b.customer(release_mode="manual"),))
    issue(house, invoice, rebill=True)
    assert "release.do" not in keys(opened(all_of(house, "invoice")[1]))
    agreed(house)
    at = opened(all_of(house, "invoice")[1])
    at.button(key="release.do").click()
    shown(at)
    assert all_of(house, "invoice")[1].state == "released"


def test_a_held_invoice_is_taken_back_from_its_page(house: Runtime) -> None:
    record(house, b.CRM, customers=(b.customer(is_on_hold=True),))
    row = posted_invoice(house)
    assert row.state == "on_hold"
    at = opened(row)
    at.text_input(key="back.why").input("Drafted for the wrong month")
    at.button(key="back.do").click()
    shown(at)
    assert only_of(house, "invoice").state == "void"
    assert not {"release.do", "back.do"} & keys(opened(row))


def keys(at: Any) -> set[str]:
    return {button.key for button in at.button}
