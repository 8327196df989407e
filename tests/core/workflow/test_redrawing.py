"""An invoice that has not gone out follows its contract, and can be taken back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.canonical import ChargeTerms
from core.db.tables import Approval, BillingRun, Case, Document, DocumentLine
from core.db.tables import ScheduleItem as Item
from core.kit.errors import Refused
from core.kit.ids import new_id
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from core.workflow.billing_commands import CancelRun, ReleaseRun, WithdrawInvoice
from core.workflow.command import Target
from jobs.run_billing import bill_due, run_billing, run_unfinished
from tests import builders as b
from tests import work
from tests.billing import ENDS, HOUSE_METERED, STARTS, house_contract, seats, start, used
from tests.corrections import agreed, all_of, issue, only_of, posted_invoice
from tests.fakes import FixedClock
from tests.stores import Furniture


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def bill(runtime: Runtime) -> None:
    bill_due(runtime)
    run_unfinished(runtime)


def held(runtime: Runtime) -> Document:
    work.record(runtime, b.CRM, customers=(b.customer(is_on_hold=True),))
    house_contract(runtime)
    bill(runtime)
    return only_of(runtime, "invoice")


def let_go(runtime: Runtime) -> None:
    work.record(runtime, b.CRM, customers=(b.customer(is_on_hold=False),))


def take_back(runtime: Runtime, row: Document) -> None:
    wish = WithdrawInvoice(document=Target(row.id, row.revision), reason="Drafted for the wrong month")
    execute(runtime, wish, work.person(runtime, "Ana"))


def adjustments(runtime: Runtime) -> list[Item]:
    return [item for item in work.all_rows(runtime, Item) if item.kind == "adjustment" and item.state != "dropped"]


def test_a_held_invoice_follows_its_contract_and_is_never_corrected(runtime: Runtime, clock: FixedClock) -> None:
    before = held(runtime)
    house_contract(runtime, (seats(quantity=Decimal(50)),))
    row = only_of(runtime, "invoice")
    assert (row.state, row.id, row.subtotal_minor, row.tax_minor) == ("on_hold", before.id, 100_000, 19_000)
    assert [line.quantity for line in work.all_rows(runtime, DocumentLine)] == [Decimal(50)]
    assert adjustments(runtime) == []
    let_go(runtime)
    assert only_of(runtime, "invoice").state == "released"
    clock.at = datetime(2026, 12, 2, 14, tzinfo=UTC)
    bill(runtime)
    assert [each.subtotal_minor for each in all_of(runtime, "invoice")] == [100_000, 100_000]


def test_a_draft_under_review_is_released_under_the_terms_of_the_day(runtime: Runtime) -> None:
    house_contract(runtime)
    run_id = start(runtime, "review")
    run_billing(runtime, run_id)
    house_contract(runtime, (seats(quantity=Decimal(150)),))
    assert (only_of(runtime, "invoice").state, only_of(runtime, "invoice").subtotal_minor) == ("draft", 300_000)
    run = work.only(runtime, BillingRun)
    execute(runtime, ReleaseRun(run=Target(run.id, run.revision)), work.person(runtime, "Ana"))
    run_billing(runtime, run_id)
    assert only_of(runtime, "invoice").state == "released" and work.all_rows(runtime, Case) == []


def test_a_draft_names_the_purchase_order_that_its_contract_names_now(runtime: Runtime) -> None:
    work.record(runtime, b.CRM, customers=(b.customer(is_po_required=True),))
    house_contract(runtime)
    run_billing(runtime, start(runtime, "review"))
    assert [found["code"] for found in only_of(runtime, "invoice").findings] == ["po.missing"]
    house_contract(runtime, po_number="PO-1")
    row = only_of(runtime, "invoice")
    assert (row.state, row.po_number, row.findings) == ("draft", "PO-1", [])
    house_contract(runtime, (seats(quantity=Decimal(150)),), po_number="PO-2")
    row = only_of(runtime, "invoice")
    assert (row.po_number, row.subtotal_minor) == ("PO-2", 300_000)


def test_a_held_invoice_goes_out_with_the_purchase_order_that_it_waited_for(runtime: Runtime) -> None:
    work.record(runtime, b.CRM, customers=(b.customer(is_po_required=True),))
    house_contract(runtime)
    bill(runtime)
    assert only_of(runtime, "invoice").state == "on_hold"
    house_contract(runtime, po_number="PO-1")
    row = only_of(runtime, "invoice")
    assert (row.state, row.po_number) == ("released", "PO-1")
    assert [case.state for case in work.all_rows(runtime, Case)] == ["resolved"]
    house_contract(runtime, po_number="PO-2")
    assert only_of(runtime, "invoice").po_number == "PO-1"


def test_a_purchase_order_that_a_person_put_on_the_invoice_stands(runtime: Runtime) -> None:
    held(runtime)
    (case,) = work.all_rows(runtime, Case)
    right = c.CorrectDocument(case=Target(case.id, case.revision), po_number="PO-77", note=None)
    execute(runtime, right, work.person(runtime, "Ana"))
    house_contract(runtime, po_number="PO-1")
    assert only_of(runtime, "invoice").po_number == "PO-77"


def test_another_price_of_usage_counts_until_the_invoice_goes_out(runtime: Runtime, clock: FixedClock) -> None:
    clock.at = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    house_contract(runtime, (seats(quantity=Decimal(0), charge=HOUSE_METERED),))
    used(runtime, 30, datetime(2026, 11, 5, tzinfo=UTC))
    run_billing(runtime, start(runtime, "straight", date(2026, 12, 1)))
    dearer = seats(quantity=Decimal(0), charge=HOUSE_METERED, unit_price=Decimal(30))
    work.record(runtime, b.CRM, order_lines=(dearer,))
    clock.advance(hours=12)
    bill(runtime)
    assert (only_of(runtime, "invoice").state, only_of(runtime, "invoice").subtotal_minor) == ("released", 90_000)


def test_an_invoice_that_somebody_is_to_approve_is_asked_about_anew(runtime: Runtime) -> None:
    house_contract(runtime, (seats(quantity=Decimal(3000)),))
    bill(runtime)
    house_contract(runtime, (seats(quantity=Decimal(2900)),))
    assert sorted(row.state for row in work.all_rows(runtime, Approval)) == ["waiting", "withdrawn"]
    agreed(runtime)
    assert (only_of(runtime, "invoice").state, only_of(runtime, "invoice").subtotal_minor) == ("released", 5_800_000)


def test_an_invoice_of_which_nothing_is_due_any_more_is_void(runtime: Runtime) -> None:
    held(runtime)
    gone = seats(starts_on=date(2026, 12, 1))
    house_contract(runtime, (gone,))
    assert only_of(runtime, "invoice").state == "void"
    assert {case.state for case in work.all_rows(runtime, Case)} == {"resolved"}


def test_a_contract_that_cannot_be_billed_for_a_moment_leaves_its_draft_alone(runtime: Runtime) -> None:
    held(runtime)
    broken = seats(charge=ChargeTerms(pricing="graduated"))
    work.record(runtime, b.CRM, order_lines=(broken,))
    assert (only_of(runtime, "invoice").state, only_of(runtime, "invoice").subtotal_minor) == ("on_hold", 200_000)
    work.record(runtime, b.CRM, order_lines=(seats(quantity=Decimal(70)),))
    assert only_of(runtime, "invoice").subtotal_minor == 140_000


def test_a_replacement_follows_its_contract_while_it_waits_for_the_credit_memo(runtime: Runtime) -> None:
    issue(runtime, posted_invoice(runtime), rebill=True)
    work.record(runtime, b.CRM, order_lines=(seats(quantity=Decimal(80)),))
    assert all_of(runtime, "invoice")[1].subtotal_minor == 160_000
    assert adjustments(runtime) == []
    agreed(runtime)
    assert [row.state for row in all_of(runtime, "invoice")] == ["posted", "released"]


def test_check_again_drafts_under_the_terms_of_now(runtime: Runtime) -> None:
    """As for what was drafted before contracts were followed."""
    held(runtime)
    with runtime.transaction() as session:
        for item in session.scalars(select(Item).where(Item.document_id.is_not(None))):
            item.terms_id = new_id()
        for line in session.scalars(select(DocumentLine)):
            line.amount_minor = 1
        session.scalars(select(Document)).one().content_hash = "of before"
    (case,) = work.all_rows(runtime, Case)
    again = c.RevalidateCases(targets=(Target(case.id, case.revision),))
    execute(runtime, again, work.person(runtime, "Ana"))
    assert [line.amount_minor for line in work.all_rows(runtime, DocumentLine)] == [200_000]


def test_a_held_invoice_is_taken_back_and_billed_again(runtime: Runtime) -> None:
    first = held(runtime)
    take_back(runtime, first)
    assert only_of(runtime, "invoice").state == "void"
    assert {case.state for case in work.all_rows(runtime, Case)} == {"resolved"}
    let_go(runtime)
    bill(runtime)
    assert sorted(row.state for row in all_of(runtime, "invoice")) == ["released", "void"]


def test_what_has_gone_out_or_waits_for_a_credit_memo_is_not_taken_back(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    with pytest.raises(Refused, match="has gone out: give it back by credit memo"):
        take_back(runtime, invoice)
    issue(runtime, invoice, rebill=True)
    with pytest.raises(Refused, match="withdraw its credit memo"):
        take_back(runtime, all_of(runtime, "invoice")[1])


def corrected_elsewhere(runtime: Runtime) -> None:
    """Another invoice bills a correction of what the draft bills, as one did that was drafted at another time."""
    with runtime.transaction() as session:
        item = session.scalars(select(Item).where(Item.document_id.is_not(None))).one()
        columns = {name: getattr(item, name) for name in (column.key for column in Item.__table__.columns)}
        other = {"id": new_id(), "kind": "adjustment", "document_id": new_id(), "covers": [str(item.id)]}
        session.add(Item(**columns | other))


def test_a_run_whose_drafts_another_invoice_corrects_is_not_cancelled(runtime: Runtime) -> None:
    house_contract(runtime)
    run_billing(runtime, start(runtime, "review"))
    corrected_elsewhere(runtime)
    run = work.only(runtime, BillingRun)
    with pytest.raises(Refused, match="A later invoice corrects what Draft CT-5001 of this run bills"):
        execute(runtime, CancelRun(run=Target(run.id, run.revision), reason="Wrong"), work.person(runtime, "Ana"))
    with pytest.raises(Refused, match="Another invoice corrects what Draft CT-5001 bills"):
        take_back(runtime, only_of(runtime, "invoice"))


def test_seats_that_change_under_review_are_billed_once_whatever_is_cancelled(
    runtime: Runtime, clock: FixedClock
) -> None:
    house_contract(runtime)
    first = start(runtime, "review")
    run_billing(runtime, first)
    house_contract(runtime, (seats(quantity=Decimal(150)),), starts_on=STARTS, ends_on=ENDS)
    clock.advance(days=30)
    run_billing(runtime, start(runtime, "straight", date(2026, 12, 2)))
    run = next(each for each in work.all_rows(runtime, BillingRun) if each.id == first)
    execute(runtime, CancelRun(run=Target(run.id, run.revision), reason="Wrong day"), work.person(runtime, "Ana"))
    run_billing(runtime, start(runtime, "straight", date(2026, 12, 2)))
    billed = [row.subtotal_minor for row in all_of(runtime, "invoice") if row.state != "void"]
    assert sum(billed) == 2 * 150 * 2_000
