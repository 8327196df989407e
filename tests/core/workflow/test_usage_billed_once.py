"""Usage is billed once, by one charge, whenever it comes: or somebody is told what it is worth."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.canonical import ChargeTerms, OrderLineRecord
from core.db.tables import Case, Document, DocumentLine, ScheduleItem
from core.runtime import Runtime
from core.usage.store import save_meters
from core.workflow import execute
from core.workflow.billing_commands import CorrectUsage, RecordUsage, SummariseUsage, WithdrawCreditMemo
from core.workflow.command import Target
from core.workflow.commands import WaiveCases
from jobs.run_billing import bill_due, run_billing, run_unfinished
from tests import builders as b
from tests import work
from tests.billing import ENDS, HOUSE_METERED, STARTS, house_contract, seats, start, used
from tests.core.usage.house import CUSTOMER, meter, usage
from tests.corrections import agreed, all_of, issue, only_of, posted
from tests.fakes import NOON, FixedClock
from tests.stores import Furniture
from tests.work import JOB, all_rows, person, record

MID_NOVEMBER = datetime(2026, 11, 12, tzinfo=UTC)
END_OF_NOVEMBER = datetime(2026, 11, 30, 23, tzinfo=UTC)
IN_GRACE, AFTER_GRACE = datetime(2026, 12, 1, 1, tzinfo=UTC), datetime(2026, 12, 2, 14, tzinfo=UTC)


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


@pytest.fixture
def metered(runtime: Runtime) -> Runtime:
    with runtime.transaction() as session:
        save_meters(session, [meter("api_calls", "sum")], NOON)
    house_contract(runtime, (calls(),))
    return runtime


def calls(price: str = "20", **facts: Any) -> OrderLineRecord:
    """API calls at a price each."""
    return seats(**{"quantity": Decimal(0), "unit_price": Decimal(price), "charge": HOUSE_METERED, **facts})


def came(runtime: Runtime, id: str, value: int, at: datetime = END_OF_NOVEMBER, **facts: Any) -> None:
    execute(runtime, RecordUsage(key_id=None, events=(usage(id, value, at, **facts),)), JOB)


def billed_on(runtime: Runtime, clock: FixedClock, at: datetime) -> None:
    clock.at = at
    bill_due(runtime)
    run_unfinished(runtime)
    posted(runtime)


def nets(runtime: Runtime) -> list[int]:
    return [row.subtotal_minor for row in all_of(runtime, "invoice") if row.state != "void"]


def open_cases(runtime: Runtime, code: str = "usage.after_billing") -> list[Case]:
    return [row for row in all_rows(runtime, Case) if row.state == "open" and row.code == code]


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
    with runtime.transaction() as session:
        save_meters(session, [meter("api_calls", "sum")], NOON)
    house_contract(runtime, (calls(charge=HOUSE_METERED.model_copy(update={"included_quantity": Decimal(100)})),))
    used(runtime, 80, MID_NOVEMBER)
    billed_on(runtime, clock, AFTER_GRACE)
    came(runtime, "a", 30)
    billed_on(runtime, clock, datetime(2026, 12, 3, 14, tzinfo=UTC))
    assert nets(runtime) == [20_000]


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
    with runtime.transaction() as session:
        save_meters(session, [meter("api_calls", "sum")], NOON)
    lines = (calls("1", ends_on=ends_on), calls("2", source_ref="802B", starts_on=date(2026, 11, 10)))
    house_contract(runtime, lines)
    used(runtime, 100, MID_NOVEMBER)
    billed_on(runtime, clock, AFTER_GRACE)
    assert nets(runtime) == expected
    assert len(open_cases(runtime, "billing.unratable")) == (0 if expected else 1)


# --- commitments -----------------------------------------------------------------------------------------------------

COMMITTED = ChargeTerms(kind="usage", meter="api_calls", commit_amount=Decimal(1000))


def test_a_commitment_is_there_anew_when_its_term_is_renewed(runtime: Runtime, clock: FixedClock) -> None:
    with runtime.transaction() as session:
        save_meters(session, [meter("api_calls", "sum")], NOON)
    house_contract(runtime, (calls("1", charge=COMMITTED),), auto_renews=True, renewal_months=12)
    used(runtime, 1000, MID_NOVEMBER)
    billed_on(runtime, clock, AFTER_GRACE)
    used(runtime, 400, datetime(2027, 11, 5, tzinfo=UTC), "e2")
    billed_on(runtime, clock, datetime(2027, 12, 2, 14, tzinfo=UTC))
    assert _drawn(runtime) == [-100_000, -40_000]


def test_a_credit_memo_gives_what_the_commitment_paid_back_to_it(runtime: Runtime, clock: FixedClock) -> None:
    with runtime.transaction() as session:
        save_meters(session, [meter("api_calls", "sum")], NOON)
    house_contract(runtime, (calls("1", charge=COMMITTED), seats(source_ref="802B", quantity=Decimal(1))))
    used(runtime, 600, MID_NOVEMBER)
    billed_on(runtime, clock, AFTER_GRACE)
    issue(runtime, all_of(runtime, "invoice")[-1], reason="wrong_quantity")
    agreed(runtime)
    posted(runtime)
    used(runtime, 700, datetime(2026, 12, 5, tzinfo=UTC), "e2")
    billed_on(runtime, clock, datetime(2027, 1, 2, 14, tzinfo=UTC))
    assert _drawn(runtime) == [-70_000, -60_000]


def _drawn(runtime: Runtime) -> list[int]:
    """What commitments paid on invoices."""
    invoices = {row.id for row in all_rows(runtime, Document) if row.kind == "invoice"}
    lines = [row for row in all_rows(runtime, DocumentLine) if row.document_id in invoices and row.amount_minor < 0]
    return sorted(row.amount_minor for row in lines)


# --- prices ----------------------------------------------------------------------------------------------------------


def test_a_changed_price_of_usage_is_on_the_draft_before_it_goes_out(metered: Runtime, clock: FixedClock) -> None:
    used(metered, 100, MID_NOVEMBER)
    billed_on(metered, clock, IN_GRACE)
    record(metered, b.CRM, order_lines=(calls("3"),))
    billed_on(metered, clock, AFTER_GRACE)
    assert nets(metered) == [30_000]
    assert [row for row in all_rows(metered, ScheduleItem) if row.kind == "adjustment"] == []


def test_a_changed_price_of_usage_corrects_closed_periods_once(metered: Runtime, clock: FixedClock) -> None:
    used(metered, 100, MID_NOVEMBER)
    billed_on(metered, clock, AFTER_GRACE)
    for price in ("25", "30"):
        record(metered, b.CRM, order_lines=(calls(price),))
    used(metered, 10, datetime(2026, 12, 5, tzinfo=UTC), "e2")
    billed_on(metered, clock, datetime(2027, 1, 2, 14, tzinfo=UTC))
    assert nets(metered) == [200_000, 130_000]
    lines = [(row.amount_minor, row.arithmetic) for row in all_rows(metered, DocumentLine)]
    assert (-200_000, "taken back for 1 Nov 2026 to 30 Nov 2026: 100 units × EUR 20.00 = -2,000.00") in lines
    assert (300_000, "as agreed now for 1 Nov 2026 to 30 Nov 2026: 100 units × EUR 30.00 = 3,000.00") in lines
    billed_on(metered, clock, datetime(2027, 2, 2, 14, tzinfo=UTC))
    assert nets(metered) == [200_000, 130_000]


def test_what_a_credit_memo_gave_back_of_usage_is_not_taken_back_again(metered: Runtime, clock: FixedClock) -> None:
    used(metered, 100, MID_NOVEMBER)
    billed_on(metered, clock, AFTER_GRACE)
    issue(metered, only_of(metered, "invoice"), lines=((1, Decimal(500)),), reason="wrong_price")
    agreed(metered)
    posted(metered)
    record(metered, b.CRM, order_lines=(calls("15"),))
    used(metered, 10, datetime(2026, 12, 5, tzinfo=UTC), "e2")
    billed_on(metered, clock, datetime(2027, 1, 2, 14, tzinfo=UTC))
    assert nets(metered) == [200_000, 15_000]
