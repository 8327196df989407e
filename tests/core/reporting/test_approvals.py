from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.db.tables import Document
from core.kit.errors import Forbidden, NotFound
from core.reporting import case_detail, cases
from core.reporting.approval_evidence import approval_evidence
from core.reporting.approvals import ApprovalFilters, approval_summary, list_approvals, select_matching, selection
from core.reporting.approvers import candidates
from core.reporting.overview import approvals_by_person
from core.runtime import Runtime
from core.workflow import Actor, execute
from core.workflow import commands as c
from tests import builders as b
from tests import work
from tests.core.reporting import rows
from tests.corrections import issue, only_of, posted_invoice
from tests.fakes import FixedClock
from tests.stores import Furniture

EVERYONES = ApprovalFilters(is_mine=False)


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


@pytest.fixture
def house(runtime: Runtime) -> Runtime:
    """One invoice of 71,400.00 EUR = 78,540.00 USD waits for Bo, whose limit allows it."""
    work.big_contract(runtime)
    work.record(runtime, b.PAYMENTS, invoices=(work.big_invoice(1),))
    return runtime


@pytest.fixture
def bo(house: Runtime) -> Actor:
    return work.person(house, "Bo")


def targets(found: Any) -> tuple[c.Target, ...]:
    return tuple(c.Target(*pair) for pair in found.targets)


def test_a_row_says_why_agreement_is_asked_and_by_which_row_of_the_policy(house: Runtime, bo: Actor) -> None:
    (row,) = list_approvals(house, bo, ApprovalFilters()).rows
    assert (row.number, row.currency, row.total_minor) == ("HC-000001", "EUR", 7_140_000)
    assert row.amount_minor == 7_854_000
    assert (row.reason, row.policy_version, row.policy_row) == ("Amount of 20,000 or more", 1, "A4")
    assert (row.step, row.steps, row.assignee, row.is_mine) == (1, 1, "Bo Lindqvist", True)
    assert row.available_actions == {"approve", "reject", "reroute"}


def test_mine_are_those_assigned_to_me(house: Runtime, bo: Actor) -> None:
    amara = work.person(house, "Amara")
    assert list_approvals(house, amara, ApprovalFilters()).count.value == 0
    assert list_approvals(house, amara, EVERYONES).count.value == 1
    found = approval_summary(house, amara)
    assert (found.mine_count, found.all_count, found.all_minor, found.overdue_count) == (0, 1, 7_854_000, 0)
    assert approval_summary(house, bo).mine_count == 1


def test_the_row_says_what_the_door_would_say(house: Runtime) -> None:
    amara = work.person(house, "Amara")
    (row,) = list_approvals(house, amara, EVERYONES).rows
    assert row.available_actions == {"reroute"}
    approve = c.DecideApprovals(targets=(c.Target(row.id, row.revision),), verdict="approve")
    with pytest.raises(Forbidden) as refused:
        execute(house, approve, amara)
    assert row.why_not == refused.value.sentence
    assert "approval limits" in (row.why_not or "")


def test_who_changed_an_invoice_reads_that_four_eyes_are_needed(house: Runtime, bo: Actor) -> None:
    with house.transaction() as session:
        session.query(Document).update({"changed_by": [str(bo.user_id)]})
    (row,) = list_approvals(house, bo, ApprovalFilters()).rows
    assert "four eyes" in (row.why_not or "")
    assert approval_evidence(house, bo, row.id).changed_by == ("Bo Lindqvist",)


def test_who_took_an_earlier_step_may_not_take_the_next(house: Runtime) -> None:
    with house.transaction() as session:
        (row,) = [each for each in session.query(Document) if each.number == "HC-000001"]
        chen = work.person(house, "Chen")
        rows.approval(session, row, round=9, step=1, state="approved", decided_by=chen.user_id)
        later = rows.approval(session, row, round=9, step=2, role="controller", entity="DE")
    found = {each.id: each for each in list_approvals(house, chen, EVERYONES).rows}
    assert "four eyes" in (found[later.id].why_not or "")
    assert approval_evidence(house, chen, later.id).agreed[0].by == "Chen Wei"


def test_a_viewer_reads_that_the_step_is_for_somebody_else(house: Runtime) -> None:
    (row,) = list_approvals(house, work.person(house, "Vera"), EVERYONES).rows
    assert "approval roles" in (row.why_not or "")
    assert "approve" not in row.available_actions


def test_deciding_all_that_match_counts_money_per_currency_and_names_who_is_left_out(house: Runtime) -> None:
    with house.transaction() as session:
        small = rows.document(session, state="awaiting_approval", total_minor=1_000)
        rows.approval(session, small)
    chosen = select_matching(house, work.person(house, "Amara"), EVERYONES)
    assert (chosen.count, chosen.totals, chosen.matching, chosen.beyond) == (1, (("USD", 1_000),), 2, 0)
    ((sentence, count),) = chosen.refusals
    assert count == 1 and "approval limits" in sentence
    bos = select_matching(house, work.person(house, "Bo"), EVERYONES)
    assert bos.totals == (("EUR", 7_140_000), ("USD", 1_000))


def test_a_limit_of_one_action_leaves_the_rest_for_the_next(house: Runtime, bo: Actor) -> None:
    with house.transaction() as session:
        for _ in range(3):
            rows.approval(session, rows.document(session, state="awaiting_approval"))
    chosen = select_matching(house, bo, EVERYONES, limit=2)
    assert (chosen.count, chosen.matching, chosen.beyond) == (2, 4, 2)


def test_what_is_chosen_can_be_approved_and_then_is_gone(house: Runtime, bo: Actor) -> None:
    page = list_approvals(house, bo, ApprovalFilters())
    chosen = selection(page.rows, "USD")
    execute(house, c.DecideApprovals(targets=targets(chosen), verdict="approve"), bo)
    assert list_approvals(house, bo, EVERYONES).rows == ()
    assert approval_summary(house, bo).decided_today == 1


def test_it_can_be_handed_to_those_who_may_decide_it(house: Runtime, bo: Actor) -> None:
    (row,) = list_approvals(house, bo, ApprovalFilters()).rows
    found = candidates(house, [row.id])
    assert [(each.name, each.waiting) for each in found] == [("Chen Wei", 0), ("Bo Lindqvist", 1)]
    chen = work.person(house, "Chen")
    hand_over = c.RerouteApprovals(targets=(c.Target(row.id, row.revision),), assignee_id=found[0].id)
    execute(house, hand_over, bo)
    assert list_approvals(house, chen, ApprovalFilters()).rows[0].number == "HC-000001"


def test_approvals_of_other_entities_are_not_there(house: Runtime, bo: Actor) -> None:
    (row,) = list_approvals(house, bo, ApprovalFilters()).rows
    stranger = replace(bo, entities=frozenset({"US"}))
    assert list_approvals(house, stranger, EVERYONES).rows == ()
    assert approval_summary(house, stranger).all_count == 0
    with pytest.raises(NotFound):
        approval_evidence(house, stranger, row.id)


def test_search_and_deadline_narrow_the_backlog(house: Runtime, bo: Actor, clock: FixedClock) -> None:
    def count(**chosen: Any) -> int:
        return list_approvals(house, bo, ApprovalFilters(**chosen)).count.value

    assert (count(search="nordlicht"), count(search="hc-000001"), count(search="nobody")) == (1, 1, 0)
    assert (count(entity="DE"), count(entity="US"), count(is_overdue_only=True)) == (1, 0, 0)
    clock.advance(hours=25)
    assert count(is_overdue_only=True) == 1


@pytest.mark.parametrize("sort", ["deadline", "money", "waiting"])
def test_pages_of_any_sort_show_each_approval_once(runtime: Runtime, sort: Any) -> None:
    with runtime.transaction() as session:
        for number in range(5):
            rows.approval(session, rows.document(session, state="awaiting_approval", total_minor=number // 2 + 1))
    nobody = Actor("Nobody", work.JOB.role)
    filters, cursor, seen = ApprovalFilters(is_mine=False, sort=sort), None, []
    while True:
        page = list_approvals(runtime, nobody, filters, cursor, size=2)
        seen += [row.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5


def test_the_evidence_holds_contract_lines_waivers_and_earlier_invoices(house: Runtime, bo: Actor) -> None:
    work.record(house, b.CRM, customers=(b.customer(is_po_required=True),))
    work.record(house, b.PAYMENTS, invoices=(work.big_invoice(2),))
    ana = work.person(house, "Ana")
    held = cases.select_matching(house, ana, cases.CaseFilters(search="HC-000002"))
    waive = c.WaiveCases(targets=targets(held), reason="by phone")
    execute(house, waive, ana)
    (row,) = list_approvals(house, bo, ApprovalFilters(is_mine=False, search="HC-000002")).rows
    found = approval_evidence(house, bo, row.id)
    assert found.contract is not None and found.contract.number == "CT-5001"
    assert [line.quantity for line in found.invoice.lines] == [3000]
    assert [(each.reason, each.by) for each in found.waived] == [("by phone", "Ana Ribeiro")]
    assert found.changed_by == ("Ana Ribeiro",)
    assert {each.field: each.ledger for each in found.sides}["Posting"] == "Not sent"
    later = approval_evidence(house, bo, list_approvals(house, bo, EVERYONES).rows[0].id)
    assert [each.number for each in later.earlier] == ["HC-000002"]


def test_what_was_waived_is_marked_where_the_sides_are_compared(house: Runtime, bo: Actor) -> None:
    line = b.line(quantity=Decimal(3000), unit_price=Decimal("25.00"), amount_minor=7_500_000, tax_minor=1_425_000)
    work.record(house, b.PAYMENTS, invoices=(work.invoice(2, lines=(line,)),))
    ana = work.person(house, "Ana")
    held = cases.select_matching(house, ana, cases.CaseFilters(search="HC-000002"))
    execute(house, c.WaiveCases(targets=targets(held), reason="by phone"), ana)
    (row,) = list_approvals(house, bo, ApprovalFilters(is_mine=False, search="HC-000002")).rows
    first, *others = approval_evidence(house, bo, row.id).sides
    assert (first.agreed, first.invoiced, first.mark) == ("20", "25", "waived")
    assert {each.mark for each in others} == {None}


def test_a_credit_memo_takes_money_away_wherever_it_is_shown(runtime: Runtime) -> None:
    issue(runtime, posted_invoice(runtime), amount=Decimal(100))
    elsewhere = work.person(runtime, "Amara")
    (row,) = list_approvals(runtime, elsewhere, EVERYONES).rows
    assert (row.total_minor, row.amount_minor) == (-10_000, -11_000)
    found = approval_summary(runtime, elsewhere)
    assert (found.all_count, found.all_minor) == (1, -11_000)
    assert [each.amount_minor for each in approvals_by_person(runtime, elsewhere)] == [-11_000]
    sides = {each.field: each for each in approval_evidence(runtime, elsewhere, row.id).sides}
    assert sides["Total"].invoiced == "EUR -100.00"


def test_what_the_ledger_keeps_of_a_credit_memo_is_shown_with_its_sign(runtime: Runtime) -> None:
    """Ledgers keep the totals of all kinds above zero."""
    issue(runtime, posted_invoice(runtime), amount=Decimal(100))
    memo = only_of(runtime, "credit_memo")
    with runtime.transaction() as session:
        rows.ledger_entry(session, memo, total_minor=10_000)
    with runtime.reading() as session:
        sides = {each.field: each for each in case_detail.sides(session, memo)}
    assert (sides["Total"].invoiced, sides["Total"].ledger) == ("EUR -100.00", "EUR -100.00")


def test_nobody_hands_over_approvals_of_other_entities(house: Runtime, bo: Actor) -> None:
    (row,) = list_approvals(house, bo, ApprovalFilters()).rows
    chen = work.person(house, "Chen")
    hand_over = c.RerouteApprovals(targets=(c.Target(row.id, row.revision),), assignee_id=chen.user_id)
    with pytest.raises(Forbidden, match="entity scope"):
        execute(house, hand_over, replace(bo, entities=frozenset({"US"})))
