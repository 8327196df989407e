"""Explore › Contracts and the page of one contract, as people see them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from core.agreements import schedule
from core.canonical import SubscriptionItemRecord, SubscriptionRecord
from core.db.tables import LegalEntity, ScheduleItem
from core.kit.ids import id_from
from core.runtime import Runtime, share_runtime
from tests import builders as b
from tests.core.reporting import rows
from tests.pages.app import open_page, said, tick
from tests.stores import Furniture, people
from tests.work import all_rows, record

CONTRACT = id_from("contract", b.CRM, "800A")
# What a page 1,280 pixels wide leaves for a grid beside the menu, and what the grid's ticks take of it.
_PAGE_PX, _TICKS_PX = 908, 34
CARLA, DIETER = "chen@halden.example", "dieter@halden.example"


@pytest.fixture
def furniture() -> Furniture:
    return people


@pytest.fixture
def house(runtime: Runtime) -> Iterator[Runtime]:
    """One contract of the house with an amendment, one that Stripe bills, and one that cannot be billed."""
    with runtime.transaction() as session:
        session.add(LegalEntity(code="DE", name="Halden DE", country="DE", currency="EUR"))
    ours = b.contract(billed_by="house", discount_percent=Decimal(10))
    theirs = b.contract(source_ref="800B", number="CT-6001", starts_on=date(2026, 2, 1))
    stopped = b.contract(source_ref="800C", number="CT-7001", starts_on=date(2026, 3, 1), billed_by="house")
    lines = (
        b.order_line(description="Core seats"),
        b.order_line(source_ref="802B", root_ref="802A", quantity=Decimal(5), starts_on=date(2026, 11, 16)),
        b.order_line(source_ref="802C", contract_ref="800C", starts_on=date(2026, 1, 1)),
    )
    record(runtime, b.CRM, customers=(b.customer(),), contracts=(ours, theirs, stopped), order_lines=lines)
    share_runtime(runtime)
    yield runtime
    share_runtime(None)


def opened(script: str, who: str = CARLA, **params: str) -> Any:
    return open_page(f"explore/{script}.py", who, **params)


def column(at: Any, name: str) -> list[Any]:
    return next(list(frame.value[name]) for frame in at.dataframe if name in frame.value.columns)


def test_contracts_are_listed_newest_first_with_their_next_bill(house: Runtime) -> None:
    at = opened("contracts")
    assert column(at, "Contract") == ["CT-7001", "CT-6001", "CT-5001"]
    assert column(at, "State") == [["Cannot be billed"], ["Active"], ["Active"]]
    assert column(at, "Next bill") == [None, None, date(2026, 1, 1)]
    assert column(at, "Expected") == ["—", "—", "180.00"]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"by": "Quittance"}, ["CT-7001", "CT-5001"]),
        ({"stopped": "true"}, ["CT-7001"]),
        ({"q": "CT-6001"}, ["CT-6001"]),
        ({"q": "nordlicht", "sort": "Number"}, ["CT-5001", "CT-6001", "CT-7001"]),
        ({"show": "Expired"}, []),
    ],
)
def test_a_shared_link_narrows_and_sorts_in_the_store(house: Runtime, params: dict[str, str], found: list[str]) -> None:
    assert column(opened("contracts", **params), "Contract") == found


def test_a_contract_shows_its_schedule_beside_its_history(house: Runtime) -> None:
    at = opened("contract", id=str(CONTRACT), show="All")
    assert at.title[0].value == "Contract CT-5001"
    cells = column(at, "Core seats")
    assert cells[0] == ["180.00"]
    assert cells[10:] == [["225.00"], ["270.00"]]  # from the middle of November 15 seats
    told = [each.label for each in at.expander]
    assert any("5 more HC-CORE at 20." in each for each in told)
    assert any("Signed from 1 Jan 2026" in each for each in told)


def test_a_period_opens_with_its_arithmetic_and_a_correction_stands_beside_what_it_corrects(house: Runtime) -> None:
    items = {row.period_start: row for row in all_rows(house, ScheduleItem) if row.contract_id == CONTRACT}
    november = items[date(2026, 11, 1)]
    with house.transaction() as session:
        document = rows.document(session, number="DE-2026-000001", contract_number="CT-5001", currency="EUR")
        schedule.mark_billed(session, {november.id: document.id}, house.now())
    line = b.order_line(source_ref="802B", root_ref="802A", quantity=Decimal(9), starts_on=date(2026, 11, 16))
    record(house, b.CRM, order_lines=(line,))

    at = opened("contract", id=str(CONTRACT), show="All")
    shown = {tuple(cell) for cell in column(at, "Core seats")}
    assert ("225.00 billed",) in shown
    assert ("correction 36.00",) in shown
    assert column(at, "Number") == ["DE-2026-000001"]
    place = column(at, "Core seats").index(["225.00 billed"])
    tick(at, "contract_schedule", [place])
    assert "EUR 225.00" in said(at)
    assert "to be billed on 1 Nov 2026" in said(at)


def test_the_invoices_of_a_contract_show_what_is_open_in_their_currency_within_a_laptop_s_screen(
    house: Runtime,
) -> None:
    with house.transaction() as session:
        facts = {"contract_number": "CT-5001", "currency": "EUR", "total_minor": 18_000, "open_minor": 12_050}
        rows.document(session, number="DE-2026-000001", **facts)
    at = opened("contract", id=str(CONTRACT))
    assert column(at, "Total") == ["EUR 180.00"]
    assert column(at, "Open") == ["EUR 120.50"]
    grid = next(frame for frame in at.dataframe if "Open" in frame.value.columns)
    widths = {name: told["width"] for name, told in json.loads(grid.proto.columns).items() if "width" in told}
    assert set(grid.value.columns) <= widths.keys()
    assert _TICKS_PX + sum(widths.values()) <= _PAGE_PX
    beside = [frame for side in at.columns for frame in side.dataframe]
    assert beside and grid.proto.id not in {frame.proto.id for frame in beside}


def test_a_contract_that_cannot_be_billed_says_why_and_leads_to_its_exception(house: Runtime) -> None:
    at = opened("contract", id=str(id_from("contract", b.CRM, "800C")))
    assert "before the contract starts on 1 Mar 2026" in at.error[0].value


def test_a_contract_that_stripe_bills_shows_its_subscription(house: Runtime) -> None:
    item = SubscriptionItemRecord(
        product_code="HC-CORE", quantity=Decimal(10), unit_price=Decimal("20"), interval_months=1
    )
    subscription = SubscriptionRecord(
        source=b.PAYMENTS,
        source_ref="sub_1",
        contract_number="CT-6001",
        customer_ref="cus_1",
        status="active",
        currency="EUR",
        items=(item,),
    )
    record(house, b.PAYMENTS, subscriptions=(subscription,))
    at = opened("contract", id=str(id_from("contract", b.CRM, "800B")))
    assert "Stripe bills this contract." in said(at)
    assert column(at, "Unit price") == ["20.00"]


def test_a_reader_of_other_entities_sees_no_contract(house: Runtime) -> None:
    record(house, b.CRM, customers=(b.customer(entity="US"),))
    at = opened("contract", DIETER, id=str(CONTRACT))
    assert at.warning[0].value == "This contract does not exist or is not yours to see."
    assert [each.value for each in at.subheader] == [], "nothing of a contract stands above it"
    assert not at.get("segmented_control")
    assert column(opened("contracts", DIETER), "Contract") == []


def test_a_link_that_names_no_contract_says_so(house: Runtime) -> None:
    assert "does not exist" in opened("contract", id="nonsense").warning[0].value
    assert "does not exist" in opened("contract", id=str(UUID(int=1))).warning[0].value
