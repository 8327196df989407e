"""From an outside fact to the ledger, through the one door."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from core.db.tables import AgeingSnapshot, Approval, Case, Decision, Delivery, Document, Promise
from core.kit.errors import Forbidden, Refused, Stale
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from tests import builders as b
from tests.stores import Furniture
from tests.work import JOB, all_rows, only, person, record, settled_house


@pytest.fixture
def furniture() -> Furniture:
    return settled_house


@pytest.fixture
def house(runtime: Runtime) -> Runtime:
    """A house with policies, people, one customer under contract and a mapped product."""
    return runtime


def targets(rows: list[Any]) -> tuple[c.Target, ...]:
    return tuple(c.Target(row.id, row.revision) for row in rows)


def big_invoice(seats: int = 3500) -> Any:
    """Seats at 20.00 plus 19 % tax; 3,500 seats come to 83,300.00, one approver's affair."""
    net = seats * 2_000
    return b.invoice(lines=(b.line(quantity=Decimal(seats), amount_minor=net, tax_minor=net * 19 // 100),))


def test_a_clean_invoice_is_released_and_its_posting_is_deferred(house: Runtime) -> None:
    receipt = record(house, b.PAYMENTS, invoices=(b.invoice(),))
    assert receipt.result["released"] == 1
    assert only(house, Document).state == "released"
    assert only(house, Delivery).key == "stripe_in_1"
    assert only(house, Decision).row == "A9"
    assert all_rows(house, Case) == []


def test_the_same_facts_twice_change_nothing(house: Runtime) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    assert len(all_rows(house, Document)) == 1
    assert len(all_rows(house, Delivery)) == 1


def test_the_same_command_twice_is_carried_out_once(house: Runtime) -> None:
    command = c.RecordFacts(source=b.PAYMENTS, invoices=(b.invoice(),))
    first, second = execute(house, command, JOB), execute(house, command, JOB)
    assert (first.is_repeat, second.is_repeat) == (False, True)
    assert second.result == first.result


def test_an_invoice_that_the_ledger_has_counts_as_posted_and_is_not_sent(house: Runtime) -> None:
    record(house, b.LEDGER, ledger=(b.ledger_record(key="stripe_in_1"),))
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    assert only(house, Document).state == "posted"
    assert all_rows(house, Delivery) == []


def test_a_wrong_price_is_held_with_a_case_and_clears_when_the_contract_follows(house: Runtime) -> None:
    line = b.line(unit_price=Decimal("25.00"), amount_minor=25_000, tax_minor=4_750)
    record(house, b.PAYMENTS, invoices=(b.invoice(lines=(line,)),))
    case = only(house, Case)
    assert (case.code, case.queue, case.state) == ("price.outdated", "Billing", "open")
    assert only(house, Document).state == "on_hold"
    record(house, b.CRM, order_lines=(b.order_line(unit_price=Decimal("25.00")),))
    assert only(house, Case).state == "resolved"
    assert only(house, Document).state == "released"


def test_correcting_a_document_settles_its_case_and_bars_the_corrector_from_approving(house: Runtime) -> None:
    record(house, b.CRM, customers=(b.customer(is_po_required=True),))
    record(house, b.CRM, order_lines=(b.order_line(quantity=Decimal(3500)),))
    record(house, b.PAYMENTS, invoices=(big_invoice(),))
    case, chen = only(house, Case), person(house, "Chen")
    assert case.code == "po.missing"
    execute(house, c.CorrectDocument(case=c.Target(case.id, case.revision), po_number="PO-77"), chen)
    assert only(house, Case).state == "resolved"
    approval = only(house, Approval)
    with pytest.raises(Forbidden, match="four eyes"):
        execute(house, c.DecideApprovals(targets=targets([approval]), verdict="approve"), chen)
    execute(house, c.DecideApprovals(targets=targets([approval]), verdict="approve"), person(house, "Bo"))
    assert only(house, Document).state == "released"
    assert only(house, Delivery).payload["po_number"] == "PO-77"


def test_a_chain_needs_two_different_people(house: Runtime) -> None:
    record(house, b.CRM, order_lines=(b.order_line(quantity=Decimal(5000)),))
    record(house, b.PAYMENTS, invoices=(big_invoice(seats=5000),))
    chen = person(house, "Chen")
    first = c.DecideApprovals(targets=targets(all_rows(house, Approval)), verdict="approve")
    execute(house, first, chen)
    (waiting,) = [row for row in all_rows(house, Approval) if row.state == "waiting"]
    assert (waiting.step, waiting.role, waiting.assignee_id) == (2, "controller", None)
    with pytest.raises(Forbidden, match="four eyes"):
        execute(house, c.DecideApprovals(targets=targets([waiting]), verdict="approve"), chen)
    assert only(house, Document).state == "awaiting_approval"


def test_a_limit_is_a_limit(house: Runtime) -> None:
    record(house, b.CRM, order_lines=(b.order_line(quantity=Decimal(3500)),))
    record(house, b.PAYMENTS, invoices=(big_invoice(),))
    approve = c.DecideApprovals(targets=targets(all_rows(house, Approval)), verdict="approve")
    with pytest.raises(Forbidden, match="approval limits"):
        execute(house, approve, person(house, "Amara"))
    assert only(house, Document).state == "awaiting_approval"


def test_a_rejected_invoice_goes_back_on_hold_with_the_reason(house: Runtime) -> None:
    record(house, b.CRM, order_lines=(b.order_line(quantity=Decimal(3500)),))
    record(house, b.PAYMENTS, invoices=(big_invoice(),))
    reject = c.DecideApprovals(targets=targets(all_rows(house, Approval)), verdict="reject", note="Wrong bill-to")
    execute(house, reject, person(house, "Bo"))
    assert only(house, Document).state == "on_hold"
    assert "Wrong bill-to" in only(house, Case).sentence


def test_a_stale_form_is_refused_in_words(house: Runtime) -> None:
    record(house, b.CRM, customers=(b.customer(is_on_hold=True),))
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    seen, ana = only(house, Case), person(house, "Ana")
    execute(house, c.AssignCases(targets=targets([seen]), queue="Tax", owner_id=None), person(house, "Chen"))
    with pytest.raises(Stale, match="Chen Wei changed this meanwhile: yours was not done"):
        execute(house, c.WaiveCases(targets=targets([seen]), reason="known customer"), ana)


def test_a_waiver_releases_this_document_only(house: Runtime) -> None:
    record(house, b.CRM, customers=(b.customer(is_on_hold=True),))
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    ana = person(house, "Ana")
    execute(house, c.WaiveCases(targets=targets([only(house, Case)]), reason="agreed with sales"), ana)
    assert only(house, Document).state == "released"
    other = b.invoice(source_ref="in_2", number="HC-2", period_start=date(2026, 9, 1), period_end=date(2026, 9, 30))
    record(house, b.PAYMENTS, invoices=(other,))
    assert sorted(row.state for row in all_rows(house, Document)) == ["on_hold", "released"]


def test_a_viewer_may_not_waive(house: Runtime) -> None:
    with pytest.raises(Forbidden, match="roles"):
        execute(house, c.WaiveCases(targets=(), reason="because"), person(house, "Vera"))


def test_a_person_of_other_entities_may_not_touch_a_case(house: Runtime) -> None:
    record(house, b.CRM, customers=(b.customer(is_on_hold=True),))
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    stranger = replace(person(house, "Dieter"), entities=frozenset({"US"}))
    with pytest.raises(Forbidden, match="entity scope"):
        execute(house, c.WaiveCases(targets=targets([only(house, Case)]), reason="not mine"), stranger)


def test_money_that_comes_before_its_invoice_waits_for_it(house: Runtime) -> None:
    record(house, b.PAYMENTS, payments=(b.payment(amount_minor=20_000),))
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    assert only(house, Document).open_minor == 3_800


def test_payments_apply_in_any_order_to_the_same_balance(house: Runtime) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    record(house, b.PAYMENTS, payments=(b.payment(source_ref="p2", amount_minor=800),))
    record(house, b.PAYMENTS, payments=(b.payment(source_ref="p1", amount_minor=23_000),) * 2)
    document = only(house, Document)
    assert (document.open_minor, document.settled_on) == (0, date(2026, 10, 20))


def test_a_credit_memo_settles_what_is_open_and_asks_for_agreement(house: Runtime) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    record(house, b.PAYMENTS, credit_memos=(b.credit_memo(),))
    by_kind = {row.kind: row for row in all_rows(house, Document)}
    assert by_kind["invoice"].open_minor == 23_800 - 5_000
    assert by_kind["credit_memo"].open_minor == 0
    assert by_kind["credit_memo"].state == "awaiting_approval"


def test_an_invoice_that_comes_before_its_contract_clears_when_the_contract_is_there(house: Runtime) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(contract_number="CT-9"),))
    assert only(house, Case).code == "contract.missing"
    record(
        house,
        b.CRM,
        contracts=(b.contract(source_ref="800Z", number="CT-9"),),
        order_lines=(b.order_line(source_ref="802Z", contract_ref="800Z"),),
    )
    assert only(house, Document).state == "released"


def test_a_dispute_marks_its_invoice_whichever_comes_first(house: Runtime) -> None:
    record(house, b.CRM, disputes=(b.dispute(),))
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    assert only(house, Document).is_disputed


def test_the_outcome_of_posting_comes_through_the_same_door(house: Runtime) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    delivery = only(house, Delivery)
    outcome = c.RecordDelivery(
        delivery_id=delivery.id, attempt=1, outcome="delivered", external_id="77", external_number="INV77"
    )
    execute(house, outcome, JOB)
    assert only(house, Document).state == "posted"
    assert only(house, Delivery).external_number == "INV77"


def test_a_refusal_of_the_ledger_becomes_a_case_and_a_retry_clears_it(house: Runtime) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    delivery = only(house, Delivery)
    refused = c.RecordDelivery(
        delivery_id=delivery.id, attempt=1, outcome="refused", error_code="USER_ERROR", error="The period is locked."
    )
    execute(house, refused, JOB)
    case = only(house, Case)
    assert (case.type, case.queue) == ("posting", "Ledger")
    execute(house, c.RetryDeliveries(targets=targets([only(house, Delivery)])), person(house, "Ana"))
    done = c.RecordDelivery(delivery_id=delivery.id, attempt=2, outcome="delivered", external_id="78")
    execute(house, done, JOB)
    assert (only(house, Case).state, only(house, Document).state) == ("resolved", "posted")


def test_a_dispute_needs_a_reason_and_an_open_invoice(house: Runtime) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(),), payments=(b.payment(),))
    record(house, b.PAYMENTS, payments=(b.payment(),))
    row = only(house, Document)
    with pytest.raises(Refused, match="settled"):
        execute(
            house,
            c.OpenDispute(document=c.Target(row.id, row.revision), reason="Tax", amount=None, sentence="Too much"),
            person(house, "Cole"),
        )


def test_the_snapshot_of_a_day_keeps_what_is_open_by_bucket(house: Runtime) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(due_date=date(2026, 10, 31)),))
    for _ in range(2):
        execute(house, c.TakeSnapshot(day=date(2026, 11, 2)), JOB)
    kept = only(house, AgeingSnapshot)
    assert (kept.entity, kept.bucket, kept.open_minor, kept.open_count) == ("DE", "d1_30", 23_800, 1)


def test_promises_are_judged_by_what_was_paid_in_time(house: Runtime) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    customer, cole = only(house, Document).customer_id, person(house, "Cole")
    promise = c.RecordPromise(
        customer_id=customer, amount=Decimal("238.00"), currency="EUR", promised_on=date(2026, 11, 10)
    )
    execute(house, promise, cole)
    record(house, b.PAYMENTS, payments=(b.payment(received_on=date(2026, 11, 9)),))
    later = replace(house, clock=lambda: datetime(2026, 11, 12, tzinfo=UTC))
    assert execute(later, c.EscalateOverdue(), JOB).result["promises_kept"] == 1
    assert only(house, Promise).state == "kept"


def test_an_exception_cannot_be_given_to_someone_who_cannot_settle_it(house: Runtime) -> None:
    record(house, b.CRM, customers=(b.customer(is_on_hold=True),))
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    vera, ana = person(house, "Vera"), person(house, "Ana")
    with pytest.raises(Refused, match="cannot settle exceptions"):
        execute(house, c.AssignCases(targets=targets([only(house, Case)]), queue=None, owner_id=vera.user_id), ana)


def test_the_trail_cannot_be_rewritten_through_the_houses_own_connection(house: Runtime) -> None:
    for statement in ("update audit set sentence = 'x'", "delete from audit", "truncate audit"):
        with pytest.raises(DatabaseError, match="append-only"), house.transaction() as session:
            session.execute(text(statement))
