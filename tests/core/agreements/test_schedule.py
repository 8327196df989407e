"""Contracts of the house on a real store: schedules, amendments, and what keeps a contract from being billed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from core.agreements import schedule
from core.agreements.model import ADJUSTMENT
from core.canonical import ChargeTerms
from core.db.tables import Case, ContractChange, ScheduleItem, SchedulePlan
from core.kit.ids import id_from, new_id
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import PlanSchedules
from core.workflow.planning import lines_of
from jobs.plan_schedules import plan_schedules
from tests import builders as b
from tests.fakes import FixedClock
from tests.stores import Furniture, policies
from tests.work import JOB, all_rows, only, record

CONTRACT = id_from("contract", b.CRM, "800A")


@pytest.fixture
def furniture() -> Furniture:
    return policies


def contract(**facts: Any) -> Any:
    return b.contract(**{"billed_by": "house", **facts})


def amendment(**facts: Any) -> Any:
    """Five seats more from the middle of November."""
    defaults = {"source_ref": "802B", "root_ref": "802A", "quantity": Decimal(5), "starts_on": date(2026, 11, 16)}
    return b.order_line(**{**defaults, **facts})


def sign(runtime: Runtime, **facts: Any) -> None:
    record(runtime, b.CRM, contracts=(contract(**facts),), order_lines=(b.order_line(),))


def items(runtime: Runtime, state: str = "open") -> list[ScheduleItem]:
    rows = [row for row in all_rows(runtime, ScheduleItem) if row.state == state]
    return sorted(rows, key=lambda row: (row.period_start, row.kind, row.charge_key))


def bill(runtime: Runtime, through: date) -> UUID:
    """Bills what is due, as a run does; answers the document's id."""
    document = new_id()
    with runtime.transaction() as session:
        due = schedule.due_items(session, [CONTRACT], through).get(CONTRACT, [])
        assert due, "nothing was due"
        schedule.mark_billed(session, {item.id: document for item in due}, runtime.now())
    return document


def plan_again(runtime: Runtime) -> int:
    command = PlanSchedules(contract_ids=(CONTRACT,), until=date(2027, 1, 1))
    return int(execute(runtime, command, JOB).result["n"])


def test_a_contract_of_the_house_becomes_a_schedule_when_it_is_recorded(runtime: Runtime) -> None:
    sign(runtime)
    found = items(runtime)
    assert [row.period_start for row in found] == [date(2026, month, 1) for month in range(1, 13)]
    assert {row.expected_minor for row in found} == {20_000}
    assert [row.bill_on for row in found] == [row.period_start for row in found]
    assert found[-1].period_end == date(2027, 1, 1)


def test_a_contract_that_stripe_bills_has_no_schedule(runtime: Runtime) -> None:
    record(runtime, b.CRM, contracts=(b.contract(),), order_lines=(b.order_line(),))
    assert all_rows(runtime, ScheduleItem) == []
    assert all_rows(runtime, SchedulePlan) == []


def test_planning_a_second_time_changes_nothing(runtime: Runtime) -> None:
    sign(runtime)
    bill(runtime, date(2026, 11, 1))
    record(runtime, b.CRM, order_lines=(amendment(starts_on=date(2026, 10, 16)),))
    before = [(row.id, row.state, row.planned_at, row.lines) for row in all_rows(runtime, ScheduleItem)]
    assert plan_again(runtime) == 0
    assert sorted(before) == sorted(
        (row.id, row.state, row.planned_at, row.lines) for row in all_rows(runtime, ScheduleItem)
    )


def test_an_amendment_inside_a_period_rewrites_the_open_part_at_once(runtime: Runtime) -> None:
    sign(runtime)
    record(runtime, b.CRM, order_lines=(amendment(),))
    amounts = {row.period_start: row.expected_minor for row in items(runtime)}
    assert amounts[date(2026, 10, 1)] == 20_000
    assert amounts[date(2026, 11, 1)] == 25_000  # 10 seats, and 5 more for half of the 30 days
    assert amounts[date(2026, 12, 1)] == 30_000


def test_a_billed_period_is_corrected_by_credit_and_new_line_and_never_edited(runtime: Runtime) -> None:
    sign(runtime)
    document = bill(runtime, date(2026, 11, 1))
    billed = [(row.id, row.expected_minor, row.document_id) for row in items(runtime, "billed")]

    record(runtime, b.CRM, order_lines=(amendment(),))

    assert [(row.id, row.expected_minor, row.document_id) for row in items(runtime, "billed")] == billed
    assert {row.document_id for row in items(runtime, "billed")} == {document}
    (correction,) = [row for row in items(runtime) if row.kind == ADJUSTMENT]
    lines = lines_of(correction.lines)
    assert [line.net_minor < 0 for line in lines] == [True, False]
    assert sum(line.net_minor for line in lines) == correction.expected_minor == 5_000
    assert correction.bill_on == date(2026, 12, 1), "with the next bill"


def test_a_second_amendment_takes_the_place_of_the_open_correction(runtime: Runtime) -> None:
    sign(runtime)
    bill(runtime, date(2026, 11, 1))
    record(runtime, b.CRM, order_lines=(amendment(),))
    record(runtime, b.CRM, order_lines=(amendment(quantity=Decimal(8)),))
    (correction,) = [row for row in items(runtime) if row.kind == ADJUSTMENT]
    assert correction.expected_minor == 8_000


def test_what_a_correction_has_billed_is_not_corrected_again(runtime: Runtime, clock: FixedClock) -> None:
    sign(runtime)
    bill(runtime, date(2026, 11, 1))
    record(runtime, b.CRM, order_lines=(amendment(),))
    bill(runtime, date(2026, 12, 1))
    assert plan_again(runtime) == 0
    assert [row for row in items(runtime) if row.kind == ADJUSTMENT] == []

    clock.advance(days=1)
    record(runtime, b.CRM, order_lines=(amendment(source_ref="802C", quantity=Decimal(-5)),))
    (back,) = [row for row in items(runtime) if row.kind == ADJUSTMENT]
    assert back.expected_minor == -15_000  # half of November and all of December: back to ten seats
    bill(runtime, date(2027, 1, 1))
    assert plan_again(runtime) == 0


def test_an_amendment_that_is_withdrawn_leaves_no_correction_behind(runtime: Runtime) -> None:
    sign(runtime)
    bill(runtime, date(2026, 11, 1))
    record(runtime, b.CRM, order_lines=(amendment(),))
    record(runtime, b.CRM, order_lines=(amendment(quantity=Decimal(0)),))
    assert [row for row in items(runtime) if row.kind == ADJUSTMENT] == []
    assert [row.kind for row in items(runtime, "dropped")] == [ADJUSTMENT]


def test_a_contract_that_is_shortened_credits_what_was_billed_beyond(runtime: Runtime) -> None:
    sign(runtime)
    bill(runtime, date(2026, 11, 1))
    sign(runtime, ends_on=date(2026, 11, 15))
    (credit,) = items(runtime)
    assert (credit.kind, credit.expected_minor) == (ADJUSTMENT, -10_000)
    assert credit.bill_on == date(2026, 11, 2), "no further bill to wait for"


def test_a_contract_that_becomes_annual_bills_no_day_twice(runtime: Runtime) -> None:
    sign(runtime)
    bill(runtime, date(2026, 3, 1))
    sign(runtime, billing_frequency="annual")
    (rest,) = [row for row in items(runtime) if row.kind != ADJUSTMENT]
    assert (rest.period_start, rest.period_end) == (date(2026, 4, 1), date(2027, 1, 1))
    assert rest.expected_minor == 180_822  # 275 of the 365 days of a year


def test_a_draft_that_is_cancelled_opens_its_items_again(runtime: Runtime) -> None:
    sign(runtime)
    document = bill(runtime, date(2026, 2, 1))
    with runtime.transaction() as session:
        assert schedule.reopen(session, [document]) == {CONTRACT}
    assert plan_again(runtime) == 0
    assert len(items(runtime)) == 12


def test_the_order_of_arrival_does_not_matter(runtime: Runtime) -> None:
    facts = {
        "contracts": contract(starts_on=date(2026, 1, 15), anchor_day=1, discount_percent=Decimal(10)),
        "lines": b.order_line(starts_on=date(2026, 1, 15)),
        "amendments": amendment(),
    }
    found = []
    for number, order in enumerate(permutations(facts)):
        ref = f"800{number}"
        for name in order:
            fact = facts[name]
            if name == "contracts":
                changed = fact.model_copy(update={"source_ref": ref, "number": f"CT-{number}"})
                record(runtime, b.CRM, contracts=(changed,))
            else:
                root = f"{fact.root_ref}{number}" if fact.root_ref else None
                update = {"source_ref": f"{fact.source_ref}{number}", "root_ref": root, "contract_ref": ref}
                record(runtime, b.CRM, order_lines=(fact.model_copy(update=update),))
        id = id_from("contract", b.CRM, ref)
        found.append(
            sorted(
                (row.period_start, row.period_end, row.bill_on, row.kind, row.expected_minor)
                for row in items(runtime)
                if row.contract_id == id
            )
        )
        changes = [row for row in all_rows(runtime, ContractChange) if row.contract_id == id]
        assert sorted(row.kind for row in changes) == ["amended", "signed"]
    assert len(found) == 6
    assert len(found[0]) == 12
    assert all(each == found[0] for each in found)
    assert all_rows(runtime, Case) == []


def test_history_tells_what_changed_and_from_when(runtime: Runtime) -> None:
    sign(runtime)
    record(runtime, b.CRM, order_lines=(amendment(),))
    record(runtime, b.CRM, contracts=(contract(po_number="PO-7", ends_on=date(2027, 6, 30)),))
    told = {row.kind: row for row in all_rows(runtime, ContractChange)}
    assert told["signed"].sentence == "Signed from 1 Jan 2026 until 31 Dec 2026, in EUR, billed monthly."
    assert (told["amended"].sentence, told["amended"].effective_on) == ("5 more HC-CORE at 20.", date(2026, 11, 16))
    assert told["terms_changed"].sentence == "Last day: 31 Dec 2026 → 30 Jun 2027; Purchase order: none → PO-7."
    assert told["terms_changed"].before == {"ends_on": "2026-12-31", "po_number": None}


# --- renewals -------------------------------------------------------------------------------------------------------


def test_a_contract_that_renews_is_planned_beyond_its_term_at_the_raised_price(runtime: Runtime) -> None:
    sign(runtime, auto_renews=True, renewal_months=12, uplift_percent=Decimal(5))
    amounts = {row.period_start: row.expected_minor for row in items(runtime)}
    assert amounts[date(2026, 12, 1)] == 20_000
    assert amounts[date(2027, 1, 1)] == 21_000


def test_the_nightly_job_extends_schedules_and_tells_of_renewals(runtime: Runtime, clock: FixedClock) -> None:
    sign(runtime, auto_renews=True, uplift_percent=Decimal(5))
    before = len(items(runtime))
    assert plan_schedules(runtime) == 0, "it reaches far enough"
    clock.advance(days=62)
    assert plan_schedules(runtime) == 2
    assert len(items(runtime)) == before + 2
    (renewed,) = [row for row in all_rows(runtime, ContractChange) if row.kind == "renewed"]
    assert (renewed.effective_on, renewed.sentence) == (
        date(2027, 1, 1),
        "Renewed by itself at prices raised by 5 percent.",
    )
    assert plan_schedules(runtime) == 0


def test_an_open_ended_contract_is_planned_as_far_as_schedules_are_kept(runtime: Runtime) -> None:
    record(runtime, b.CRM, contracts=(contract(ends_on=None),), order_lines=(b.order_line(ends_on=None),))
    assert items(runtime)[-1].bill_on == date(2027, 12, 1)


# --- what keeps a contract from being billed ------------------------------------------------------------------------


METERED_BELOW_ZERO = ChargeTerms(kind="usage", meter="api_calls", included_quantity=Decimal(-10))


@pytest.mark.parametrize(
    ("terms", "line", "code", "words"),
    [
        ({}, {"starts_on": date(2025, 12, 1)}, "amendment.before_start", "takes effect on 1 Dec 2025, before"),
        ({"currency": "XQQ"}, {}, "contract.unbillable", "“XQQ” is not a currency code"),
        ({"ends_on": date(2025, 6, 30)}, {}, "contract.unbillable", "it ends on 30 Jun 2025, before it starts"),
        ({}, {"charge": ChargeTerms(pricing="volume")}, "contract.unbillable", "is volume but has no tiers"),
        ({}, {"quantity": Decimal(-3)}, "contract.unbillable", "its lines add up to -3 of"),
        ({}, {"unit_price": Decimal(-20)}, "contract.unbillable", "is below zero: what is given back is a credit"),
        ({}, {"charge": METERED_BELOW_ZERO}, "contract.unbillable", "includes a quantity below zero"),
        ({}, {"charge": ChargeTerms(minimum_amount=Decimal(-5))}, "contract.unbillable", "has a minimum below zero"),
        ({}, {"charge": ChargeTerms(discount_percent=Decimal(150))}, "contract.unbillable", "not between 0 and 100"),
        ({"discount_percent": Decimal(120)}, {}, "contract.unbillable", "its discount of 120 % is not between 0 and"),
        ({"uplift_percent": Decimal(-120)}, {}, "contract.unbillable", "its uplift of -120 % takes more than"),
        ({"anchor_day": 32}, {}, "contract.unbillable", "its periods begin on day 32 of a month"),
    ],
    ids=[
        "amendment before the start",
        "unknown currency",
        "ends before it starts",
        "no tiers",
        "negative quantity",
        "negative price",
        "negative inclusion",
        "negative minimum",
        "line discount",
        "discount",
        "uplift",
        "anchor day",
    ],
)
def test_a_contract_that_cannot_be_billed_is_a_case_and_comes_back_when_it_is_put_right(
    runtime: Runtime, terms: dict[str, Any], line: dict[str, Any], code: str, words: str
) -> None:
    sign(runtime)
    record(runtime, b.CRM, contracts=(contract(**terms),), order_lines=(b.order_line(**line),))
    case = only(runtime, Case)
    assert (case.code, case.state) == (code, "open")
    assert words in case.sentence
    assert items(runtime) == []
    assert len(items(runtime, "dropped")) == 12, "nothing is lost"
    assert plan_again(runtime) == 0

    sign(runtime)
    assert only(runtime, Case).state == "resolved"
    assert len(items(runtime)) == 12


def test_a_contract_without_lines_is_a_case_when_none_have_come(runtime: Runtime, clock: FixedClock) -> None:
    record(runtime, b.CRM, contracts=(contract(),))
    assert all_rows(runtime, Case) == []
    clock.advance(hours=2)
    plan_again(runtime)
    assert only(runtime, Case).sentence == "Contract CT-5001 cannot be billed: it has no lines."


def test_a_contract_that_expires_before_its_last_day_waits_for_a_person(runtime: Runtime) -> None:
    sign(runtime)
    sign(runtime, status="expired")
    case = only(runtime, Case)
    assert case.code == "contract.ended_early"
    assert "state when it ended" in case.sentence
    assert items(runtime) == []
    sign(runtime, status="expired", ends_on=date(2026, 10, 31))
    assert only(runtime, Case).state == "resolved"
    assert len(items(runtime)) == 10


def test_a_contract_that_stripe_takes_over_has_nothing_open_any_more(runtime: Runtime) -> None:
    sign(runtime)
    sign(runtime, billed_by="stripe")
    assert items(runtime) == []
