"""Billing runs: drafted, decided and released once, whatever fails beside them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.canonical import ChargeTerms
from core.db.tables import (
    BillingRun,
    BillingRunPart,
    Case,
    Delivery,
    Document,
    DocumentLine,
    DocumentTax,
    ScheduleItem,
    Transition,
)
from core.kit.errors import Refused
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import (
    CancelRun,
    ReleaseInvoices,
    ReleaseRun,
    RerateDrafts,
    ResumeRun,
)
from core.workflow.billing_runs import preview
from core.workflow.command import Target
from jobs.run_billing import bill_due, run_billing, run_unfinished
from tests import builders as b
from tests import work
from tests.billing import HOUSE_METERED, TODAY, house_contract, seats, start, used
from tests.core.usage.house import meter, send, usage
from tests.fakes import FixedClock
from tests.stores import Furniture


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def documents(runtime: Runtime) -> list[Document]:
    return sorted(work.all_rows(runtime, Document), key=lambda row: row.source_ref)


def test_what_is_due_becomes_a_released_invoice_without_a_person(runtime: Runtime) -> None:
    house_contract(runtime)
    assert bill_due(runtime) == 1
    assert run_unfinished(runtime) == 1
    row = work.only(runtime, Document)
    assert (row.state, row.is_issued, row.total_minor, row.open_minor) == ("released", True, 238_000, 238_000)
    assert row.source == "house" and row.number == "DE-2026-000001"
    assert {item.state for item in work.all_rows(runtime, ScheduleItem) if item.bill_on <= TODAY} == {"billed"}
    assert [each.system for each in work.all_rows(runtime, Delivery)] == ["netsuite"]
    assert [(step.old, step.new) for step in work.all_rows(runtime, Transition)] == [("draft", "released")]
    assert [(tax.jurisdiction, tax.tax_minor) for tax in work.all_rows(runtime, DocumentTax)] == [("DE", 38_000)]
    assert work.only(runtime, BillingRun).state == "released"
    assert bill_due(runtime) == 0


def test_a_review_drafts_and_nothing_goes_out_before_somebody_says_so(runtime: Runtime) -> None:
    house_contract(runtime)
    run_id = start(runtime, "review")
    run_billing(runtime, run_id)
    row = work.only(runtime, Document)
    assert (row.state, row.is_issued, row.open_minor, row.number) == ("draft", False, 0, "Draft CT-5001")
    assert work.all_rows(runtime, Delivery) == []
    run = work.only(runtime, BillingRun)
    assert run.state == "review"
    execute(runtime, ReleaseRun(run=Target(run.id, run.revision)), work.person(runtime, "Ana"))
    run_billing(runtime, run_id)
    row = work.only(runtime, Document)
    assert (row.state, row.open_minor, work.only(runtime, BillingRun).state) == ("released", 238_000, "released")
    assert [step.actor for step in work.all_rows(runtime, Transition)] == [run.started_by]


def test_a_changed_contract_does_not_release_a_draft(runtime: Runtime) -> None:
    house_contract(runtime)
    run_billing(runtime, start(runtime, "review"))
    work.record(runtime, b.CRM, customers=(b.customer(name="Nordlicht SE"),))
    house_contract(runtime, po_number="PO-1")
    assert work.only(runtime, Document).state == "draft"


def test_a_customer_who_wants_a_hand_gets_one(runtime: Runtime) -> None:
    work.record(runtime, b.CRM, customers=(b.customer(release_mode="manual"),))
    house_contract(runtime)
    run_billing(runtime, start(runtime, "straight"))
    row = work.only(runtime, Document)
    assert (row.state, row.is_issued, row.open_minor) == ("action_needed", False, 0)
    execute(runtime, ReleaseInvoices(targets=(Target(row.id, row.revision),)), work.person(runtime, "Ana"))
    row = work.only(runtime, Document)
    assert (row.state, row.is_issued, row.open_minor) == ("released", True, 238_000)


def test_usage_waits_out_its_grace_and_late_events_count(runtime: Runtime, clock: FixedClock) -> None:
    clock.at = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    metered = seats(quantity=Decimal(0), charge=HOUSE_METERED)
    house_contract(runtime, (metered,))
    used(runtime, 30, datetime(2026, 11, 5, tzinfo=UTC))
    run_billing(runtime, start(runtime, "straight", date(2026, 12, 1)))
    row = work.only(runtime, Document)
    assert (row.state, row.subtotal_minor) == ("draft", 60_000)
    assert row.grace_until == datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
    bill_due(runtime)
    assert work.only(runtime, Document).state == "draft"
    used(runtime, 20, datetime(2026, 11, 30, 23, 0, tzinfo=UTC), "late")
    assert execute(runtime, RerateDrafts(document_ids=(row.id,)), work.JOB).result["n"] == 1
    assert work.only(runtime, Document).subtotal_minor == 100_000
    used(runtime, 1, datetime(2026, 11, 30, 23, 30, tzinfo=UTC), "latest")
    clock.advance(hours=12)
    bill_due(runtime)
    row = work.only(runtime, Document)
    assert (row.state, row.subtotal_minor, row.total_minor) == ("released", 102_000, 121_380)
    assert [line.quantity for line in work.all_rows(runtime, DocumentLine)] == [Decimal(51)]


def test_without_usage_there_is_no_grace(runtime: Runtime) -> None:
    house_contract(runtime)
    run_billing(runtime, start(runtime, "straight"))
    assert work.only(runtime, Document).grace_until is None


def test_one_part_that_fails_stops_no_other_and_can_be_tried_again(runtime: Runtime) -> None:
    house_contract(runtime)
    other = {"source_ref": "800B", "number": "CT-5002", "customer_ref": "001MISSING"}
    line = seats(source_ref="802B", contract_ref="800B")
    house_contract(runtime, (line,), **other)
    run_id = start(runtime, "straight")
    run_billing(runtime, run_id)
    parts = {part.state: part for part in work.all_rows(runtime, BillingRunPart)}
    assert set(parts) == {"done", "failed"}
    assert "CT-5002" in parts["failed"].error
    assert [case.code for case in work.all_rows(runtime, Case)] == ["billing.no_customer"]
    work.record(runtime, b.CRM, customers=(b.customer(source_ref="001MISSING", name="Late Ltd"),))
    run = work.only(runtime, BillingRun)
    execute(runtime, ResumeRun(run=Target(run.id, run.revision)), work.person(runtime, "Ana"))
    run_billing(runtime, run_id)
    assert [row.state for row in documents(runtime)] == ["released", "released"]
    assert [case.state for case in work.all_rows(runtime, Case)] == ["resolved"]


def test_the_clock_does_not_try_a_failed_part_every_hour(runtime: Runtime, clock: FixedClock) -> None:
    house_contract(runtime, customer_ref="001MISSING")
    assert bill_due(runtime) == 1
    run_unfinished(runtime)
    clock.advance(hours=1)
    assert bill_due(runtime) == 0
    clock.advance(hours=23)
    assert bill_due(runtime) == 1


def test_usage_of_a_customer_who_was_not_known_is_billed_as_soon_as_the_customer_arrives(
    runtime: Runtime, clock: FixedClock
) -> None:
    def states() -> dict[str, str]:
        return {case.code: case.state for case in work.all_rows(runtime, Case)}

    clock.at = datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
    house_contract(runtime, (seats(quantity=Decimal(0), charge=HOUSE_METERED),), customer_ref="001MISSING")
    work.record(runtime, b.PAYMENTS, meters=(meter("api_calls", "sum"),))
    send(runtime, usage("e1", 30, datetime(2026, 11, 5, tzinfo=UTC), subject="001MISSING"))
    assert bill_due(runtime) == 1
    run_unfinished(runtime)
    assert states()["billing.no_customer"] == "open"
    clock.advance(minutes=5)
    assert bill_due(runtime) == 0
    work.record(runtime, b.CRM, customers=(b.customer(source_ref="001MISSING", number="C-9", name="Late Ltd"),))
    clock.advance(minutes=5)
    assert bill_due(runtime) == 1
    run_unfinished(runtime)
    row = work.only(runtime, Document)
    assert (row.customer_name, row.subtotal_minor) == ("Late Ltd", 60_000)
    assert states()["billing.no_customer"] == states()["usage.unplaced"] == "resolved"


def test_a_part_that_fails_again_after_its_customer_changed_rests_again(runtime: Runtime, clock: FixedClock) -> None:
    house_contract(runtime, customer_ref="001MISSING")
    assert bill_due(runtime) == 1
    run_unfinished(runtime)
    clock.advance(minutes=5)
    work.record(runtime, b.CRM, customers=(b.customer(source_ref="001MISSING", number="C-9", entity="XX"),))
    clock.advance(minutes=5)
    assert bill_due(runtime) == 1
    run_unfinished(runtime)
    assert {case.code: case.state for case in work.all_rows(runtime, Case)}["billing.no_entity"] == "open"
    clock.advance(minutes=5)
    assert bill_due(runtime) == 0


def test_a_cancelled_run_leaves_everything_due_again(runtime: Runtime) -> None:
    house_contract(runtime)
    run_billing(runtime, start(runtime, "review"))
    run = work.only(runtime, BillingRun)
    cancel = CancelRun(run=Target(run.id, run.revision), reason="Wrong day")
    execute(runtime, cancel, work.person(runtime, "Ana"))
    assert work.only(runtime, Document).state == "void"
    run_billing(runtime, start(runtime, "straight"))
    first, second = documents(runtime)
    assert (first.state, second.state) == ("void", "released")
    assert (first.source_ref, second.source_ref) == ("CT-5001-20261101", "CT-5001-20261101-2")
    assert second.number == "DE-2026-000001"


def test_generating_twice_changes_nothing(runtime: Runtime) -> None:
    house_contract(runtime)
    run_id = start(runtime, "straight")
    run_billing(runtime, run_id)
    assert run_billing(runtime, run_id) == 0
    with pytest.raises(Refused, match="Nothing is to be billed"):
        start(runtime, "straight")
    assert len(documents(runtime)) == 1


def test_a_preview_says_what_the_run_then_does_and_writes_nothing(runtime: Runtime) -> None:
    work.record(runtime, b.CRM, customers=(b.customer(is_po_required=True),))
    house_contract(runtime)
    *_, told = preview(runtime, work.person(runtime, "Ana"), TODAY)
    assert (told.contracts, told.invoices, told.held, told.clean) == (1, 1, 1, 0)
    assert told.totals == {("DE", "EUR"): 238_000} and told.findings == {"po.missing": 1}
    assert documents(runtime) == [] and work.all_rows(runtime, Case) == []
    run_billing(runtime, start(runtime, "straight"))
    assert work.only(runtime, Document).state == "on_hold"
    assert [case.code for case in work.all_rows(runtime, Case)] == ["po.missing"]


def test_a_big_invoice_asks_for_approval_before_it_gets_a_number(runtime: Runtime) -> None:
    house_contract(runtime, (seats(quantity=Decimal(3000)),))
    run_billing(runtime, start(runtime, "straight"))
    row = work.only(runtime, Document)
    assert (row.state, row.is_issued, row.number) == ("awaiting_approval", False, "Draft CT-5001")


def test_flat_tiered_and_single_charges_are_no_findings(runtime: Runtime) -> None:
    flat = seats(source_ref="A", charge=ChargeTerms(pricing="flat"), quantity=Decimal(1), unit_price=Decimal(500))
    once = seats(source_ref="B", charge=ChargeTerms(kind="one_off"), quantity=Decimal(1), unit_price=Decimal(900))
    credit = seats(source_ref="C", charge=ChargeTerms(kind="credit"), quantity=Decimal(1), unit_price=Decimal(50))
    house_contract(runtime, (seats(), flat, once, credit), discount_percent=Decimal(10))
    run_billing(runtime, start(runtime, "straight"))
    row = work.only(runtime, Document)
    assert row.findings == []
    assert row.state == "released"


def test_what_was_planned_and_what_is_rated_must_agree(runtime: Runtime) -> None:
    house_contract(runtime)
    with runtime.transaction() as session:
        for item in session.scalars(select(ScheduleItem)):
            item.expected_minor = 199_999
    run_billing(runtime, start(runtime, "straight"))
    assert work.only(runtime, Document).state == "on_hold"
    assert [case.code for case in work.all_rows(runtime, Case)] == ["schedule.differs"]
