"""Facts of a source that arrive in another order than they happened in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest

from core.canonical import DisputeRecord
from core.db.tables import Approval, Case, Customer, Delivery, Dispute, Document, DocumentLine, Payment
from core.ports import Ledger
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.command import Target
from core.workflow.commands import DecideApprovals, DecideReceived
from jobs.deliver import deliver
from tests import builders as b
from tests.corrections import posted_invoice
from tests.fakes import FakeLedger
from tests.stores import Furniture
from tests.work import JOB, all_rows, only, open_house, person, record

EARLY, LATE = datetime(2026, 10, 1, 9, tzinfo=UTC), datetime(2026, 10, 1, 10, tzinfo=UTC)
MEMO_DAY = date(2026, 10, 2)


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def one(runtime: Runtime, kind: str) -> Any:
    (row,) = [row for row in all_rows(runtime, Document) if row.kind == kind]
    return row


def open_codes(runtime: Runtime) -> set[str]:
    return {row.code for row in all_rows(runtime, Case) if row.state == "open"}


def test_an_invoice_that_is_known_to_be_void_is_not_brought_back_by_older_news(runtime: Runtime) -> None:
    receipt = record(runtime, b.PAYMENTS, invoices=(b.invoice(status="void"),))
    assert "new_invoices" not in receipt.result
    for status in ("open", "paid", "uncollectible"):
        record(runtime, b.PAYMENTS, invoices=(b.invoice(status=status),))
    row = only(runtime, Document)
    assert (row.state, row.open_minor, all_rows(runtime, Delivery)) == ("void", 0, [])


def test_a_void_invoice_whose_content_differs_is_void_and_never_released(runtime: Runtime) -> None:
    record(runtime, b.CRM, customers=(b.customer(is_on_hold=True),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    record(runtime, b.CRM, customers=(b.customer(),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(status="void", po_number="PO-9"),))
    assert only(runtime, Document).state == "void"


def test_a_deleted_draft_leaves_nothing_behind(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(status="deleted"),))
    assert all_rows(runtime, Document) == []


def test_money_for_an_invoice_that_is_known_to_be_void_is_its_customers(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, payments=(b.payment(),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(status="void"),))
    payment, customer = only(runtime, Payment), only(runtime, Customer)
    assert (payment.unapplied_minor, payment.customer_id) == (23_800, customer.id)


def test_an_older_snapshot_does_not_overwrite_a_newer_one(runtime: Runtime) -> None:
    record(runtime, b.CRM, customers=(b.customer(is_on_hold=True),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(po_number="NEW", told_at=LATE),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(po_number="OLD", told_at=EARLY),))
    assert only(runtime, Document).po_number == "NEW"


def test_news_that_change_nothing_make_what_is_here_newer_too(runtime: Runtime) -> None:
    record(runtime, b.CRM, customers=(b.customer(is_on_hold=True),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(po_number="NEW"),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(po_number="NEW", told_at=LATE),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(po_number="OLD", told_at=EARLY),))
    assert only(runtime, Document).po_number == "NEW"


@pytest.mark.parametrize("told_at", [LATE, None])
def test_news_of_the_same_second_and_news_without_one_are_taken(runtime: Runtime, told_at: datetime | None) -> None:
    record(runtime, b.CRM, customers=(b.customer(is_on_hold=True),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(po_number="FIRST", told_at=LATE),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(po_number="SECOND", told_at=told_at),))
    assert only(runtime, Document).po_number == "SECOND"


@pytest.mark.parametrize("told_at", [LATE, None])
def test_when_an_invoice_was_so_is_no_part_of_what_it_says(runtime: Runtime, told_at: datetime | None) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(told_at=EARLY),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(told_at=told_at),))
    assert all_rows(runtime, Case) == []


def test_an_older_snapshot_of_a_released_invoice_is_no_exception(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(told_at=LATE),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(po_number="OLD", told_at=EARLY),))
    assert all_rows(runtime, Case) == []


def test_what_is_open_follows_an_undecided_invoice_that_changes(runtime: Runtime) -> None:
    record(runtime, b.CRM, customers=(b.customer(is_on_hold=True),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(lines=(b.line(amount_minor=30_000, tax_minor=5_700),)),))
    row = only(runtime, Document)
    assert (row.total_minor, row.open_minor) == (35_700, 35_700)


def card_dispute(**facts: Any) -> DisputeRecord:
    named = {"source_ref": "dp_1", "kind": "card", "invoice_ref": "in_1", "invoice_number": None}
    return b.dispute(**{"source": b.PAYMENTS, "amount_minor": 5_000, **named, **facts})


@pytest.mark.parametrize("told_at", [EARLY, LATE, None])
def test_an_upheld_dispute_stays_upheld_when_what_comes_is_not_later(
    runtime: Runtime, told_at: datetime | None
) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    record(runtime, b.PAYMENTS, disputes=(card_dispute(state="upheld", closed_at=LATE, told_at=LATE),))
    record(runtime, b.PAYMENTS, disputes=(card_dispute(state="open", told_at=told_at),))
    row = only(runtime, Dispute)
    assert (row.state, row.closed_at, only(runtime, Document).is_disputed) == ("upheld", LATE, False)


def test_a_dispute_that_was_lost_is_won_when_that_is_told_later(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    record(runtime, b.PAYMENTS, disputes=(card_dispute(state="upheld", closed_at=EARLY, told_at=EARLY),))
    record(runtime, b.PAYMENTS, disputes=(card_dispute(state="rejected", closed_at=LATE, told_at=LATE),))
    row = only(runtime, Dispute)
    assert (row.state, row.closed_at) == ("rejected", LATE)


def test_a_case_that_the_crm_upheld_and_opens_again_is_in_dispute_again(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    record(runtime, b.CRM, disputes=(b.dispute(state="upheld", closed_at=LATE),))
    assert not only(runtime, Document).is_disputed
    record(runtime, b.CRM, disputes=(b.dispute(state="open", amount_minor=9_000),))
    row = only(runtime, Dispute)
    assert (row.state, row.closed_at, row.amount_minor) == ("open", None, 9_000)
    assert only(runtime, Document).is_disputed


def test_a_dispute_that_was_won_is_opened_by_a_later_appeal_and_not_by_an_older_fact(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    record(runtime, b.PAYMENTS, disputes=(card_dispute(state="rejected", closed_at=LATE, told_at=LATE),))
    record(runtime, b.PAYMENTS, disputes=(card_dispute(state="open", told_at=EARLY),))
    assert only(runtime, Dispute).state == "rejected"
    appeal = datetime(2026, 10, 9, tzinfo=UTC)
    record(runtime, b.PAYMENTS, disputes=(card_dispute(state="open", told_at=appeal),))
    assert (only(runtime, Dispute).state, only(runtime, Document).is_disputed) == ("open", True)


def test_a_credit_memo_that_is_known_to_be_void_reduces_nothing(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, credit_memos=(b.credit_memo(issue_date=MEMO_DAY, status="void"),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    record(runtime, b.PAYMENTS, credit_memos=(b.credit_memo(issue_date=MEMO_DAY),))
    assert (one(runtime, "credit_memo").state, one(runtime, "invoice").open_minor) == ("void", 23_800)
    assert all_rows(runtime, Approval) == []


@pytest.mark.parametrize("order", list(permutations(("invoices", "credit_memos", "payments"))))
def test_an_invoice_its_credit_memo_and_its_payment_come_to_the_same_in_any_order(
    runtime: Runtime, order: tuple[str, ...]
) -> None:
    facts = {
        "invoices": (b.invoice(),),
        "credit_memos": (b.credit_memo(issue_date=MEMO_DAY),),
        "payments": (b.payment(amount_minor=18_800),),
    }
    for kind in order:
        record(runtime, b.PAYMENTS, **{kind: facts[kind]})
    invoice, memo = one(runtime, "invoice"), one(runtime, "credit_memo")
    assert (invoice.state, invoice.open_minor, memo.state, memo.open_minor) == ("released", 0, "awaiting_approval", 0)
    assert (memo.corrects_id, memo.customer_id, memo.entity) == (invoice.id, invoice.customer_id, "DE")
    assert (memo.customer_name, memo.contract_number) == (invoice.customer_name, "CT-5001")
    assert {line.product_code for line in all_rows(runtime, DocumentLine)} == {"HC-CORE"}
    assert open_codes(runtime) == set()
    (approval,) = [row for row in all_rows(runtime, Approval) if row.state == "waiting"]
    target = Target(approval.id, approval.revision)
    execute(runtime, DecideApprovals(targets=(target,), verdict="approve"), person(runtime, "Bo"))
    ledger = FakeLedger()
    ledgers: dict[str, Ledger] = {"netsuite": ledger}
    for row in all_rows(runtime, Delivery):
        deliver(runtime, ledgers, row.id)
    assert sorted(ledger.creations) == ["stripe_cn_1", "stripe_in_1"]


def test_a_credit_memo_finds_an_invoice_of_the_house_that_its_source_names_later(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    memo = b.credit_memo(invoice_ref="in_own", issue_date=MEMO_DAY)
    record(runtime, b.PAYMENTS, credit_memos=(memo,))
    assert "credit.unknown_invoice" in open_codes(runtime)
    record(runtime, b.PAYMENTS, invoices=(b.invoice(source_ref="in_own", house_ref=str(invoice.id)),))
    found = one(runtime, "credit_memo")
    assert (found.corrects_id, found.customer_id, found.open_minor) == (invoice.id, invoice.customer_id, 0)
    assert one(runtime, "invoice").open_minor == invoice.total_minor - 5_000
    assert open_codes(runtime) == set()


def test_what_else_is_wrong_with_a_credit_memo_stays_when_its_invoice_comes(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, credit_memos=(b.credit_memo(issue_date=MEMO_DAY, reason=None),))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    memo = one(runtime, "credit_memo")
    assert (memo.state, memo.corrects_id) == ("on_hold", one(runtime, "invoice").id)
    assert open_codes(runtime) == {"credit.no_reason"}


def test_a_credit_memo_that_comes_first_while_history_is_read_is_decided_with_the_rest(runtime: Runtime) -> None:
    memos = (b.credit_memo(issue_date=MEMO_DAY),)
    record(runtime, b.PAYMENTS, credit_memos=memos, is_backfill=True)
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),), is_backfill=True)
    assert {row.state for row in all_rows(runtime, Document)} == {"received"}
    execute(runtime, DecideReceived(source=b.PAYMENTS), JOB)
    assert (one(runtime, "invoice").state, one(runtime, "credit_memo").state) == ("released", "awaiting_approval")
    assert one(runtime, "invoice").open_minor == 18_800
