"""Who creates or changes a document, however indirectly, does not approve it; and nobody else is kept from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

import pytest
from sqlalchemy import select

from core.db.tables import Approval, BillingRun, Case, Document, User
from core.db.tables import ScheduleItem as Item
from core.kit.errors import Forbidden
from core.kit.ids import new_id
from core.reporting.approval_evidence import approval_evidence
from core.runtime import Runtime
from core.workflow import Actor, execute
from core.workflow import commands as c
from core.workflow.billing_commands import CorrectUsage, ReleaseInvoices, ReleaseRun, ResumeRun, StartBillingRun
from core.workflow.command import Target
from jobs.run_billing import bill_due, run_unfinished
from tests import builders as b
from tests import work
from tests.billing import TODAY, house_contract, seats, used
from tests.core.usage.house import CUSTOMER
from tests.corrections import agreed, all_of, issue, only_of, posted, posted_invoice
from tests.fakes import FixedClock
from tests.metered import AFTER_GRACE, IN_GRACE, billed_on, calls, count_calls, metered_house
from tests.stores import Furniture
from tests.work import all_rows, person

NOVEMBER, DECEMBER = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)

IN_JANUARY = datetime(2027, 1, 2, 14, tzinfo=UTC)


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def big_contract(runtime: Runtime) -> None:
    """47,600.00 EUR a month, for which somebody has to be asked."""
    house_contract(runtime, (seats(quantity=Decimal(2000)),))


def started(runtime: Runtime, who: str, mode: Literal["review", "straight"], through: date = TODAY) -> None:
    execute(runtime, StartBillingRun(name="November", through=through, mode=mode), person(runtime, who))
    run_unfinished(runtime)


def released(runtime: Runtime, who: str) -> None:
    (run,) = all_rows(runtime, BillingRun)
    execute(runtime, ReleaseRun(run=Target(run.id, run.revision)), person(runtime, who))
    run_unfinished(runtime)


def corrected(runtime: Runtime, who: str, quantity: int, kind: Literal["add", "replace"] = "replace") -> None:
    wish = CorrectUsage(
        customer_id=CUSTOMER,
        meter="api_calls",
        since=NOVEMBER,
        until=DECEMBER,
        kind=kind,
        quantity=Decimal(quantity),
        reason="Counted again",
    )
    execute(runtime, wish, person(runtime, who))


def waiting(runtime: Runtime) -> Approval:
    row: Approval
    (row,) = [row for row in all_rows(runtime, Approval) if row.state == "waiting"]
    return row


def approve(runtime: Runtime, who: Actor) -> None:
    row = waiting(runtime)
    execute(runtime, c.DecideApprovals(targets=(Target(row.id, row.revision),), verdict="approve"), who)


def named(runtime: Runtime, row: Document) -> list[str]:
    """Who is kept from approving it, by first names."""
    people = {str(user.id): user.name.split()[0] for user in all_rows(runtime, User)}
    return sorted(people[id] for id in row.changed_by)


def refused(runtime: Runtime, names: Iterable[str]) -> None:
    """They may not approve it, they were not asked, and the page names them; somebody else may."""
    approval = waiting(runtime)
    barred = [person(runtime, name) for name in names]
    for who in barred:
        with pytest.raises(Forbidden, match="four eyes"):
            approve(runtime, who)
    assert approval.assignee_id not in {who.user_id for who in barred}
    told = approval_evidence(runtime, person(runtime, "Bo"), approval.id)
    assert told is not None and set(told.changed_by) >= {who.name for who in barred}
    others = [who for who in (person(runtime, "Bo"), person(runtime, "Chen")) if who not in barred]
    approve(runtime, others[0])
    assert {row.state for row in all_rows(runtime, Document) if row.id == approval.document_id} == {"released"}


def test_who_started_a_run_does_not_approve_what_it_makes(runtime: Runtime) -> None:
    big_contract(runtime)
    started(runtime, "Chen", "straight")
    assert only_of(runtime, "invoice").state == "awaiting_approval"
    refused(runtime, ["Chen"])


def test_who_released_a_run_does_not_approve_what_goes_out_with_it(runtime: Runtime) -> None:
    big_contract(runtime)
    started(runtime, "Ana", "review")
    released(runtime, "Chen")
    assert named(runtime, only_of(runtime, "invoice")) == ["Ana", "Chen"]
    refused(runtime, ["Chen"])


def test_who_released_an_invoice_by_hand_does_not_approve_it(runtime: Runtime) -> None:
    big_contract(runtime)
    started(runtime, "Ana", "review")
    row = only_of(runtime, "invoice")
    execute(runtime, ReleaseInvoices(targets=(Target(row.id, row.revision),)), person(runtime, "Chen"))
    refused(runtime, ["Chen"])


def test_who_released_what_is_held_first_does_not_approve_it_later(runtime: Runtime) -> None:
    big_contract(runtime)
    started(runtime, "Ana", "review")
    work.record(runtime, b.CRM, customers=(b.customer(is_on_hold=True),))
    released(runtime, "Chen")
    assert only_of(runtime, "invoice").state == "on_hold"
    work.record(runtime, b.CRM, customers=(b.customer(is_on_hold=False),))
    refused(runtime, ["Chen"])


def test_who_resumed_a_run_does_not_approve_what_it_makes_then(runtime: Runtime) -> None:
    house_contract(runtime, (seats(quantity=Decimal(2000)),), customer_ref="001MISSING")
    bill_due(runtime)
    run_unfinished(runtime)
    work.record(runtime, b.CRM, customers=(b.customer(source_ref="001MISSING", name="Late Ltd"),))
    (run,) = all_rows(runtime, BillingRun)
    execute(runtime, ResumeRun(run=Target(run.id, run.revision)), person(runtime, "Chen"))
    run_unfinished(runtime)
    refused(runtime, ["Chen"])


@pytest.mark.parametrize("has_failed_parts", [True, False])
def test_who_resumed_a_run_may_approve_what_it_had_drafted_before(
    runtime: Runtime, clock: FixedClock, has_failed_parts: bool
) -> None:
    metered_house(runtime)
    used(runtime, 3000, datetime(2026, 11, 5, tzinfo=UTC))
    if has_failed_parts:
        lost = calls(source_ref="802L", contract_ref="800L")
        contract = b.contract(source_ref="800L", number="C-LOST", customer_ref="001MISSING", billed_by="house")
        work.record(runtime, b.CRM, contracts=(contract,), order_lines=(lost,))
    billed_on(runtime, clock, IN_GRACE)
    (run,) = all_rows(runtime, BillingRun)
    resumed = execute(runtime, ResumeRun(run=Target(run.id, run.revision)), person(runtime, "Chen"))
    assert resumed.result["n"] == int(has_failed_parts)
    run_unfinished(runtime)
    billed_on(runtime, clock, AFTER_GRACE)
    row = only_of(runtime, "invoice")
    assert (row.state, row.changed_by) == ("awaiting_approval", [])
    approve(runtime, person(runtime, "Chen"))


def test_what_the_clock_bills_is_nobodys(runtime: Runtime) -> None:
    big_contract(runtime)
    bill_due(runtime)
    run_unfinished(runtime)
    assert only_of(runtime, "invoice").changed_by == []
    approve(runtime, person(runtime, "Chen"))
    assert only_of(runtime, "invoice").state == "released"


def test_what_needs_no_approval_goes_out_whoever_started_the_run(runtime: Runtime) -> None:
    house_contract(runtime)
    started(runtime, "Chen", "straight")
    row = only_of(runtime, "invoice")
    assert (row.state, named(runtime, row), all_rows(runtime, Approval)) == ("released", ["Chen"], [])


def test_who_corrected_the_usage_of_a_draft_does_not_approve_it(runtime: Runtime, clock: FixedClock) -> None:
    metered_house(runtime)
    used(runtime, 100, datetime(2026, 11, 5, tzinfo=UTC))
    clock.at = IN_GRACE
    started(runtime, "Ana", "review", IN_GRACE.date())
    corrected(runtime, "Chen", 3000)
    clock.at = AFTER_GRACE
    released(runtime, "Ana")
    assert only_of(runtime, "invoice").subtotal_minor == 6_000_000
    refused(runtime, ["Chen"])


def test_who_corrected_usage_before_it_was_drafted_does_not_approve_the_draft(
    runtime: Runtime, clock: FixedClock
) -> None:
    metered_house(runtime)
    used(runtime, 100, datetime(2026, 11, 5, tzinfo=UTC))
    clock.at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    corrected(runtime, "Chen", 3000)
    billed_on(runtime, clock, AFTER_GRACE)
    refused(runtime, ["Chen"])


def test_usage_that_somebody_corrected_in_another_month_keeps_nobody_from_approving(
    runtime: Runtime, clock: FixedClock
) -> None:
    metered_house(runtime)
    used(runtime, 3000, datetime(2026, 12, 5, tzinfo=UTC))
    clock.at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    corrected(runtime, "Chen", 5)
    billed_on(runtime, clock, AFTER_GRACE)
    billed_on(runtime, clock, datetime(2027, 1, 2, 14, tzinfo=UTC))
    first, second = sorted(all_of(runtime, "invoice"), key=lambda row: row.subtotal_minor)
    assert (named(runtime, first), named(runtime, second)) == (["Chen"], [])


def test_usage_that_uses_up_a_commitment_counts_in_every_later_month_of_the_term(
    runtime: Runtime, clock: FixedClock
) -> None:
    count_calls(runtime)
    terms = calls().charge.model_copy(update={"commit_amount": Decimal(1000)})
    house_contract(runtime, (calls(charge=terms),))
    clock.at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    corrected(runtime, "Chen", 45)
    used(runtime, 3000, datetime(2026, 12, 5, tzinfo=UTC))
    billed_on(runtime, clock, AFTER_GRACE)
    billed_on(runtime, clock, datetime(2027, 1, 2, 14, tzinfo=UTC))
    december = all_of(runtime, "invoice")[-1]
    assert (december.period_start, december.discount_minor + december.subtotal_minor) == (date(2026, 12, 1), 5_990_000)
    refused(runtime, ["Chen"])


def test_who_bills_again_and_who_corrected_what_is_billed_again_both_had_a_hand_in_it(
    runtime: Runtime, clock: FixedClock
) -> None:
    metered_house(runtime)
    used(runtime, 100, datetime(2026, 11, 5, tzinfo=UTC))
    billed_on(runtime, clock, AFTER_GRACE)
    corrected(runtime, "Chen", 3000)
    issue(runtime, only_of(runtime, "invoice"), rebill=True)
    memo, draft = only_of(runtime, "credit_memo"), all_of(runtime, "invoice")[1]
    assert (named(runtime, memo), named(runtime, draft)) == (["Ana", "Chen"], ["Ana", "Chen"])
    agreed(runtime, "Bo")
    assert all_of(runtime, "invoice")[1].state == "awaiting_approval"
    refused(runtime, ["Chen"])


def test_who_took_out_what_was_billed_does_not_approve_that_it_is_given_back(
    runtime: Runtime, clock: FixedClock
) -> None:
    metered_house(runtime)
    used(runtime, 300, datetime(2026, 11, 5, tzinfo=UTC))
    billed_on(runtime, clock, AFTER_GRACE)
    corrected(runtime, "Chen", 100)
    issue(runtime, only_of(runtime, "invoice"), rebill=True)
    refused(runtime, ["Chen"])


def corrected_and_billed(runtime: Runtime, clock: FixedClock, quantity: int = 300) -> None:
    """Chen counts calls of November before they are billed."""
    metered_house(runtime)
    used(runtime, 100, datetime(2026, 11, 5, tzinfo=UTC))
    clock.at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    corrected(runtime, "Chen", quantity)
    billed_on(runtime, clock, AFTER_GRACE)
    agreed(runtime, "Bo")
    posted(runtime)


def test_who_corrected_usage_does_not_approve_what_a_lower_price_of_it_gives_back(
    runtime: Runtime, clock: FixedClock
) -> None:
    corrected_and_billed(runtime, clock)
    work.record(runtime, b.CRM, order_lines=(calls("10"),))
    billed_on(runtime, clock, IN_JANUARY)
    memo = only_of(runtime, "credit_memo")
    assert (memo.subtotal_minor, named(runtime, memo)) == (-300_000, ["Chen"])
    refused(runtime, ["Chen"])


def test_who_corrected_usage_does_not_approve_what_a_higher_price_of_it_charges_later(
    runtime: Runtime, clock: FixedClock
) -> None:
    corrected_and_billed(runtime, clock, 3000)
    work.record(runtime, b.CRM, order_lines=(calls("40"),))
    billed_on(runtime, clock, IN_JANUARY)
    assert all_of(runtime, "invoice")[-1].subtotal_minor == 6_000_000
    refused(runtime, ["Chen"])


def test_who_corrected_usage_does_not_approve_that_a_person_gives_all_of_it_back(
    runtime: Runtime, clock: FixedClock
) -> None:
    corrected_and_billed(runtime, clock)
    issue(runtime, only_of(runtime, "invoice"))
    assert named(runtime, only_of(runtime, "credit_memo")) == ["Ana", "Chen"]
    refused(runtime, ["Chen"])


def test_usage_that_somebody_corrected_keeps_nobody_from_approving_an_amount_that_another_person_names(
    runtime: Runtime, clock: FixedClock
) -> None:
    corrected_and_billed(runtime, clock)
    issue(runtime, only_of(runtime, "invoice"), reason="goodwill", amount=Decimal(50))
    assert named(runtime, only_of(runtime, "credit_memo")) == ["Ana"]


def test_usage_that_somebody_corrected_after_it_was_billed_keeps_nobody_from_approving_its_new_price(
    runtime: Runtime, clock: FixedClock
) -> None:
    metered_house(runtime)
    used(runtime, 3000, datetime(2026, 11, 5, tzinfo=UTC))
    billed_on(runtime, clock, AFTER_GRACE)
    agreed(runtime, "Bo")
    posted(runtime)
    clock.advance(hours=1)
    corrected(runtime, "Chen", 100)
    work.record(runtime, b.CRM, order_lines=(calls("10"),))
    billed_on(runtime, clock, IN_JANUARY)
    memo = only_of(runtime, "credit_memo")
    assert (memo.subtotal_minor, named(runtime, memo)) == (-3_000_000, [])


def test_who_started_a_run_does_not_approve_the_credit_memo_that_it_makes(runtime: Runtime, clock: FixedClock) -> None:
    posted_invoice(runtime, billing_frequency="annual")
    agreed(runtime)
    posted(runtime)
    fewer = seats(source_ref="802B", root_ref="802A", quantity=Decimal(-10), starts_on=date(2027, 1, 1))
    work.record(runtime, b.CRM, order_lines=(fewer,))
    clock.advance(days=60)
    started(runtime, "Chen", "straight", runtime.today())
    assert only_of(runtime, "credit_memo").state == "awaiting_approval"
    refused(runtime, ["Chen"])


def test_who_has_an_invoice_drawn_anew_does_not_approve_it(runtime: Runtime) -> None:
    """As for what was drafted before contracts were followed."""
    work.record(runtime, b.CRM, customers=(b.customer(is_on_hold=True),))
    big_contract(runtime)
    bill_due(runtime)
    run_unfinished(runtime)
    with runtime.transaction() as session:
        for item in session.scalars(select(Item).where(Item.document_id.is_not(None))):
            item.terms_id = new_id()
        session.scalars(select(Document)).one().content_hash = "of before"
    (case,) = [row for row in all_rows(runtime, Case) if row.state == "open"]
    execute(runtime, c.RevalidateCases(targets=(Target(case.id, case.revision),)), person(runtime, "Chen"))
    assert named(runtime, only_of(runtime, "invoice")) == ["Chen"]
    work.record(runtime, b.CRM, customers=(b.customer(is_on_hold=False),))
    refused(runtime, ["Chen"])
