"""Drafts of an entity whose tax AvaTax determines: from the billing run through the engine to the commitment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from connectors import Connector, avatax
from core.db.tables import BillingRun, Case, Delivery, Document, DocumentLine, DocumentTax
from core.intake import store as intake
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import CancelRun, ReleaseRun
from core.workflow.command import Target
from core.workflow.commands import CorrectDocument
from jobs.deliver import deliver
from jobs.determine_tax import determine_tax
from jobs.run_billing import bill_due, run_billing, run_unfinished
from sandbox.emulators.avatax import Emulator
from sandbox.faults import Faults
from sandbox.server import Serving
from tests import builders as b
from tests.billing import house_contract, start
from tests.fakes import NOON, FixedClock
from tests.stores import Furniture
from tests.work import all_rows, only, open_house, person, record

pytestmark = pytest.mark.slow
AUSTIN = {"country": "US", "region": "TX", "postal_code": "78701", "address": "9 Elm St, Austin", "tax_id": None}


@dataclass
class Engine:
    emulator: Emulator
    connector: Connector

    def held(self, key: str, kind: str = "SalesInvoice") -> dict[str, Any] | None:
        return self.emulator.get("transaction", f"HALDEN/{kind}/{key}")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    emulator = Emulator(tmp_path_factory.mktemp("avatax"), FixedClock(NOON), Faults())
    served = Serving(emulator.app, 0)
    served.start()
    line = {"system": "avatax", "address": served.address, "credentials": emulator.credentials()}
    config = avatax.Config.from_sandbox(line).model_copy(update={"requests_per_second": 1000})
    yield Engine(emulator, avatax.build(config, clock=FixedClock(NOON)))
    served.stop()
    emulator.close()


@pytest.fixture
def furniture() -> Furniture:
    return open_house


@pytest.fixture
def house(runtime: Runtime, engine: Engine) -> Iterator[Runtime]:
    """A legal entity in the United States whose tax AvaTax determines, and a customer of it in Texas."""
    settings = runtime.settings.model_copy(update={"tax_engines": {"US": "avatax"}})
    found = replace(runtime, settings=settings)
    entity = b.entity(
        source_ref="1",
        code="US",
        name="Halden Inc",
        country="US",
        currency="USD",
        region="CO",
        address="1 Main St, Denver",
    )
    record(found, b.LEDGER, entities=(entity,))
    record(found, b.CRM, customers=(b.customer(entity="US", currency="USD", **AUSTIN),))
    with found.transaction() as session:
        intake.introduce(session, ["avatax", "netsuite"])
    yield found
    engine.emulator.faults.reset()


def contract(runtime: Runtime, number: str) -> None:
    house_contract(runtime, number=number, currency="USD")


def drafted(runtime: Runtime, number: str) -> Document:
    """The draft of a straight run, whose tax is still to be asked for."""
    contract(runtime, number)
    assert bill_due(runtime) == 1
    run_unfinished(runtime)
    return the_document(runtime)


def the_document(runtime: Runtime) -> Document:
    found: Document = only(runtime, Document)
    return found


def ask(runtime: Runtime, engine: Engine) -> int:
    assert engine.connector.taxes is not None
    return determine_tax(runtime, {"avatax": engine.connector.taxes})


def delivery(runtime: Runtime) -> Delivery:
    found: Delivery
    (found,) = [row for row in all_rows(runtime, Delivery) if row.system == "avatax"]
    return found


def send(runtime: Runtime, engine: Engine) -> str:
    """Tries the engine's delivery once; answers its state."""
    assert engine.connector.ledger is not None
    deliver(runtime, {"avatax": engine.connector.ledger}, delivery(runtime).id)
    return str(delivery(runtime).state)


def reviewed(runtime: Runtime, number: str) -> UUID:
    contract(runtime, number)
    run = start(runtime)
    run_billing(runtime, run)
    return run


def target(runtime: Runtime, run: UUID) -> Target:
    return Target(run, only(runtime, BillingRun).revision)


def test_a_draft_waits_for_its_tax_and_nothing_is_called_meanwhile(house: Runtime, engine: Engine) -> None:
    row = drafted(house, "CT-8000")
    assert (row.state, row.tax_engine, row.tax_minor, row.total_minor) == ("draft", "avatax", 0, 200_000)
    assert all_rows(house, DocumentTax) == []
    assert engine.held("house_CT-8000-20261101") is None
    assert bill_due(house) == 0, "without its tax it is not decided"


def test_the_engine_answers_and_the_draft_goes_out_as_its_run_wanted(house: Runtime, engine: Engine) -> None:
    drafted(house, "CT-8001")
    assert ask(house, engine) == 1
    row = the_document(house)
    assert (row.state, row.number, row.is_issued) == ("released", "US-2026-000001", True)
    assert (row.tax_minor, row.total_minor, row.open_minor) == (13_200, 213_200, 213_200)
    taxes = {
        each.jurisdiction: (each.percent, each.taxable_minor, each.tax_minor) for each in all_rows(house, DocumentTax)
    }
    assert taxes == {
        "US-TX": (Decimal("6.25"), 160_000, 10_000),
        "US-TX AUSTIN": (Decimal(1), 160_000, 1_600),
        "US-TX AUSTIN MTA": (Decimal(1), 160_000, 1_600),
    }
    line = only(house, DocumentLine)
    assert (line.tax_minor, line.tax_percent) == (13_200, Decimal("8.25"))
    assert ask(house, engine) == 0, "what is determined is not asked again"


def test_the_release_commits_at_the_engine(house: Runtime, engine: Engine) -> None:
    drafted(house, "CT-8002")
    ask(house, engine)
    held = engine.held(delivery(house).key)
    assert held is not None and held["status"] == "Saved"
    assert send(house, engine) == "delivered"
    held = engine.held(delivery(house).key)
    assert held is not None and (held["status"], held["totalTax"]) == ("Committed", 132.0)
    assert all_rows(house, Case) == []


def test_a_commitment_without_answer_is_looked_up_and_not_repeated(
    house: Runtime, engine: Engine, clock: FixedClock
) -> None:
    drafted(house, "CT-8003")
    ask(house, engine)
    engine.emulator.faults.commit_then_disconnect = 1.0
    assert send(house, engine) == "in_doubt"
    clock.advance(minutes=20)
    assert send(house, engine) == "delivered", "a look-up is no write: it gets through"
    held = engine.held(delivery(house).key)
    assert held is not None and held["status"] == "Committed"


def test_a_review_shows_the_tax_and_cancelling_takes_it_back(house: Runtime, engine: Engine) -> None:
    run = reviewed(house, "CT-8004")
    assert ask(house, engine) == 1
    row = the_document(house)
    assert (row.state, row.total_minor, row.findings) == ("draft", 213_200, [])
    execute(house, CancelRun(run=target(house, run), reason="Wrong month"), person(house, "Ana"))
    assert the_document(house).state == "void"
    assert send(house, engine) == "delivered"
    held = engine.held("house_CT-8004-20261101")
    assert held is not None and held["status"] == "Cancelled"


def test_a_reviewed_run_releases_its_draft_once_the_tax_is_there(house: Runtime, engine: Engine) -> None:
    run = reviewed(house, "CT-8005")
    execute(house, ReleaseRun(run=target(house, run)), person(house, "Ana"))
    run_billing(house, run)
    assert the_document(house).state == "draft"
    ask(house, engine)
    assert the_document(house).state == "released"


def test_an_address_that_the_engine_refuses_is_an_exception_in_its_words(
    house: Runtime, engine: Engine, clock: FixedClock
) -> None:
    moved = b.customer(entity="US", currency="USD", **{**AUSTIN, "postal_code": "10001"})
    record(house, b.CRM, customers=(moved,))
    clock.advance(minutes=1)
    drafted(house, "CT-8006")
    assert ask(house, engine) == 0
    case = only(house, Case)
    assert (case.code, case.queue, case.is_blocking) == ("tax.undetermined", "Tax", True)
    assert "postal code 10001 does not lie in TX" in case.sentence
    assert the_document(house).state == "draft"
    assert ask(house, engine) == 0
    assert len(all_rows(house, Case)) == 1, "it is not asked again while nothing has changed"

    clock.advance(minutes=5)
    record(house, b.CRM, customers=(b.customer(entity="US", currency="USD", **AUSTIN),))
    assert ask(house, engine) == 1
    assert the_document(house).state == "released"
    assert only(house, Case).state == "resolved"


def test_a_corrected_address_is_asked_about_anew(house: Runtime, engine: Engine) -> None:
    record(house, b.CRM, customers=(b.customer(entity="US", currency="USD", is_on_hold=True, **AUSTIN),))
    drafted(house, "CT-8014")
    assert ask(house, engine) == 1
    before = the_document(house)
    assert (before.state, before.tax_minor > 0) == ("on_hold", True)
    case = only(house, Case)
    wish = CorrectDocument(case=Target(case.id, case.revision), bill_to="10 Elm St, Austin", note="moved next door")
    execute(house, wish, person(house, "Ana"))
    row = the_document(house)
    assert (row.state, row.tax_minor, row.total_minor, all_rows(house, DocumentTax)) == ("on_hold", 0, 200_000, [])
    assert {each.code for each in all_rows(house, Case) if each.state == "open"} == {
        "customer.on_hold",
        "tax.undetermined",
    }
    assert ask(house, engine) == 1
    assert the_document(house).tax_minor == before.tax_minor
    held = engine.held("house_CT-8014-20261101")
    assert held is not None and "10 Elm St" in str(held)
    assert [each.code for each in all_rows(house, Case) if each.state == "open"] == ["customer.on_hold"]


def test_an_engine_that_is_away_keeps_drafts_waiting_and_somebody_is_told_once(
    house: Runtime, engine: Engine, clock: FixedClock
) -> None:
    drafted(house, "CT-8007")
    engine.emulator.faults.outage = True
    assert ask(house, engine) == 0
    assert all_rows(house, Case) == [], "not at once"
    clock.advance(minutes=61)
    ask(house, engine)
    ask(house, engine)
    case = only(house, Case)
    assert (case.code, case.entity, case.is_blocking) == ("tax.pending", "US", False)
    assert "not available" in case.sentence
    engine.emulator.faults.reset()
    clock.advance(minutes=10)
    assert ask(house, engine) == 1
    assert (the_document(house).state, only(house, Case).state) == ("released", "resolved")


def test_an_engine_that_is_not_connected_is_named(house: Runtime, clock: FixedClock) -> None:
    drafted(house, "CT-8008")
    clock.advance(hours=2)
    assert determine_tax(house, {}) == 0
    assert "AvaTax is not connected" in only(house, Case).sentence


def test_an_answer_about_a_draft_that_has_changed_meanwhile_is_dropped(house: Runtime, engine: Engine) -> None:
    row = drafted(house, "CT-8009")
    taxes = engine.connector.taxes
    assert taxes is not None

    class Slow:
        capabilities = taxes.capabilities

        def calculate(self, question: Any) -> Any:
            with house.transaction() as session:
                session.execute(update(Document).where(Document.id == row.id).values(content_hash="another"))
            return taxes.calculate(question)

    assert determine_tax(house, {"avatax": Slow()}) == 0
    assert the_document(house).state == "draft"
    assert ask(house, engine) == 1


def test_tax_that_was_changed_at_the_engine_is_not_committed_but_an_exception(house: Runtime, engine: Engine) -> None:
    drafted(house, "CT-8010")
    ask(house, engine)
    held = engine.held(delivery(house).key)
    assert held is not None
    engine.emulator._records.put("transaction", f"HALDEN/SalesInvoice/{held['code']}", held | {"totalTax": 131.0}, 1, 1)
    assert send(house, engine) == "refused"
    case = only(house, Case)
    assert (case.code, case.type) == ("tax.mismatch", "tax")
    assert "132.00 here and 131.00 in AvaTax" in case.sentence


def test_entities_without_an_engine_are_taxed_by_the_table_at_once(house: Runtime) -> None:
    home = b.customer()
    record(house, b.CRM, customers=(home,))
    house_contract(house, number="CT-8011")
    bill_due(house)
    run_unfinished(house)
    row = the_document(house)
    assert (row.tax_engine, row.state, row.tax_minor) == ("table", "released", 38_000)


def test_registrations_decide_where_the_table_charges_sales_tax(runtime: Runtime) -> None:
    registered = replace(runtime, settings=runtime.settings.model_copy(update={"tax_registrations": frozenset({"TX"})}))
    entity = b.entity(source_ref="1", code="US", name="Inc", country="US", currency="USD")
    record(registered, b.LEDGER, entities=(entity,))
    record(registered, b.CRM, customers=(b.customer(entity="US", currency="USD", **AUSTIN),))
    contract(registered, "CT-8012")
    bill_due(registered)
    run_unfinished(registered)
    assert only(registered, Document).tax_minor == 10_000, "6.25 % of four fifths"
