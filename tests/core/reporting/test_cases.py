from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.db.tables import Document
from core.kit.errors import NotFound
from core.reporting.case_detail import case_detail, neighbours
from core.reporting.cases import CaseFilters, case_summary, list_cases, select_matching
from core.reporting.colleagues import colleagues
from core.reporting.overview import exceptions_by_age
from core.runtime import Runtime
from core.workflow import Actor, execute
from core.workflow import commands as c
from tests import builders as b
from tests import work
from tests.core.reporting import rows
from tests.fakes import FixedClock
from tests.stores import Furniture


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


@pytest.fixture
def house(runtime: Runtime) -> Runtime:
    return runtime


@pytest.fixture
def ana(house: Runtime) -> Actor:
    return work.person(house, "Ana")


def needing_orders(house: Runtime, *numbers: int) -> None:
    """Invoices without the purchase order number that the customer insists on."""
    work.record(house, b.CRM, customers=(b.customer(is_po_required=True),), contracts=(b.contract(po_number="PO-77"),))
    work.record(house, b.PAYMENTS, invoices=tuple(work.invoice(number) for number in numbers))


def targets(found: Any) -> tuple[c.Target, ...]:
    return tuple(c.Target(*pair) for pair in found.targets)


def test_a_row_says_what_failed_and_what_may_be_done(house: Runtime, ana: Actor) -> None:
    work.record(house, b.PAYMENTS, invoices=(work.dear_invoice(1),))
    (row,) = list_cases(house, ana, CaseFilters()).rows
    assert (row.code, row.type, row.document_number, row.queue) == ("price.outdated", "pricing", "HC-000001", "Billing")
    assert row.customer_name == "Nordlicht Logistik GmbH"
    assert row.stake_minor == 5_500
    assert row.available_actions == {"assign", "waive", "correct", "check_again"}


def test_the_summary_counts_what_is_open_overdue_and_closed_today(
    house: Runtime, ana: Actor, clock: FixedClock
) -> None:
    needing_orders(house, 1, 2)
    clock.advance(hours=49)
    first = list_cases(house, ana, CaseFilters()).rows[0]
    execute(house, c.WaiveCases(targets=(c.Target(first.id, first.revision),), reason="known customer"), ana)
    found = case_summary(house, ana)
    assert (found.open_count, found.overdue_count, found.closed_today) == (1, 1, 1)
    assert found.stake_minor == 26_180
    clock.advance(hours=24)
    assert case_summary(house, ana).closed_today == 0


def test_filters_narrow_the_queue(house: Runtime, ana: Actor) -> None:
    work.record(house, b.PAYMENTS, invoices=(work.dear_invoice(1),))
    needing_orders(house, 2)

    def codes(**chosen: Any) -> list[str]:
        return [row.code for row in list_cases(house, ana, CaseFilters(**chosen)).rows]

    assert sorted(codes()) == ["po.missing", "po.missing", "price.outdated"]
    assert codes(type="pricing") == codes(queue="Billing") == codes(search="price.outdated") == ["price.outdated"]
    assert codes(search="hc-000002") == ["po.missing"]
    assert len(codes(search="nordlicht")) == len(codes(entity="DE")) == len(codes(is_unowned=True)) == 3
    assert codes(entity="US") == codes(owner_id=ana.user_id) == codes(is_overdue_only=True) == []
    assert codes(search="nobody of that name") == codes(age="no such age") == []


def test_a_rerouted_exception_is_in_the_other_persons_queue(house: Runtime, ana: Actor) -> None:
    needing_orders(house, 1)
    chen = work.person(house, "Chen")
    chosen = select_matching(house, ana, CaseFilters())
    execute(house, c.AssignCases(targets=targets(chosen), queue="Tax", owner_id=chen.user_id), ana)
    (row,) = list_cases(house, chen, CaseFilters(owner_id=chen.user_id)).rows
    assert (row.queue, row.owner) == ("Tax", "Chen Wei")


def test_every_cell_of_the_matrix_counts_the_rows_it_filters_to(runtime: Runtime, clock: FixedClock) -> None:
    with runtime.transaction() as session:
        for hours in (0, 23, 24, 71, 72, 167, 168, 500):
            rows.case(session, opened_at=clock.at.replace(minute=1) - timedelta(hours=hours), stake_minor=hours)
    for cell in exceptions_by_age(runtime, None):
        page = list_cases(runtime, None, CaseFilters(type=cell.type, age=cell.age))
        assert (page.count.value, sum(row.stake_minor for row in page.rows)) == (cell.count, cell.stake_minor)
    assert sum(cell.count for cell in exceptions_by_age(runtime, None)) == 8


@pytest.mark.parametrize("sort", ["deadline", "money", "age"])
def test_pages_of_any_sort_show_each_exception_once(runtime: Runtime, sort: Any) -> None:
    with runtime.transaction() as session:
        for number in range(7):
            rows.case(session, stake_minor=number // 2)
    filters, cursor, seen = CaseFilters(sort=sort), None, []
    while True:
        page = list_cases(runtime, None, filters, cursor, size=3)
        seen += [row.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 7


def test_exceptions_of_other_entities_are_not_there(house: Runtime, ana: Actor) -> None:
    needing_orders(house, 1)
    (row,) = list_cases(house, ana, CaseFilters()).rows
    stranger = replace(ana, entities=frozenset({"US"}))
    assert list_cases(house, stranger, CaseFilters()).rows == ()
    assert case_summary(house, stranger).open_count == select_matching(house, stranger, CaseFilters()).count == 0
    with pytest.raises(NotFound):
        case_detail(house, stranger, row.id)


def test_all_that_match_stop_at_the_limit_and_say_how_many_are_left_out(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        for _ in range(5):
            rows.case(session)
    chosen = select_matching(runtime, None, CaseFilters(), limit=3)
    assert (chosen.count, chosen.left_out, chosen.stake_minor) == (3, 2, 30_000)


def test_a_joint_action_needs_to_fit_each_of_them(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        held = rows.document(session, state="on_hold")
        rows.case(session, document_id=held.id)
        rows.case(session, type="integration", code="record.unreadable")
    assert select_matching(runtime, None, CaseFilters()).available_actions == {"assign"}
    assert "waive" in select_matching(runtime, None, CaseFilters(type="pricing")).available_actions
    assert "resolve" in select_matching(runtime, None, CaseFilters(type="integration")).available_actions


def test_the_differing_field_is_marked_and_stands_first(house: Runtime, ana: Actor) -> None:
    work.record(house, b.PAYMENTS, invoices=(work.dear_invoice(1),))
    (row,) = list_cases(house, ana, CaseFilters()).rows
    first, *others = case_detail(house, ana, row.id).comparison
    assert (first.agreed, first.invoiced, first.mark) == ("20", "25", "must_fix")
    assert first.field == "Price per unit and month · HC-CORE"
    assert {each.mark for each in others} == {None}
    by_field = {each.field: each for each in others}
    assert by_field["Contract"].agreed == by_field["Contract"].invoiced == "CT-5001"
    assert by_field["Total"].invoiced == "EUR 297.50"
    assert by_field["Posting"].ledger == "Not sent"


def test_the_contracts_value_is_proposed_and_settles_the_exception(house: Runtime, ana: Actor) -> None:
    needing_orders(house, 1)
    (row,) = list_cases(house, ana, CaseFilters()).rows
    detail = case_detail(house, ana, row.id)
    (field,) = detail.fields
    assert (field.name, field.present, field.proposal) == ("po_number", None, "PO-77")
    execute(house, c.CorrectDocument(case=c.Target(row.id, row.revision), po_number="PO-77"), ana)
    after = case_detail(house, ana, row.id)
    assert (after.row.state, after.row.available_actions) == ("resolved", frozenset())
    assert any("Corrected po number" in step.sentence and step.who == ana.name for step in after.history)
    assert any(step.who == "Quittance" and step.sentence == "Opened." for step in after.history)


def test_siblings_of_one_cause_can_be_settled_together(house: Runtime, ana: Actor) -> None:
    needing_orders(house, 1, 2, 3)
    row = list_cases(house, ana, CaseFilters()).rows[0]
    detail = case_detail(house, ana, row.id)
    assert len(detail.siblings) == 2
    assert (detail.together.count, detail.alone.count) == (3, 1)
    execute(house, c.WaiveCases(targets=targets(detail.together), reason="agreed with sales"), ana)
    assert list_cases(house, ana, CaseFilters()).count.value == 0
    assert list_cases(house, ana, CaseFilters(is_open=False)).count.value == 3


def test_an_exception_without_a_document_is_closed_by_hand(house: Runtime) -> None:
    with house.transaction() as session:
        case = rows.case(session, code="record.unreadable", type="integration", evidence={"error": "no amount"})
    detail = case_detail(house, None, case.id)
    assert detail.comparison == () and detail.fields == ()
    assert detail.evidence == (("Error", "no amount"),)
    assert detail.row.available_actions == {"assign", "resolve"}


def test_the_next_exception_is_the_next_of_the_same_filter(house: Runtime, ana: Actor) -> None:
    needing_orders(house, 1, 2, 3)
    filters = CaseFilters(sort="money")
    first, second, third = (row.id for row in list_cases(house, ana, filters).rows)
    start = neighbours(house, ana, filters, first, ana.label)
    assert (start.previous_id, start.next_id, start.left.value, start.done_today) == (None, second, 3, 0)
    assert neighbours(house, ana, filters, third).next_id == first
    assert neighbours(house, ana, filters, third).previous_id == second
    revision = case_detail(house, ana, first).row.revision
    execute(house, c.WaiveCases(targets=(c.Target(first, revision),), reason="agreed"), ana)
    after = neighbours(house, ana, filters, first, ana.label)
    assert (after.next_id, after.left.value, after.done_today) == (second, 2, 1)


def test_after_the_last_one_there_is_no_next(house: Runtime, ana: Actor) -> None:
    needing_orders(house, 1)
    (row,) = list_cases(house, ana, CaseFilters()).rows
    found = neighbours(house, ana, CaseFilters(), row.id)
    assert (found.previous_id, found.next_id, found.left.value) == (None, None, 1)


def test_a_link_to_nothing_is_refused_in_words(house: Runtime, ana: Actor) -> None:
    with pytest.raises(NotFound, match="This exception"):
        case_detail(house, ana, uuid4())


def test_a_decided_document_is_not_corrected_any_more(house: Runtime, ana: Actor) -> None:
    work.record(house, b.PAYMENTS, invoices=(work.invoice(1),))
    (document,) = work.all_rows(house, Document)
    with house.transaction() as session:
        rows.case(session, document_id=document.id, code="posting.rejected", type="posting", entity="DE")
    (row,) = list_cases(house, ana, CaseFilters()).rows
    assert row.available_actions == {"assign", "resolve"}


def test_work_is_handed_to_those_who_settle_exceptions(house: Runtime) -> None:
    found = {each.name: each for each in colleagues(house)}
    assert set(found) == {"Ana Ribeiro", "Dieter Brandt", "Chen Wei"}
    assert found["Dieter Brandt"].acts_for({"DE"}) and not found["Dieter Brandt"].acts_for({"DE", "US"})


def test_history_tells_one_waiver_once_however_the_clock_runs(house: Runtime, ana: Actor, clock: FixedClock) -> None:
    running = replace(house, clock=lambda: clock.advance(milliseconds=1))
    needing_orders(house, 1)
    found = select_matching(house, ana, CaseFilters())
    execute(running, c.WaiveCases(targets=targets(found), reason="Agreed with sales"), ana)
    history = case_detail(house, ana, found.targets[0][0]).history
    assert [step.sentence for step in history if "Agreed with sales" in step.sentence] == [
        f"Waived “{case_detail(house, ana, found.targets[0][0]).row.sentence}”: Agreed with sales"
    ]


def test_a_closed_row_names_who_closed_it(house: Runtime, ana: Actor) -> None:
    needing_orders(house, 1, 2)
    work.record(house, b.PAYMENTS, invoices=(work.invoice(2, po_number="PO-77"),))
    found = select_matching(house, ana, CaseFilters())
    execute(house, c.WaiveCases(targets=targets(found), reason="Agreed with sales"), ana)
    closed = {row.document_number: row for row in list_cases(house, ana, CaseFilters(is_open=False)).rows}
    assert (closed["HC-000001"].state, closed["HC-000001"].closed_by) == ("waived", "Ana Ribeiro")
