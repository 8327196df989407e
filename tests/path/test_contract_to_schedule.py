"""From a contract that somebody signs in Salesforce to what is to be billed, over the real connector."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from connectors import salesforce
from core.agreements import schedule
from core.agreements.model import ADJUSTMENT
from core.db.tables import Case, ContractLine, InboxItem, ScheduleItem
from core.kit.ids import new_id
from core.ports import Source
from core.runtime import Runtime
from jobs.pull import pull
from sandbox.emulators.salesforce import Emulator
from sandbox.faults import Control
from sandbox.server import open_emulators
from tests.conformance.systems import MovingClock
from tests.path.outside import served
from tests.sandbox.salesforce.builders import ROOT, signed_in
from tests.stores import Furniture, policies
from tests.work import all_rows

pytestmark = pytest.mark.slow
# Salesforce tells what is older than a minute, since rows that are being written might still come before it: people
# here write an hour ago, and never two things in one second of it that are pulled apart.
AGO = 3600.0
YEAR = 2027


@pytest.fixture
def furniture() -> Furniture:
    return policies


@dataclass
class Desk:
    """Somebody who sells: writes to Salesforce as its own screens do."""

    client: TestClient
    clock: MovingClock
    source: Source

    def create(self, kind: str, **fields: Any) -> str:
        answer = self.client.post(f"{ROOT}/sobjects/{kind}", json=fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def change(self, kind: str, id: str, **fields: Any) -> None:
        answer = self.client.patch(f"{ROOT}/sobjects/{kind}/{id}", json=fields)
        assert answer.status_code == 204, answer.text

    def sell(self, contract: str, order: str, **fields: Any) -> str:
        given = {
            "OrderId": order,
            "Product_Code__c": "HC-CORE",
            "Quantity": 10,
            "UnitPrice": 20,
            "ServiceDate": f"{YEAR}-01-01",
        }
        return self.create("OrderItem", **{**given, **fields})

    def pull(self, runtime: Runtime) -> int:
        self.clock.advance(seconds=2)
        return pull(runtime, self.source, ["salesforce"])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = MovingClock()
    clock.advance(seconds=-AGO)
    emulator = open_emulators(("salesforce",), tmp_path, clock, Control(), 7)["salesforce"]
    with served({"salesforce": emulator}, tmp_path) as lines:
        yield Desk(signed_in(cast(Emulator, emulator)), clock, _source(lines["salesforce"], clock))


def _source(line: dict[str, Any], clock: MovingClock, **changes: Any) -> Source:
    config = salesforce.Config.from_sandbox(line).model_copy(update=changes)
    found = salesforce.build(config, clock=clock).source
    assert found is not None
    return found


def signed(desk: Desk, **terms: Any) -> tuple[str, str]:
    """A contract of a year, billed by the house; answers it and its order."""
    account = desk.create("Account", Name="Amber Energy", CurrencyIsoCode="EUR", Legal_Entity__c="DE")
    given = {
        "AccountId": account,
        "Status": "Activated",
        "StartDate": f"{YEAR}-01-01",
        "EndDate": f"{YEAR}-12-31",
        "CurrencyIsoCode": "EUR",
        "Billing_Frequency__c": "Monthly",
        "Billing_System__c": "Quittance",
    }
    contract = desk.create("Contract", **{**given, **terms})
    order = desk.create(
        "Order", AccountId=account, ContractId=contract, EffectiveDate=f"{YEAR}-01-01", Status="Activated"
    )
    return contract, order


def planned(runtime: Runtime, state: str = "open") -> list[ScheduleItem]:
    with runtime.reading() as session:
        statement = select(ScheduleItem).where(ScheduleItem.state == state)
        return list(session.scalars(statement.order_by(ScheduleItem.period_start, ScheduleItem.kind)))


def test_a_contract_signed_in_salesforce_is_scheduled_and_follows_its_amendments(runtime: Runtime, desk: Desk) -> None:
    contract, order = signed(desk)
    first = desk.sell(contract, order)
    desk.pull(runtime)
    assert [(row.period_start.month, row.expected_minor) for row in planned(runtime)] == [
        (month, 20_000) for month in range(1, 13)
    ]

    with runtime.transaction() as session:
        january = planned(runtime)[0]
        schedule.mark_billed(session, {january.id: new_id()}, runtime.now())
    desk.sell(contract, order, Quantity=-4, ServiceDate=f"{YEAR}-01-01", Revised_Item__c=first)
    desk.pull(runtime)

    (credit,) = [row for row in planned(runtime) if row.kind == ADJUSTMENT]
    assert credit.expected_minor == -8_000
    assert {row.expected_minor for row in planned(runtime) if row.kind != ADJUSTMENT} == {12_000}
    assert [row.expected_minor for row in planned(runtime, "billed")] == [20_000]


def test_tiered_usage_with_a_minimum_is_scheduled_without_an_amount(runtime: Runtime, desk: Desk) -> None:
    contract, order = signed(desk)
    tiers = [{"up_to": "1000", "unit_price": "0.10", "flat_fee": "0"}, {"up_to": None, "unit_price": "0.05"}]
    desk.sell(
        contract,
        order,
        Quantity=0,
        UnitPrice=0,
        Charge_Type__c="Usage",
        Pricing_Model__c="Graduated",
        Meter__c="api_calls",
        Price_Tiers__c=json.dumps(tiers),
        Minimum_Amount__c=50,
    )
    desk.pull(runtime)
    found = planned(runtime)
    assert {(row.kind, row.expected_minor) for row in found} == {("usage", None)}
    assert found[0].bill_on == date(YEAR, 2, 1)
    (line,) = all_rows(runtime, ContractLine)
    assert line.charge["tiers"][1] == {"up_to": None, "unit_price": "0.05"}


@pytest.mark.parametrize(
    ("pricing", "words"),
    [
        ({"Pricing_Model__c": "Volume"}, "is priced by tiers but states none"),
        ({"Pricing_Model__c": "Bundled"}, "“Bundled” is not a pricing model that we know"),
        ({"Price_Tiers__c": "{one: two"}, "The price tiers are not readable as JSON"),
        ({"Charge_Type__c": "Usage"}, "is for usage but names no meter"),
    ],
    ids=["no tiers", "unknown model", "bad JSON", "no meter"],
)
def test_a_price_that_cannot_be_read_is_a_case_and_is_scheduled_when_it_is_put_right(
    runtime: Runtime, desk: Desk, pricing: dict[str, Any], words: str
) -> None:
    contract, order = signed(desk)
    item = desk.sell(contract, order, **pricing)
    desk.pull(runtime)
    (case,) = all_rows(runtime, Case)
    assert case.code == "record.unreadable"
    assert words in case.sentence
    assert planned(runtime) == []

    desk.change("OrderItem", item, **dict.fromkeys(pricing))
    desk.pull(runtime)
    assert len(planned(runtime)) == 12
    with runtime.reading() as session:
        kept = session.scalars(select(InboxItem.state).where(InboxItem.kind == "OrderItem")).all()
    assert sorted(kept) == ["failed", "handled"]


def test_an_amendment_before_the_contract_starts_stops_its_billing_with_a_case(runtime: Runtime, desk: Desk) -> None:
    contract, order = signed(desk)
    desk.sell(contract, order)
    early = desk.sell(contract, order, ServiceDate=f"{YEAR - 1}-11-01")
    desk.pull(runtime)
    (case,) = all_rows(runtime, Case)
    assert (case.code, case.state, case.queue) == ("amendment.before_start", "open", "Billing")
    assert planned(runtime) == []

    desk.change("OrderItem", early, ServiceDate=f"{YEAR}-11-01")
    desk.pull(runtime)
    assert all_rows(runtime, Case)[0].state == "resolved"
    assert len(planned(runtime)) == 14


def test_in_an_org_with_cpq_the_deltas_of_a_subscription_add_up(runtime: Runtime, desk: Desk) -> None:
    contract, _ = signed(desk)
    product = desk.create("Product2", Name="Core", ProductCode="HC-CORE")
    given = {
        "SBQQ__Contract__c": contract,
        "SBQQ__Product__c": product,
        "SBQQ__ProductName__c": "Core seats",
        "SBQQ__NetPrice__c": 20,
        "SBQQ__EndDate__c": f"{YEAR}-12-31",
    }
    first = desk.create("SBQQ__Subscription__c", **given, SBQQ__Quantity__c=10, SBQQ__StartDate__c=f"{YEAR}-01-01")
    revised = {**given, "SBQQ__RevisedSubscription__c": first, "SBQQ__StartDate__c": f"{YEAR}-07-01"}
    desk.create("SBQQ__Subscription__c", **revised, SBQQ__Quantity__c=5)
    desk.create("SBQQ__Subscription__c", **revised, SBQQ__Quantity__c=-3)
    ended = {"SBQQ__Quantity__c": 7, "SBQQ__TerminatedDate__c": f"{YEAR}-07-01"}
    desk.create("SBQQ__Subscription__c", **revised, **ended)
    config = desk.source._config.model_copy(update={"lines_from": "cpq"})  # type: ignore[attr-defined]
    desk.source = salesforce.build(config, clock=desk.clock).source  # type: ignore[assignment]

    desk.pull(runtime)

    assert [row.expected_minor for row in planned(runtime)] == [20_000] * 6 + [24_000] * 6
    assert {row.charge_key for row in planned(runtime)} == {first}
