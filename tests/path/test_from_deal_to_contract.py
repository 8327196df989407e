"""From a deal that is won in Salesforce to its contract, over the real connector: nobody forgets to bill it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from connectors import salesforce
from core.db.tables import Case, Opportunity, Quote
from core.ports import Source
from core.runtime import Runtime
from jobs.pull import pull
from jobs.watch_drift import watch_drift
from sandbox.emulators.salesforce import Emulator
from sandbox.faults import Control
from sandbox.server import open_emulators
from tests.conformance.systems import MovingClock
from tests.path.outside import served
from tests.sandbox.salesforce.builders import ROOT, signed_in
from tests.stores import Furniture, policies
from tests.work import all_rows

pytestmark = pytest.mark.slow
# People here write an hour ago: Salesforce tells only what is older than a minute.
AGO = 3600.0


@pytest.fixture
def furniture() -> Furniture:
    return policies


@dataclass
class Desk:
    """Somebody who sells, and the product that reads it."""

    client: TestClient
    emulator: Emulator
    clock: MovingClock
    connect: Callable[..., Source]

    def create(self, kind: str, **fields: Any) -> str:
        answer = self.client.post(f"{ROOT}/sobjects/{kind}", json=fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def change(self, kind: str, id: str, **fields: Any) -> None:
        answer = self.client.patch(f"{ROOT}/sobjects/{kind}/{id}", json=fields)
        assert answer.status_code == 204, answer.text

    def delete(self, kind: str, id: str) -> None:
        assert self.client.delete(f"{ROOT}/sobjects/{kind}/{id}").status_code == 204

    def told(self, runtime: Runtime, **config: Any) -> list[Case]:
        """What is open after the product has read and compared."""
        self.clock.advance(seconds=2)
        pull(runtime, self.connect(**config), ["salesforce"])
        self.clock.advance(seconds=2)
        watch_drift(runtime)
        return [row for row in all_rows(runtime, Case) if row.state == "open"]

    def win(self, **fields: Any) -> tuple[str, str]:
        """A deal of 2,400.00 that was won in October; answers the customer and the deal."""
        account = self.create("Account", Name="Amber Energy", CurrencyIsoCode="EUR", Legal_Entity__c="DE")
        deal = {
            "AccountId": account,
            "Name": "Amber: first year",
            "StageName": "Closed Won",
            "CloseDate": "2026-10-01",
            "Amount": 2400,
            "CurrencyIsoCode": "EUR",
        }
        return account, self.create("Opportunity", **{**deal, **fields})

    def sign(self, account: str, **fields: Any) -> str:
        term = {"StartDate": "2026-11-01", "EndDate": "2027-10-31", "Status": "Activated", "CurrencyIsoCode": "EUR"}
        return self.create("Contract", AccountId=account, **{**term, "Billing_Frequency__c": "Monthly", **fields})

    def order(self, account: str, contract: str, seats: int) -> str:
        day = "2026-11-01"
        order = self.create("Order", AccountId=account, ContractId=contract, EffectiveDate=day, Status="Activated")
        line = {"Product_Code__c": "HC-CORE", "Quantity": seats, "UnitPrice": 20, "ServiceDate": day}
        return self.create("OrderItem", OrderId=order, **line)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = MovingClock()
    clock.advance(seconds=-AGO)
    emulator = cast(Emulator, open_emulators(("salesforce",), tmp_path, clock, Control(), 7)["salesforce"])

    with served({"salesforce": emulator}, tmp_path) as lines:

        @cache  # a connector learns the org's time from its answers
        def connect(**config: Any) -> Source:
            found = salesforce.Config.from_sandbox(lines["salesforce"]).model_copy(update=config)
            source = salesforce.build(found, clock=clock).source
            assert source is not None
            return source

        found = Desk(signed_in(emulator), emulator, clock, connect)
        _earlier(found)
        yield found


def _earlier(desk: Desk) -> None:
    """Another sale, in which everything is right: a list that was empty is read on from today only."""
    account, deal = desk.win(Name="Beacon: first year")
    contract = desk.sign(account, SBQQ__Opportunity__c=deal)
    desk.order(account, contract, seats=10)
    desk.change("Opportunity", deal, ContractId=contract)
    desk.create("Quote", OpportunityId=deal, Name="Draft", Status="Draft", CurrencyIsoCode="EUR")
    desk.create("SBQQ__Quote__c", SBQQ__Opportunity2__c=deal, SBQQ__Status__c="Draft", CurrencyIsoCode="EUR")
    desk.clock.advance(seconds=2)


def test_a_deal_waits_for_its_contract_and_the_contract_is_held_against_the_deal(runtime: Runtime, desk: Desk) -> None:
    account, deal = desk.win()
    (case,) = desk.told(runtime)
    assert (case.code, case.amount_minor, case.currency, case.entity) == ("sale.uncontracted", 240_000, "EUR", "DE")

    contract = desk.sign(account)
    line = desk.order(account, contract, seats=8)
    desk.change("Opportunity", deal, ContractId=contract)
    (case,) = desk.told(runtime)
    assert (case.code, case.amount_minor) == ("drift.sold", 48_000)
    assert "EUR 2,400.00" in case.evidence["sides"]["Sold"] and "EUR 1,920.00" in case.evidence["sides"]["Agreed"]

    desk.change("OrderItem", line, Quantity=10)
    assert desk.told(runtime) == []


def test_the_quote_that_was_accepted_decides_until_it_is_deleted(runtime: Runtime, desk: Desk) -> None:
    account, deal = desk.win()
    contract = desk.sign(account)
    desk.order(account, contract, seats=10)
    desk.change("Opportunity", deal, ContractId=contract)
    quote = desk.create(
        "Quote", OpportunityId=deal, Name="Offer", Status="Accepted", CurrencyIsoCode="EUR", PO_Number__c="PO-7"
    )
    assert desk.told(runtime) == [], "a quote without a total says nothing"
    assert "PO-7" in [row.po_number for row in all_rows(runtime, Quote)]
    desk.emulator.save("Quote", {**(desk.emulator.get("Quote", quote) or {}), "TotalPrice": 3000, "GrandTotal": 3570})
    (case,) = desk.told(runtime)
    assert (case.code, case.amount_minor) == ("drift.sold", 60_000)
    desk.delete("Quote", quote)
    assert desk.told(runtime) == []


def test_a_deal_that_is_deleted_is_not_waited_for(runtime: Runtime, desk: Desk) -> None:
    _, deal = desk.win()
    assert len(desk.told(runtime)) == 1
    desk.delete("Opportunity", deal)
    assert desk.told(runtime) == []
    (row,) = [row for row in all_rows(runtime, Opportunity) if row.source_ref == deal]
    assert (row.is_won, row.stage) == (False, "Deleted")


def test_in_an_org_with_cpq_the_contract_names_the_deal_and_its_primary_quote_counts(
    runtime: Runtime, desk: Desk
) -> None:
    account, deal = desk.win(Amount=None)
    offer = {"SBQQ__Opportunity2__c": deal, "SBQQ__Primary__c": True, "SBQQ__NetAmount__c": 2400}
    desk.create("SBQQ__Quote__c", CurrencyIsoCode="EUR", **offer)
    (case,) = desk.told(runtime, lines_from="cpq")
    assert (case.code, case.amount_minor) == ("sale.uncontracted", 240_000)
    desk.sign(account, SBQQ__Opportunity__c=deal)
    assert desk.told(runtime, lines_from="cpq") == []


def test_an_org_without_quotes_is_read_without_them(runtime: Runtime, desk: Desk) -> None:
    desk.win()
    assert len(desk.told(runtime, quotes_from="none")) == 1
    assert all_rows(runtime, Quote) == []
