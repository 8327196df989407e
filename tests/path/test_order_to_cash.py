"""From a signature in Salesforce to a posted invoice, a letter and the money, without a person; and where it stops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from starlette.testclient import TestClient

from connectors import Connector, mail, netsuite, salesforce, stripe
from core.db.tables import Case, Contract, Delivery, Document, ScheduleItem
from core.intake import store as intake
from core.runtime import Runtime
from core.workflow.papers import enclose_with
from jobs.deliver import deliver
from jobs.pull_all import pull_all
from jobs.run_billing import bill_due, run_unfinished
from sandbox.company import populate
from sandbox.emulators.salesforce import Emulator
from sandbox.faults import Control
from sandbox.server import open_emulators
from tests.fakes import NOON, FixedClock
from tests.path.outside import served, text_of
from tests.sandbox.salesforce.builders import ROOT, signed_in
from tests.stores import Furniture, policies
from tests.work import all_rows, only

pytestmark = pytest.mark.slow
NAMES = ("salesforce", "stripe", "netsuite", "mail")
ADDRESS = "ap@amber.example"
# Salesforce tells what is older than a minute.
EARLIER = timedelta(hours=1)


@pytest.fixture
def furniture() -> Furniture:
    return policies


@dataclass
class World:
    """The four systems over HTTP, and somebody who sells."""

    emulators: dict[str, Any]
    lines: dict[str, dict[str, Any]]
    desk: TestClient

    def create(self, kind: str, **fields: Any) -> str:
        answer = self.desk.post(f"{ROOT}/sobjects/{kind}", json=fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def change(self, kind: str, id: str, **fields: Any) -> None:
        answer = self.desk.patch(f"{ROOT}/sobjects/{kind}/{id}", json=fields)
        assert answer.status_code == 204, answer.text

    def connectors(self, runtime: Runtime) -> dict[str, Connector]:
        clock = FixedClock(NOON)
        return {
            "salesforce": salesforce.build(salesforce.Config.from_sandbox(self.lines["salesforce"]), clock=clock),
            "stripe": stripe.build(stripe.Config.from_sandbox(self.lines["stripe"])),
            "netsuite": netsuite.build(netsuite.Config.from_sandbox(self.lines["netsuite"]), clock=clock),
            "mail": mail.build(mail.Config.from_sandbox(self.lines["mail"]), enclose_with(runtime.settings), clock),
        }

    def work(self, runtime: Runtime) -> None:
        """What the worker does in its rounds: read, bill, deliver."""
        connected = self.connectors(runtime)
        ledgers = {name: each.ledger for name, each in connected.items() if each.ledger is not None}
        with runtime.transaction() as session:
            intake.introduce(session, ledgers)
        sources = {name: each.source for name, each in connected.items() if each.source is not None}
        pull_all(runtime, sources)
        bill_due(runtime)
        run_unfinished(runtime)
        for row in all_rows(runtime, Delivery):
            deliver(runtime, ledgers, row.id)

    def letters(self) -> list[str]:
        """Texts of the PDFs that came to the customer."""
        box = self.lines["mail"]["address"]
        found = httpx.get(f"{box}/messages", params={"to": ADDRESS}).json()["data"]
        return [text_of(httpx.get(f"{box}/messages/{each['id']}/attachments/0").content) for each in found]

    def booked(self) -> dict[str, int]:
        """How often the ledger made each posting, by our key."""
        address = self.lines["netsuite"]["address"]
        return cast(dict[str, int], httpx.get(f"{address}/_sandbox/ledger").json()["creates"])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    emulators = {
        **open_emulators(NAMES[:1], tmp_path, FixedClock(NOON - EARLIER), Control(), 7),
        **open_emulators(NAMES[1:], tmp_path, FixedClock(NOON), Control(), 7),
    }
    populate({"netsuite": emulators["netsuite"]}, Decimal("0.01"), 7, NOON.date(), folder=tmp_path)
    with served(emulators, tmp_path) as lines:
        yield World(dict(emulators), lines, signed_in(cast(Emulator, emulators["salesforce"])))


def sign(world: World, *, line: dict[str, Any] | None = None, **account: Any) -> tuple[str, str]:
    """Ten seats at 20.00 for a year, billed monthly by the house; answers the contract and its line."""
    who = {
        "Name": "Amber Energy GmbH",
        "AccountNumber": "AC-1",
        "CurrencyIsoCode": "EUR",
        "Legal_Entity__c": "DE",
        "BillingStreet": "Speicherstraße 1",
        "BillingCity": "Hamburg",
        "BillingCountryCode": "DE",
        "Tax_Id__c": "DE136695976",
        "Billing_Email__c": ADDRESS,
        "Payment_Method__c": "Transfer",
    }
    customer = world.create("Account", **{**who, **account})
    _acquaint(world, customer)
    term = {"StartDate": "2026-11-01", "EndDate": "2027-10-31"}
    contract = world.create(
        "Contract",
        AccountId=customer,
        Status="Activated",
        CurrencyIsoCode="EUR",
        Billing_Frequency__c="Monthly",
        Billing_System__c="Quittance",
        Payment_Terms_Days__c=14,
        **term,
    )
    order = world.create(
        "Order", AccountId=customer, ContractId=contract, EffectiveDate="2026-11-01", Status="Activated"
    )
    product = world.create("Product2", Name="Halden Core", ProductCode="HC-CORE")
    given = {"Product2Id": product, "Product_Code__c": "HC-CORE", "Quantity": 10, "UnitPrice": 20}
    return contract, world.create("OrderItem", OrderId=order, ServiceDate="2026-11-01", **{**given, **(line or {})})


def _acquaint(world: World, account: str) -> None:
    """The ledger and the payment platform know the customer of the account, who has a card on file."""
    ledger = world.emulators["netsuite"]
    euro = next(row["id"] for id in range(1, 6) if (row := ledger.get("currency", str(id)))["symbol"] == "EUR")
    known = {"entityid": "amber", "companyname": "Amber Energy", "externalid": account, "subsidiary": "4"}
    ledger.save("customer", {"id": None, "currency": euro, **known})
    world.emulators["stripe"].store.create(
        "customer",
        id="cus_amber",
        name="Amber Energy GmbH",
        email=ADDRESS,
        metadata={"sf_account_id": account},
        invoice_settings={"default_payment_method": "pm_card_visa"},
    )


def ours(runtime: Runtime) -> list[Document]:
    return [row for row in all_rows(runtime, Document) if row.source == "house"]


def cases_of(runtime: Runtime, code: str) -> list[Case]:
    return [row for row in all_rows(runtime, Case) if row.code == code]


def test_a_signature_becomes_a_schedule_an_invoice_a_letter_and_a_posting_without_a_person(
    runtime: Runtime, world: World
) -> None:
    sign(world)
    world.work(runtime)
    planned = sorted(all_rows(runtime, ScheduleItem), key=lambda row: row.period_start)
    assert [row.expected_minor for row in planned] == [20_000] * 12
    assert [row.state for row in planned] == ["billed"] + ["open"] * 11
    (row,) = ours(runtime)
    assert (row.state, row.number, row.total_minor) == ("posted", "DE-2026-000001", 23_800)
    assert (row.issue_date, row.due_date) == (date(2026, 11, 2), date(2026, 11, 16))
    (letter,) = world.letters()
    for told in (row.number, "Amber Energy GmbH", "Speicherstraße 1", "VAT 19 % (DE) on 200.00", "EUR 238.00"):
        assert told in letter
    assert [count for key, count in world.booked().items() if only(runtime, Contract).number in key] == [1]
    assert cases_of(runtime, "po.missing") == []
    world.work(runtime)
    assert len(ours(runtime)) == len(world.letters()) == 1, "a second round makes nothing twice"


def test_who_pays_by_card_is_charged_through_stripe_and_the_money_comes_back(runtime: Runtime, world: World) -> None:
    sign(world, Payment_Method__c="Card")
    world.work(runtime)
    (row,) = ours(runtime)
    found = [doc for doc in _invoices(world) if doc["metadata"].get("house_document") == str(row.id)]
    assert [(doc["number"], doc["total"], doc["status"]) for doc in found] == [(row.number, 23_800, "paid")]
    assert world.letters() == []
    world.work(runtime)
    (row,) = ours(runtime)
    assert (row.state, row.open_minor) == ("posted", 0)


def _invoices(world: World) -> list[dict[str, Any]]:
    line = world.lines["stripe"]
    auth = {"Authorization": f"Bearer {line['credentials']['api_key']}"}
    found: list[dict[str, Any]] = httpx.get(f"{line['address']}/v1/invoices", headers=auth).json()["data"]
    return found


def test_an_invoice_without_the_purchase_order_that_the_customer_wants_stops_before_its_release(
    runtime: Runtime, world: World
) -> None:
    sign(world, PO_Required__c=True)
    world.work(runtime)
    (row,), (case,) = ours(runtime), cases_of(runtime, "po.missing")
    assert (row.state, row.is_issued, row.open_minor) == ("on_hold", False, 0)
    assert (case.document_id, case.type, case.state) == (row.id, "purchase_order", "open")
    assert case.evidence == {"invoice_po": None, "contract_po": None}
    assert "Amber Energy GmbH pays only against a purchase order number" in case.sentence
    assert world.letters() == [] and all_rows(runtime, Delivery) == []


def test_a_contract_without_tiers_is_never_billed_and_says_which_line_it_is(runtime: Runtime, world: World) -> None:
    priced = {"Charge_Type__c": "Usage", "Pricing_Model__c": "Graduated", "Meter__c": "api_calls"}
    _, line = sign(world, line=priced)
    world.work(runtime)
    (case,) = cases_of(runtime, "record.unreadable")
    assert (case.type, case.state) == ("integration", "open")
    assert case.evidence["id_at_source"] == line
    assert "is priced by tiers but states none" in case.sentence
    assert all_rows(runtime, ScheduleItem) == [] and ours(runtime) == [] and world.letters() == []
