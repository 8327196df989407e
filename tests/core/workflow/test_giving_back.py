"""A contract that shrinks by more than it is to pay gets credit memos, and its charges are billed as ever."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from core.canonical import OrderLineRecord
from core.db.tables import BillingRun, Case, Document
from core.db.tables import ScheduleItem as Item
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import CancelRun, ReleaseRun, WithdrawCreditMemo
from core.workflow.billing_runs import preview
from core.workflow.command import Target
from jobs.run_billing import bill_due, run_billing, run_unfinished
from tests import builders as b
from tests import work
from tests.billing import ENDS, STARTS, house_contract, seats, start
from tests.corrections import agreed, all_of, only_of, posted, posted_invoice
from tests.fakes import FixedClock
from tests.stores import Furniture


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def bill(runtime: Runtime) -> None:
    bill_due(runtime)
    run_unfinished(runtime)
    posted(runtime)


def open_adjustments(runtime: Runtime) -> list[int | None]:
    found = [item for item in work.all_rows(runtime, Item) if item.kind == "adjustment" and item.state == "open"]
    return [item.expected_minor for item in found]


def year_paid_ahead(runtime: Runtime, lines: tuple[OrderLineRecord, ...] | None = None) -> Document:
    """24,000.00 net, agreed and posted."""
    posted_invoice(runtime, lines, billing_frequency="annual")
    agreed(runtime)
    posted(runtime)
    return only_of(runtime, "invoice")


def downgrade(runtime: Runtime) -> None:
    """50 of 100 seats of a year paid ahead, from New Year on."""
    half = seats(source_ref="802B", root_ref="802A", quantity=Decimal(-50), starts_on=date(2027, 1, 1))
    work.record(runtime, b.CRM, order_lines=(half,))


def test_a_downgrade_of_a_year_paid_ahead_becomes_a_credit_memo_that_somebody_agrees_to(
    runtime: Runtime, clock: FixedClock
) -> None:
    invoice = year_paid_ahead(runtime)
    clock.advance(days=60)
    downgrade(runtime)
    (owed,) = open_adjustments(runtime)
    assert owed is not None and owed < 0
    bill(runtime)
    memo = only_of(runtime, "credit_memo")
    assert (memo.state, memo.subtotal_minor, memo.corrects_id) == ("awaiting_approval", owed, invoice.id)
    assert open_adjustments(runtime) == [] and work.all_rows(runtime, Case) == []
    agreed(runtime)
    posted(runtime)
    bill(runtime)
    clock.advance(days=20)
    bill(runtime)
    assert (len(all_of(runtime, "credit_memo")), len(all_of(runtime, "invoice"))) == (1, 1)
    assert only_of(runtime, "invoice").open_minor == invoice.total_minor + only_of(runtime, "credit_memo").total_minor


def test_a_preview_counts_the_credit_memos_that_the_run_then_makes(runtime: Runtime, clock: FixedClock) -> None:
    year_paid_ahead(runtime)
    clock.advance(days=60)
    downgrade(runtime)
    *_, told = preview(runtime, work.person(runtime, "Ana"), runtime.today())
    assert (told.credit_memos, told.invoices, told.failures) == (1, 0, [])
    assert all_of(runtime, "credit_memo") == []
    bill(runtime)
    memo = only_of(runtime, "credit_memo")
    assert told.credited == {("DE", "EUR"): -memo.total_minor}


def test_a_preview_names_a_credit_for_which_no_invoice_leaves_enough(runtime: Runtime, clock: FixedClock) -> None:
    house_contract(runtime, billing_frequency="annual")
    bill_due(runtime)
    run_unfinished(runtime)
    agreed(runtime)
    downgrade(runtime)
    clock.advance(days=60)
    *_, told = preview(runtime, work.person(runtime, "Ana"), runtime.today())
    assert told.credit_memos == 0
    ((contract, reason),) = told.failures
    assert contract == "CT-5001" and "do not leave enough to credit" in reason


def test_seats_that_come_back_are_billed_again(runtime: Runtime, clock: FixedClock) -> None:
    year_paid_ahead(runtime)
    downgrade(runtime)
    clock.advance(days=20)
    bill(runtime)
    memo = only_of(runtime, "credit_memo")
    again = seats(source_ref="802C", root_ref="802A", quantity=Decimal(50), starts_on=date(2027, 1, 1))
    work.record(runtime, b.CRM, order_lines=(again,))
    assert open_adjustments(runtime) == [-memo.subtotal_minor]


def test_an_early_end_of_a_year_paid_ahead_gives_back_what_is_left_of_it(runtime: Runtime, clock: FixedClock) -> None:
    invoice = year_paid_ahead(runtime)
    clock.advance(days=119)
    ended = b.contract(
        starts_on=STARTS, ends_on=date(2027, 2, 28), billed_by="house", billing_frequency="annual", status="expired"
    )
    work.record(runtime, b.CRM, contracts=(ended,))
    bill(runtime)
    memo = only_of(runtime, "credit_memo")
    days = (ENDS - date(2027, 2, 28)).days
    assert -memo.subtotal_minor == pytest.approx(invoice.subtotal_minor * days / 365, rel=0.01)
    assert open_adjustments(runtime) == []


def test_what_is_due_beside_it_is_billed(runtime: Runtime, clock: FixedClock) -> None:
    extra = seats(source_ref="802Z", quantity=Decimal(10), description="Extra")
    year_paid_ahead(runtime, (seats(), extra))
    again = seats(source_ref="802Y", quantity=Decimal(5), description="More", starts_on=date(2026, 12, 1))
    work.record(runtime, b.CRM, order_lines=(again, seats(quantity=Decimal(20))))
    clock.advance(days=30)
    bill(runtime)
    memo, new = only_of(runtime, "credit_memo"), all_of(runtime, "invoice")[-1]
    assert memo.subtotal_minor == -80 * 2_000 * 12
    assert (new.state, new.subtotal_minor) == ("posted", 110_137)


def test_a_memo_that_is_withdrawn_leaves_the_correction_due_again(runtime: Runtime, clock: FixedClock) -> None:
    year_paid_ahead(runtime)
    downgrade(runtime)
    clock.advance(days=20)
    (owed,) = open_adjustments(runtime)
    bill(runtime)
    memo = only_of(runtime, "credit_memo")
    gone = WithdrawCreditMemo(document=Target(memo.id, memo.revision), reason="Not before the contract is signed")
    execute(runtime, gone, work.person(runtime, "Ana"))
    assert open_adjustments(runtime) == [owed]


def reviewed(runtime: Runtime, clock: FixedClock) -> BillingRun:
    year_paid_ahead(runtime)
    downgrade(runtime)
    clock.advance(days=60)
    run_id = start(runtime, "review", date(2027, 1, 2))
    run_billing(runtime, run_id)
    found: dict[UUID, BillingRun] = {row.id: row for row in work.all_rows(runtime, BillingRun)}
    return found[run_id]


def test_the_memo_of_a_reviewed_run_waits_until_somebody_releases_the_run(runtime: Runtime, clock: FixedClock) -> None:
    run = reviewed(runtime, clock)
    agreed(runtime)
    assert (run.state, only_of(runtime, "credit_memo").state) == ("review", "draft")
    assert open_adjustments(runtime) == []
    execute(runtime, ReleaseRun(run=Target(run.id, run.revision)), work.person(runtime, "Ana"))
    run_billing(runtime, run.id)
    assert only_of(runtime, "credit_memo").state == "awaiting_approval"
    agreed(runtime)
    assert only_of(runtime, "credit_memo").state == "released"


def test_a_run_that_is_cancelled_takes_its_memo_with_it_and_leaves_the_correction_due(
    runtime: Runtime, clock: FixedClock
) -> None:
    run = reviewed(runtime, clock)
    cancel = CancelRun(run=Target(run.id, run.revision), reason="Too early")
    execute(runtime, cancel, work.person(runtime, "Ana"))
    assert only_of(runtime, "credit_memo").state == "void"
    assert len(open_adjustments(runtime)) == 1


def test_a_contract_that_gets_another_number_is_credited_once(runtime: Runtime, clock: FixedClock) -> None:
    year_paid_ahead(runtime)
    downgrade(runtime)
    clock.advance(days=60)
    bill(runtime)
    agreed(runtime)
    posted(runtime)
    renumbered = b.contract(
        number="CT-5001-N", starts_on=STARTS, ends_on=ENDS, billed_by="house", billing_frequency="annual"
    )
    work.record(runtime, b.CRM, contracts=(renumbered,))
    assert open_adjustments(runtime) == []
    clock.advance(days=3)
    bill(runtime)
    assert [row.state for row in all_of(runtime, "credit_memo")] == ["posted"]


def test_without_a_posted_invoice_to_credit_somebody_is_told(runtime: Runtime, clock: FixedClock) -> None:
    house_contract(runtime, billing_frequency="annual")
    bill_due(runtime)
    run_unfinished(runtime)
    agreed(runtime)
    downgrade(runtime)
    clock.advance(days=20)
    bill_due(runtime)
    run_unfinished(runtime)
    assert work.only(runtime, Document).kind == "invoice"
    (case,) = work.all_rows(runtime, Case)
    assert case.code == "billing.negative_total" and "do not leave enough to credit" in case.sentence
    posted(runtime)
    clock.advance(days=2)
    bill(runtime)
    assert only_of(runtime, "credit_memo").state == "awaiting_approval"
    assert work.only(runtime, Case).state == "resolved"
