"""Usage is billed once, by one charge, whenever it comes: or somebody is told what it is worth."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.db.tables import Case, ScheduleItem
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import CorrectUsage, SummariseUsage, WithdrawCreditMemo
from core.workflow.command import Target
from core.workflow.commands import WaiveCases
from jobs.run_billing import bill_due, run_billing, run_unfinished
from tests import builders as b
from tests import work
from tests.billing import ENDS, HOUSE_METERED, STARTS, house_contract, seats, start, used
from tests.core.usage.house import CUSTOMER, meter
from tests.corrections import all_of, issue, only_of
from tests.fakes import NOON, FixedClock
from tests.metered import (
    AFTER_GRACE,
    END_OF_NOVEMBER,
    IN_GRACE,
    MID_NOVEMBER,
    billed_on,
    calls,
    came,
    count_calls,
    metered_house,
    nets,
    open_cases,
)
from tests.stores import Furniture
from tests.work import JOB, all_rows, person, record


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


@pytest.fixture
def metered(runtime: Runtime) -> Runtime:
    return metered_house(runtime)


# --- what came to nothing --------------------------------------------------------------------------------------------


def test_a_run_into_the_future_leaves_usage_open_that_may_still_come(metered: Runtime, clock: FixedClock) -> None:
    run_billing(metered, start(metered, "straight", date(2026, 12, 31)))
    assert {row.state for row in all_rows(metered, ScheduleItem)} == {"open"}
    clock.at = datetime(2026, 11, 8, tzinfo=UTC)
    came(metered, "a", 500, datetime(2026, 11, 7, tzinfo=UTC))
    billed_on(metered, clock, AFTER_GRACE)
    assert nets(metered) == [1_000_000]


def test_usage_that_comes_in_the_grace_of_a_period_without_any_is_billed(metered: Runtime, clock: FixedClock) -> None:
    billed_on(metered, clock, IN_GRACE)
    assert all_of(metered, "invoice") == []
    came(metered, "a", 500)
    billed_on(metered, clock, datetime(2026, 12, 1, 14, tzinfo=UTC))
    assert nets(metered) == [1_000_000]


def test_the_clock_asks_once_for_usage_that_is_none_while_its_grace_goes_on(
    metered: Runtime, clock: FixedClock
) -> None:
    clock.at = IN_GRACE
    assert bill_due(metered) == 1
    run_unfinished(metered)
    clock.advance(hours=1)
    assert bill_due(metered) == 0
    clock.advance(hours=11)
    assert bill_due(metered) == 1


def test_usage_after_the_grace_of_a_period_without_any_opens_it_again(metered: Runtime, clock: FixedClock) -> None:
    billed_on(metered, clock, AFTER_GRACE)
    assert [row.state for row in all_rows(metered, ScheduleItem) if row.period_start == STARTS] == ["billed"]
    came(metered, "a", 500)
    billed_on(metered, clock, datetime(2026, 12, 3, 14, tzinfo=UTC))
    assert nets(metered) == [1_000_000]
    assert open_cases(metered) == []


def test_usage_that_came_in_beside_the_run_is_found_when_days_are_summarised(
    metered: Runtime, clock: FixedClock
) -> None:
    billed_on(metered, clock, AFTER_GRACE)
    used(metered, 500, MID_NOVEMBER)
    execute(metered, SummariseUsage(since=NOON), JOB)
    billed_on(metered, clock, datetime(2026, 12, 3, 14, tzinfo=UTC))
    assert nets(metered) == [1_000_000]


def test_usage_within_what_is_included_is_billed_once_it_goes_beyond(runtime: Runtime, clock: FixedClock) -> None:
    count_calls(runtime)
    house_contract(runtime, (calls(charge=HOUSE_METERED.model_copy(update={"included_quantity": Decimal(100)})),))
    used(runtime, 80, MID_NOVEMBER)
    billed_on(runtime, clock, AFTER_GRACE)
    came(runtime, "a", 30)
    billed_on(runtime, clock, datetime(2026, 12, 3, 14, tzinfo=UTC))
    assert nets(runtime) == [20_000]


def test_a_period_closed_at_nothing_that_a_correction_has_billed_is_not_billed_again(
    metered: Runtime, clock: FixedClock
) -> None:
    """At no price 80 calls come to nothing; at 20.00 a correction bills 1,600.00 of them. Of 10 more, somebody is
    told."""
    house_contract(metered, (calls("0"),))
    used(metered, 80, MID_NOVEMBER)
    billed_on(metered, clock, AFTER_GRACE)
    house_contract(metered, (calls("20"),))
    billed_on(metered, clock, datetime(2027, 1, 2, 14, tzinfo=UTC))
    assert nets(metered) == [160_000]
    came(metered, "late", 10, MID_NOVEMBER)
    billed_on(metered, clock, datetime(2027, 1, 4, 14, tzinfo=UTC))
    assert nets(metered) == [160_000]
    (case,) = open_cases(metered)
    assert (case.amount_minor, case.evidence["quantity"]) == (20_000, "10")


# --- meters that nobody has set up -----------------------------------------------------------------------------------


def test_usage_of_an_unknown_meter_is_billed_only_once_the_meter_says_how_it_counts(
    runtime: Runtime, clock: FixedClock
) -> None:
    """500 and 510 in two hours: a sum of 1,010, or 510 at most."""
    house_contract(runtime, (calls(),))
    for id, value, hour in (("a", 500, 10), ("b", 510, 11)):
        came(runtime, id, value, datetime(2026, 11, 2, hour, tzinfo=UTC))
    billed_on(runtime, clock, AFTER_GRACE)
    assert nets(runtime) == []
    assert {row.code for row in all_rows(runtime, Case) if row.state == "open"} == {
        "usage.no_meter",
        "billing.unratable",
    }
    record(runtime, b.PAYMENTS, meters=(meter("api_calls", "max"),))
    assert open_cases(runtime, "usage.no_meter") == []
    clock.advance(days=1)
    billed_on(runtime, clock, clock.at)
    assert nets(runtime) == [1_020_000]
    assert open_cases(runtime, "billing.unratable") == []


def test_a_charge_whose_unknown_meter_counted_nothing_holds_up_no_invoice(runtime: Runtime, clock: FixedClock) -> None:
    house_contract(runtime, (seats(), calls(source_ref="802C")))
    billed_on(runtime, clock, AFTER_GRACE)
    assert sum(nets(runtime)) == 400_000


# --- what came after it was billed -----------------------------------------------------------------------------------


def test_late_usage_is_one_exception_with_all_of_it_and_what_it_is_worth(metered: Runtime, clock: FixedClock) -> None:
    used(metered, 30, MID_NOVEMBER)
    billed_on(metered, clock, AFTER_GRACE)
    for id in ("a", "b", "c"):
        came(metered, id, 500)
    (case,) = open_cases(metered)
    assert (case.amount_minor, case.currency, case.evidence["quantity"]) == (3_000_000, "EUR", "1,500")
    assert case.stake_minor == 3_300_000
    assert case.evidence["events"] == ["a", "b", "c"]
    assert "1,500, EUR 30,000.00 net" in case.sentence


def test_a_rebill_that_bills_the_late_usage_closes_its_exception_until_it_is_withdrawn(
    metered: Runtime, clock: FixedClock
) -> None:
    used(metered, 30, MID_NOVEMBER)
    billed_on(metered, clock, AFTER_GRACE)
    came(metered, "a", 500)
    issue(metered, only_of(metered, "invoice"), rebill=True)
    assert open_cases(metered) == []
    memo = only_of(metered, "credit_memo")
    withdraw = WithdrawCreditMemo(document=Target(memo.id, memo.revision), reason="Another way")
    execute(metered, withdraw, person(metered, "Ana"))
    assert [case.amount_minor for case in open_cases(metered)] == [1_000_000]


def test_usage_that_a_draft_will_still_bill_is_no_exception(metered: Runtime, clock: FixedClock) -> None:
    used(metered, 30, MID_NOVEMBER)
    billed_on(metered, clock, IN_GRACE)
    came(metered, "a", 500)
    assert open_cases(metered) == []
    billed_on(metered, clock, AFTER_GRACE)
    assert nets(metered) == [1_060_000]
    assert open_cases(metered) == []


def test_late_usage_that_was_let_go_is_not_asked_for_again(metered: Runtime, clock: FixedClock) -> None:
    used(metered, 30, MID_NOVEMBER)
    billed_on(metered, clock, AFTER_GRACE)
    came(metered, "a", 500)
    (case,) = open_cases(metered)
    waive = WaiveCases(targets=(Target(case.id, case.revision),), reason="Agreed with the customer")
    execute(metered, waive, person(metered, "Ana"))
    execute(metered, SummariseUsage(since=NOON), JOB)
    assert open_cases(metered) == []
    came(metered, "b", 1)
    assert [case.evidence["quantity"] for case in open_cases(metered)] == ["501"]


def test_usage_whose_customer_appears_after_billing_is_told(metered: Runtime, clock: FixedClock) -> None:
    used(metered, 30, MID_NOVEMBER)
    clock.at = datetime(2026, 11, 13, tzinfo=UTC)
    came(metered, "a", 500, MID_NOVEMBER, subject="cus_NEW")
    billed_on(metered, clock, AFTER_GRACE)
    record(metered, b.PAYMENTS, customers=(b.payer(source_ref="cus_NEW"),))
    execute(metered, SummariseUsage(since=None), JOB)
    assert [case.amount_minor for case in open_cases(metered)] == [1_000_000]


def test_a_correction_has_an_exception_of_its_own_and_late_usage_counts_beside_it(
    metered: Runtime, clock: FixedClock
) -> None:
    used(metered, 30, MID_NOVEMBER)
    billed_on(metered, clock, AFTER_GRACE)
    correct = CorrectUsage(
        customer_id=CUSTOMER,
        meter="api_calls",
        since=MID_NOVEMBER,
        until=END_OF_NOVEMBER,
        kind="add",
        quantity=Decimal(10),
        reason="A server was down",
    )
    execute(metered, correct, person(metered, "Ana"))
    came(metered, "a", 5)
    assert [case.amount_minor for case in open_cases(metered, "usage.corrected_after_billing")] == [20_000]
    assert [case.amount_minor for case in open_cases(metered)] == [10_000]


def test_the_exception_of_a_correction_closes_when_a_rebill_bills_it_and_is_told_anew_if_that_is_withdrawn(
    metered: Runtime, clock: FixedClock
) -> None:
    used(metered, 60, MID_NOVEMBER)
    billed_on(metered, clock, AFTER_GRACE)
    more = CorrectUsage(
        customer_id=CUSTOMER,
        meter="api_calls",
        since=MID_NOVEMBER,
        until=END_OF_NOVEMBER,
        kind="add",
        quantity=Decimal(40),
        reason="Counted too little",
    )
    execute(metered, more, person(metered, "Ana"))
    assert len(open_cases(metered, "usage.corrected_after_billing")) == 1
    issue(metered, only_of(metered, "invoice"), rebill=True)
    assert nets(metered) == [120_000, 200_000]
    assert open_cases(metered, "usage.corrected_after_billing") == []
    memo = only_of(metered, "credit_memo")
    gone = WithdrawCreditMemo(document=Target(memo.id, memo.revision), reason="The invoice stands")
    execute(metered, gone, person(metered, "Ana"))
    (case,) = open_cases(metered)
    assert case.amount_minor == 80_000


# --- one charge per meter --------------------------------------------------------------------------------------------


def test_two_contracts_that_count_the_same_usage_bill_none_of_it_until_one_ends(
    metered: Runtime, clock: FixedClock
) -> None:
    other = b.contract(source_ref="800B", number="CT-5002", starts_on=STARTS, ends_on=ENDS, billed_by="house")
    record(metered, b.CRM, contracts=(other,), order_lines=(calls(source_ref="803A", contract_ref="800B"),))
    used(metered, 30, MID_NOVEMBER)
    billed_on(metered, clock, AFTER_GRACE)
    assert all_of(metered, "invoice") == []
    sentences = [case.sentence for case in open_cases(metered, "billing.unratable")]
    assert len(sentences) == 2
    assert any("charged for by contract CT-5002 too" in sentence for sentence in sentences)
    moved = calls(source_ref="803A", contract_ref="800B", starts_on=date(2026, 12, 1))
    record(metered, b.CRM, order_lines=(moved,))
    clock.advance(hours=21)
    billed_on(metered, clock, clock.at)
    assert nets(metered) == [60_000]
    assert [case.evidence["contract"] for case in open_cases(metered, "billing.unratable")] == ["CT-5002"]


def test_a_second_contract_does_not_bill_again_what_the_first_has_billed(metered: Runtime, clock: FixedClock) -> None:
    used(metered, 30, MID_NOVEMBER)
    billed_on(metered, clock, AFTER_GRACE)
    other = b.contract(source_ref="800B", number="CT-5002", starts_on=STARTS, ends_on=ENDS, billed_by="house")
    record(metered, b.CRM, contracts=(other,), order_lines=(calls(source_ref="803A", contract_ref="800B"),))
    billed_on(metered, clock, clock.at)
    assert nets(metered) == [60_000]
    (case,) = open_cases(metered, "billing.unratable")
    assert "charged for by contract CT-5001 too" in case.sentence


@pytest.mark.parametrize(("ends_on", "expected"), [(date(2026, 11, 15), []), (date(2026, 11, 9), [20_000])])
def test_a_line_that_takes_over_a_meter_bills_only_when_the_one_before_has_ended(
    runtime: Runtime, clock: FixedClock, ends_on: date, expected: list[int]
) -> None:
    count_calls(runtime)
    lines = (calls("1", ends_on=ends_on), calls("2", source_ref="802B", starts_on=date(2026, 11, 10)))
    house_contract(runtime, lines)
    used(runtime, 100, MID_NOVEMBER)
    billed_on(runtime, clock, AFTER_GRACE)
    assert nets(runtime) == expected
    assert len(open_cases(runtime, "billing.unratable")) == (0 if expected else 1)
