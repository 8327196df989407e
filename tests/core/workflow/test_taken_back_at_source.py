"""Invoices and credit memos that their own source takes back, whatever the house has done with them by then."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.db.tables import Application, Approval, Case, Delivery, Document, Payment
from core.kit.errors import Refused
from core.ports import InDoubt, Ledger, LedgerDocument, Rejected, Transient
from core.posting import store as posting
from core.reporting.figures import figures
from core.reporting.invoice_detail import invoice_detail
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.command import Target
from core.workflow.commands import DecideApprovals, RetryDeliveries, SetAsideDeliveries
from jobs.attempt import Outcome, Result, command
from jobs.deliver import deliver
from jobs.exclusive import exclusive
from tests import builders as b
from tests.corrections import agreed, issue, posted, posted_invoice
from tests.fakes import FakeLedger, FixedClock
from tests.stores import Furniture
from tests.work import JOB, all_rows, dear_invoice, only, open_house, person, record

TODAY = date(2026, 11, 2)
MEMO_DAY = date(2026, 10, 2)


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def void(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(status="void"),))


def post(runtime: Runtime, ledger: FakeLedger) -> None:
    ledgers: dict[str, Ledger] = {"netsuite": ledger}
    for row in all_rows(runtime, Delivery):
        deliver(runtime, ledgers, row.id)


def voided_cases(runtime: Runtime) -> list[Case]:
    return [row for row in all_rows(runtime, Case) if row.code == "document.voided_at_source" and row.state == "open"]


def of_kind(runtime: Runtime, kind: str) -> Document:
    found: Document = next(row for row in all_rows(runtime, Document) if row.kind == kind)
    return found


def test_an_invoice_that_is_voided_before_its_posting_began_never_reaches_the_ledger(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    void(runtime)
    ledger = FakeLedger()
    post(runtime, ledger)
    assert (ledger.creations, only(runtime, Delivery).state) == ([], "set_aside")
    assert (only(runtime, Document).state, voided_cases(runtime)) == ("void", [])


def test_nobody_sends_the_stopped_posting_of_a_void_invoice_again(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    void(runtime)
    row = only(runtime, Delivery)
    with pytest.raises(Refused, match="Invoice HC-000001 is void"):
        execute(runtime, RetryDeliveries(targets=(Target(row.id, row.revision),)), person(runtime, "Ana"))


def test_an_invoice_that_the_ledger_has_refused_is_stopped_with_its_exception(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    post(runtime, FakeLedger(behaviour=[Rejected("The period is closed.")]))
    void(runtime)
    assert (only(runtime, Document).state, only(runtime, Delivery).state) == ("void", "set_aside")
    assert {row.state for row in all_rows(runtime, Case)} == {"resolved"}


def test_an_invoice_whose_last_try_came_to_nothing_is_stopped(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    post(runtime, FakeLedger(behaviour=[Transient("It is busy.")]))
    void(runtime)
    assert (only(runtime, Delivery).state, voided_cases(runtime)) == ("set_aside", [])


def test_a_posted_invoice_that_is_voided_is_one_exception_for_what_the_ledger_holds(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    post(runtime, FakeLedger())
    for _ in range(2):
        void(runtime)
    (case,) = voided_cases(runtime)
    row = only(runtime, Document)
    assert (row.state, row.open_minor, case.document_id, case.entity) == ("void", 0, row.id, "DE")
    assert (case.amount_minor, case.stake_minor) == (23_800, 26_180)
    assert "was voided in Stripe, and stands in the ledger" in case.sentence


def test_an_invoice_that_may_have_reached_the_ledger_is_an_exception_too(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    post(runtime, FakeLedger(behaviour=[InDoubt("No answer came.")]))
    void(runtime)
    (case,) = voided_cases(runtime)
    assert "may stand in the ledger" in case.sentence
    assert only(runtime, Delivery).state == "in_doubt"


@pytest.mark.parametrize("outcome", ["given_up", "refused"])
def test_an_invoice_that_was_set_aside_though_it_may_have_arrived_is_an_exception_too(
    runtime: Runtime, outcome: Outcome
) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    post(runtime, FakeLedger(behaviour=[InDoubt("No answer came.")]))
    delivery = only(runtime, Delivery)
    told = Result(outcome, failure=Rejected("Nobody knows."))
    execute(runtime, command(delivery.id, _next_attempt(runtime, delivery), told), JOB)
    delivery = only(runtime, Delivery)
    target = Target(delivery.id, delivery.revision)
    execute(runtime, SetAsideDeliveries(targets=(target,), reason="It is looked into."), person(runtime, "Ana"))
    void(runtime)
    (case,) = voided_cases(runtime)
    assert "may stand in the ledger" in case.sentence
    assert (only(runtime, Document).state, only(runtime, Delivery).state) == ("void", "set_aside")


def test_an_invoice_that_was_set_aside_and_never_arrived_is_no_exception(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    post(runtime, FakeLedger(behaviour=[Rejected("The period is closed.")]))
    delivery = only(runtime, Delivery)
    target = Target(delivery.id, delivery.revision)
    execute(runtime, SetAsideDeliveries(targets=(target,), reason="It is wrong."), person(runtime, "Ana"))
    void(runtime)
    assert (only(runtime, Document).state, voided_cases(runtime)) == ("void", [])


def _next_attempt(runtime: Runtime, delivery: Delivery) -> int:
    with runtime.transaction() as session:
        return posting.begin_attempt(session, delivery.id, "find", runtime.now())


def test_an_invoice_that_is_voided_while_the_ledger_takes_it_is_an_exception_and_stays_void(runtime: Runtime) -> None:
    def meanwhile(_: LedgerDocument) -> None:
        void(runtime)

    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    post(runtime, FakeLedger(on_post=meanwhile))
    assert len(voided_cases(runtime)) == 1
    assert (only(runtime, Document).state, only(runtime, Delivery).state) == ("void", "delivered")


def test_a_posting_that_somebody_is_about_to_send_is_not_stopped(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    with exclusive(runtime.engine, f"delivery:{only(runtime, Delivery).id}"):
        void(runtime)
    assert (only(runtime, Delivery).state, len(voided_cases(runtime))) == ("queued", 1)


@pytest.mark.parametrize("answer", [Rejected("The period is closed."), Transient("It is busy.")])
def test_a_ledger_that_did_not_take_a_void_invoice_ends_the_exception(
    runtime: Runtime, clock: FixedClock, answer: Rejected | Transient
) -> None:
    def meanwhile(_: LedgerDocument) -> None:
        void(runtime)

    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    ledger = FakeLedger(behaviour=[answer], on_post=meanwhile)
    post(runtime, ledger)
    clock.advance(hours=1)
    post(runtime, ledger)
    assert (ledger.creations, only(runtime, Delivery).state) == ([], "set_aside")
    assert {row.state for row in all_rows(runtime, Case)} == {"resolved"}


def test_money_on_an_invoice_that_is_voided_is_the_customers_again(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),), payments=(b.payment(amount_minor=10_000),))
    for _ in range(2):
        void(runtime)
    payment = only(runtime, Payment)
    assert (payment.unapplied_minor, payment.customer_id is not None) == (10_000, True)
    assert sorted(row.amount_minor for row in all_rows(runtime, Application)) == [-10_000, 10_000]
    assert only(runtime, Document).open_minor == 0
    for day in (date(2026, 10, 20), TODAY):
        found = figures(runtime, day)
        assert (found.open_total, found.unapplied) == (Decimal(0), Decimal(110))
    told = [event.sentence for event in invoice_detail(runtime, None, only(runtime, Document).id).timeline]
    assert [words for words in told if "100.00" in words] == ["EUR 100.00 paid", "EUR 100.00 taken back"]


def test_money_that_comes_for_a_void_invoice_stays_the_customers(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    void(runtime)
    record(runtime, b.PAYMENTS, payments=(b.payment(),))
    assert (only(runtime, Payment).unapplied_minor, only(runtime, Document).open_minor) == (23_800, 0)


def test_a_credit_memo_that_is_voided_before_it_is_approved_leaves_the_invoice_as_it_was(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    record(runtime, b.PAYMENTS, credit_memos=(b.credit_memo(issue_date=MEMO_DAY),))
    assert of_kind(runtime, "invoice").open_minor == 18_800
    for _ in range(2):
        record(runtime, b.PAYMENTS, credit_memos=(b.credit_memo(issue_date=MEMO_DAY, status="void"),))
    memo, invoice = of_kind(runtime, "credit_memo"), of_kind(runtime, "invoice")
    assert (memo.state, memo.open_minor, invoice.open_minor, invoice.settled_on) == ("void", 0, 23_800, None)
    approval = only(runtime, Approval)
    assert approval.state == "withdrawn"
    with pytest.raises(Refused):
        target = Target(approval.id, approval.revision)
        execute(runtime, DecideApprovals(targets=(target,), verdict="approve"), person(runtime, "Bo"))
    assert [row.document_id for row in all_rows(runtime, Delivery)] == [invoice.id]
    assert figures(runtime, TODAY).open_total == figures(runtime, MEMO_DAY).open_total == Decimal("261.80")


def test_a_posted_credit_memo_that_is_voided_is_an_exception(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    record(runtime, b.PAYMENTS, credit_memos=(b.credit_memo(issue_date=MEMO_DAY),))
    approval = only(runtime, Approval)
    target = Target(approval.id, approval.revision)
    execute(runtime, DecideApprovals(targets=(target,), verdict="approve"), person(runtime, "Bo"))
    post(runtime, FakeLedger())
    record(runtime, b.PAYMENTS, credit_memos=(b.credit_memo(issue_date=MEMO_DAY, status="void"),))
    memo, (case,) = of_kind(runtime, "credit_memo"), voided_cases(runtime)
    assert (memo.state, of_kind(runtime, "invoice").open_minor) == ("void", 23_800)
    assert (case.document_id, case.amount_minor) == (memo.id, -5_000)
    assert "Credit memo HC-000001-CN-01 was voided in Stripe, and stands in the ledger" in case.sentence


def test_money_that_a_void_credit_memo_had_left_over_pays_the_invoice(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    record(runtime, b.PAYMENTS, credit_memos=(b.credit_memo(issue_date=MEMO_DAY),))
    record(runtime, b.PAYMENTS, payments=(b.payment(),))
    assert only(runtime, Payment).unapplied_minor == 5_000
    record(runtime, b.PAYMENTS, credit_memos=(b.credit_memo(issue_date=MEMO_DAY, status="void"),))
    invoice = of_kind(runtime, "invoice")
    assert (only(runtime, Payment).unapplied_minor, invoice.open_minor) == (0, 0)
    assert invoice.settled_on == date(2026, 10, 20)


def test_an_invoice_on_hold_that_is_voided_has_no_exceptions_left(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(dear_invoice(1),))
    record(runtime, b.PAYMENTS, invoices=(dear_invoice(1, status="void"),))
    assert only(runtime, Document).state == "void"
    assert {row.state for row in all_rows(runtime, Case)} == {"resolved"}


def test_a_credit_memo_of_the_house_that_is_voided_where_it_was_sent_is_an_exception(runtime: Runtime) -> None:
    issue(runtime, posted_invoice(runtime), amount=Decimal("238.00"))
    agreed(runtime)
    posted(runtime)
    memo = of_kind(runtime, "credit_memo")
    for _ in range(2):
        gone = b.credit_memo(house_ref=str(memo.id), status="void")
        record(runtime, b.PAYMENTS, credit_memos=(gone,))
    (case,) = voided_cases(runtime)
    assert (case.document_id, case.amount_minor) == (memo.id, -23_800)
    assert f"Credit memo {memo.number} was voided in Stripe" in case.sentence
    assert of_kind(runtime, "credit_memo").state == "posted"


def test_what_was_paid_in_full_is_settled_by_its_payment_whatever_a_credit_memo_did_meanwhile(
    runtime: Runtime,
) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    record(runtime, b.PAYMENTS, payments=(b.payment(received_on=date(2026, 10, 20)),))
    memo = b.credit_memo(issue_date=date(2026, 10, 25))
    record(runtime, b.PAYMENTS, credit_memos=(memo,))
    record(runtime, b.PAYMENTS, credit_memos=(memo.model_copy(update={"status": "void"}),))
    (invoice,) = [row for row in all_rows(runtime, Document) if row.kind == "invoice"]
    assert (invoice.open_minor, invoice.settled_on) == (0, date(2026, 10, 20))


@pytest.mark.parametrize("is_disputed_first", [True, False])
def test_nothing_of_a_void_invoice_is_disputed(runtime: Runtime, is_disputed_first: bool) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    facts: list[dict[str, Any]] = [{"disputes": (b.dispute(),)}, {"invoices": (b.invoice(status="void"),)}]
    for fact in facts if is_disputed_first else reversed(facts):
        record(runtime, b.CRM if "disputes" in fact else b.PAYMENTS, **fact)
    invoice = only(runtime, Document)
    assert (invoice.state, invoice.is_disputed) == ("void", False)
