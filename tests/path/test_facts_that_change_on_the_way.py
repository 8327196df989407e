"""Contracts and customers change between the draft of an invoice and its release: what goes out says what holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from core.canonical import OrderLineRecord
from core.db.tables import Approval, BillingRun, Case, Contract, ContractChange, Document
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from core.workflow.billing_commands import ReleaseRun, WithdrawInvoice
from core.workflow.command import Target
from jobs.run_billing import bill_due, run_billing, run_unfinished
from tests import builders as b
from tests.billing import house_contract, seats, start
from tests.corrections import agreed, all_of, issue, only_of, posted, posted_invoice
from tests.fakes import FixedClock
from tests.stores import Furniture
from tests.work import all_rows, only, open_house, person, record

LARGE = (seats(quantity=Decimal(3000)),)
OTHER = {"source_ref": "001B", "number": "C-2002", "name": "Bergbahn AG", "tax_id": None}


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def step(runtime: Runtime, clock: FixedClock, day: date) -> None:
    clock.at = clock.at.replace(year=day.year, month=day.month, day=day.day)
    bill_due(runtime)
    run_unfinished(runtime)
    posted(runtime)


def awaiting(runtime: Runtime) -> Document:
    house_contract(runtime, LARGE)
    bill_due(runtime)
    run_unfinished(runtime)
    row = only_of(runtime, "invoice")
    assert row.state == "awaiting_approval"
    return row


def open_codes(runtime: Runtime) -> set[str]:
    return {row.code for row in all_rows(runtime, Case) if row.state == "open"}


def reviewed(runtime: Runtime, **terms: Any) -> UUID:
    house_contract(runtime, **terms)
    run = start(runtime)
    run_billing(runtime, run)
    return run


def let_out(runtime: Runtime, run_id: UUID) -> Document:
    run = only(runtime, BillingRun)
    execute(runtime, ReleaseRun(run=Target(run.id, run.revision)), person(runtime, "Ana"))
    run_billing(runtime, run_id)
    return only_of(runtime, "invoice")


# --- approvals -------------------------------------------------------------------------------------------------------


def test_what_is_as_it_was_asked_about_goes_out_when_it_is_approved(runtime: Runtime) -> None:
    awaiting(runtime)
    agreed(runtime)
    assert only_of(runtime, "invoice").state == "released"


def test_an_approval_does_not_release_to_a_customer_on_hold_and_with_the_tax_of_before(runtime: Runtime) -> None:
    awaiting(runtime)
    france = {"country": "FR", "tax_id": "FR40303265045", "address": "1 rue de la Paix, Paris"}
    record(runtime, b.CRM, customers=(b.customer(is_on_hold=True, **france),))
    agreed(runtime)
    row = only_of(runtime, "invoice")
    assert (row.state, row.tax_minor, row.is_issued) == ("on_hold", 0, False)
    assert open_codes(runtime) == {"customer.on_hold"}


def test_an_invoice_that_says_something_else_than_was_asked_about_needs_another_approval(runtime: Runtime) -> None:
    before = awaiting(runtime)
    france = {"country": "FR", "tax_id": "FR40303265045", "address": "1 rue de la Paix, Paris"}
    record(runtime, b.CRM, customers=(b.customer(**france),))
    agreed(runtime)
    row = only_of(runtime, "invoice")
    assert (before.tax_minor, row.tax_minor, row.state) == (1_140_000, 0, "awaiting_approval")
    assert sorted((each.round, each.state) for each in all_rows(runtime, Approval)) == [(1, "approved"), (2, "waiting")]
    agreed(runtime)
    assert only_of(runtime, "invoice").state == "released"


def test_an_approval_does_not_release_what_a_contract_that_ended_nobody_knows_when_would_bill(runtime: Runtime) -> None:
    awaiting(runtime)
    house_contract(runtime, LARGE, status="expired")
    agreed(runtime)
    assert only_of(runtime, "invoice").state == "on_hold"
    assert "contract.not_active" in open_codes(runtime)


# --- the contract ----------------------------------------------------------------------------------------------------


def test_seats_sold_later_at_another_price_go_out_beside_the_first_ones(runtime: Runtime, clock: FixedClock) -> None:
    house_contract(runtime)
    step(runtime, clock, date(2026, 11, 2))
    more: OrderLineRecord = seats(
        source_ref="802B",
        root_ref="802A",
        quantity=Decimal(50),
        unit_price=Decimal(18),
        starts_on=date(2026, 12, 1),
    )
    record(runtime, b.CRM, order_lines=(more,))
    step(runtime, clock, date(2026, 12, 2))
    assert [(row.state, row.subtotal_minor) for row in all_of(runtime, "invoice")] == [
        ("posted", 200_000),
        ("posted", 290_000),
    ]
    assert open_codes(runtime) == set()


def test_a_contract_that_moves_to_another_account_bills_that_one_and_its_history_says_so(
    runtime: Runtime, clock: FixedClock
) -> None:
    record(runtime, b.CRM, customers=(b.customer(**OTHER | {"tax_id": "DE136695976"}),))
    house_contract(runtime)
    step(runtime, clock, date(2026, 11, 2))
    house_contract(runtime, customer_ref="001B")
    step(runtime, clock, date(2026, 12, 2))
    assert [row.customer_name for row in all_of(runtime, "invoice")] == ["Nordlicht Logistik GmbH", "Bergbahn AG"]
    told = [row.sentence for row in all_rows(runtime, ContractChange)]
    assert "Moved to another account; what goes out from now on is for that one." in told


@pytest.mark.parametrize("days", [0, 2])
@pytest.mark.parametrize("discount", [0, 10])
def test_a_draft_follows_its_contract_to_another_account_with_the_tax_of_that_one(
    runtime: Runtime, clock: FixedClock, days: int, discount: int
) -> None:
    swiss = b.customer(**OTHER, country="CH", address="Bahnhofstraße 1, Zürich")
    record(runtime, b.CRM, customers=(swiss,))
    run = reviewed(runtime)
    house_contract(runtime, customer_ref="001B", discount_percent=Decimal(discount))
    clock.advance(days=days)
    row = let_out(runtime, run)
    assert (row.customer_name, row.bill_to_country, row.tax_minor) == ("Bergbahn AG", "CH", 0)
    assert row.customer_id == only(runtime, Contract).customer_id
    assert (row.state, row.total_minor) == ("released", 200_000 - 2_000 * discount)


def test_a_draft_names_the_purchase_order_and_the_days_to_pay_of_its_contract_as_it_is_now(runtime: Runtime) -> None:
    run = reviewed(runtime, po_number="PO-1")
    house_contract(runtime, po_number="PO-2", terms_days=14)
    row = let_out(runtime, run)
    assert (row.state, row.po_number, row.due_date) == ("released", "PO-2", date(2026, 11, 16))


def test_a_purchase_order_that_comes_late_settles_what_was_held_for_it(runtime: Runtime) -> None:
    record(runtime, b.CRM, customers=(b.customer(is_po_required=True),))
    house_contract(runtime, po_number=None)
    bill_due(runtime)
    run_unfinished(runtime)
    assert open_codes(runtime) == {"po.missing"}
    house_contract(runtime, po_number="PO-7")
    assert (only_of(runtime, "invoice").po_number, open_codes(runtime)) == ("PO-7", set())


def test_what_somebody_accepted_on_an_invoice_does_not_hold_for_one_of_another_amount(runtime: Runtime) -> None:
    record(runtime, b.CRM, customers=(b.customer(is_on_hold=True, address=None),))
    house_contract(runtime, (seats(quantity=Decimal(10)),))
    bill_due(runtime)
    run_unfinished(runtime)
    (held,) = [row for row in all_rows(runtime, Case) if row.code == "customer.on_hold"]
    waive = c.WaiveCases(targets=(Target(held.id, held.revision),), reason="Two hundred euros are fine")
    execute(runtime, waive, person(runtime, "Ana"))
    house_contract(runtime, (seats(quantity=Decimal(400)),))
    record(runtime, b.CRM, customers=(b.customer(is_on_hold=True),))
    row = only_of(runtime, "invoice")
    assert (row.state, row.total_minor, row.waived_codes) == ("on_hold", 952_000, [])
    assert open_codes(runtime) == {"customer.on_hold"}


def test_what_was_given_back_as_a_whole_may_be_billed_again(runtime: Runtime, clock: FixedClock) -> None:
    posted_invoice(runtime)
    record(runtime, b.CRM, customers=(b.customer(release_mode="manual"),))
    issue(runtime, only_of(runtime, "invoice"), rebill=True)
    agreed(runtime)
    posted(runtime)
    (draft,) = [row for row in all_of(runtime, "invoice") if row.replaces_id]
    gone = WithdrawInvoice(document=Target(draft.id, draft.revision), reason="Not yet")
    execute(runtime, gone, person(runtime, "Ana"))
    step(runtime, clock, date(2026, 11, 4))
    assert open_codes(runtime) == set()
    assert sorted(row.state for row in all_of(runtime, "invoice")) == ["action_needed", "posted", "void"]
