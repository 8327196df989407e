from __future__ import annotations

from typing import Any

import pytest

from core.db.tables import Approval, Case, Dispute, Document, Promise
from core.reporting.cases import AGES
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.command import Target
from core.workflow.commands import DecideApprovals, WaiveCases
from pages.ui.work_cases import filter_by
from tests import builders as b
from tests import work
from tests.pages.app import open_page, said, shown, tick
from tests.stores import Furniture

ANA, CHEN, VERA = "ana@halden.example", "chen@halden.example", "vera@halden.example"
BO, AMARA, COLE = "bo@halden.example", "amara@halden.example", "cole@halden.example"


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def needing_orders(house: Runtime, *numbers: int) -> None:
    work.record(house, b.CRM, customers=(b.customer(is_po_required=True),), contracts=(b.contract(po_number="PO-77"),))
    work.record(house, b.PAYMENTS, invoices=tuple(work.invoice(number) for number in numbers))


def cases_of(house: Runtime, **facts: Any) -> list[Case]:
    found = sorted(work.all_rows(house, Case), key=lambda row: (row.due_at, row.id))
    return [row for row in found if all(getattr(row, name) == value for name, value in facts.items())]


# --- exceptions ---------------------------------------------------------------------------------------------------


def test_the_queue_shows_figures_matrix_and_rows(house: Runtime) -> None:
    needing_orders(house, 1, 2)
    at = open_page("work/exceptions.py", ANA)
    assert [metric.value for metric in at.metric] == ["2", "0", "USD 524", "0"]
    matrix, rows = at.dataframe[0].value, at.dataframe[1].value
    assert matrix.iloc[0]["Type"] == "Purchase order" and matrix.iloc[0][AGES[0]] == "2 · 524"
    assert sorted(rows["Invoice"]) == ["HC-000001", "HC-000002"]


def test_filters_come_from_the_link(house: Runtime) -> None:
    needing_orders(house, 1)
    work.record(house, b.PAYMENTS, invoices=(work.dear_invoice(2),))
    at = open_page("work/exceptions.py", ANA, ex_type="Pricing")
    assert list(at.dataframe[1].value["Rule"]) == ["price.outdated"]


def test_ticked_rows_are_rerouted_together_to_a_person(house: Runtime) -> None:
    needing_orders(house, 1, 2)
    at = open_page("work/exceptions.py", ANA)
    tick(at, "ex_grid", [0, 1])
    assert "**2 exceptions** · USD 523.60 at stake" in said(at)
    at.button(key="ex_assign").click()
    shown(at)
    at.selectbox(key="ex_many_route_person").set_value("Chen Wei")
    at.button(key="ex_many_route_send").click()
    shown(at)
    assert at.toast[0].value == "2 re-routed to Chen Wei"
    mine = open_page("work/exceptions.py", CHEN, ex_owner="Me")
    assert len(mine.dataframe[1].value) == 2


def test_all_that_match_are_waived_with_one_reason(house: Runtime) -> None:
    needing_orders(house, 1, 2, 3)
    at = open_page("work/exceptions.py", ANA)
    at.toggle(key="ex_grid_all_0").set_value(True)
    shown(at)
    at.button(key="ex_waive").click()
    shown(at)
    at.text_input(key="ex_many_waive_reason").set_value("Agreed with sales")
    at.button(key="ex_many_waive_send").click()
    shown(at)
    assert len(cases_of(house, state="waived", resolution="Agreed with sales")) == 3


def test_a_waiver_without_a_reason_is_refused_in_words(house: Runtime) -> None:
    needing_orders(house, 1)
    at = open_page("work/exceptions.py", ANA)
    tick(at, "ex_grid", [0])
    at.button(key="ex_waive").click()
    shown(at)
    at.button(key="ex_many_waive_send").click()
    shown(at)
    assert "Say why" in said(at)
    assert cases_of(house)[0].state == "open"


def test_a_row_opens_the_exception_with_the_filter_in_its_link(house: Runtime) -> None:
    needing_orders(house, 1, 2)
    at = open_page("work/exceptions.py", ANA, ex_sort="Money")
    tick(at, "ex_grid", [0])
    at.button(key="ex_open").click()
    shown(at)
    assert "pays only against a purchase order number" in at.subheader[0].value
    assert at.query_params["in_sort"] in ("Money", ["Money"])


def test_accepting_the_proposal_settles_it_and_opens_the_next(house: Runtime) -> None:
    needing_orders(house, 1, 2)
    first, second = cases_of(house)
    at = open_page("work/exception.py", ANA, id=str(first.id))
    assert "Done today 0 · left 2" in said(at)
    assert at.text_input(key=f"case_{first.id}_correct_po_number").value == "PO-77"
    at.button(key=f"case_{first.id}_correct_send").click()
    shown(at)
    assert "Done today 1 · left 1" in said(at)
    assert at.button(key=f"case_{second.id}_correct_send")
    assert cases_of(house, state="resolved")[0].id == first.id


def test_the_differing_field_is_marked_red(house: Runtime) -> None:
    work.record(house, b.PAYMENTS, invoices=(work.dear_invoice(1),))
    at = open_page("work/exception.py", ANA, id=str(cases_of(house)[0].id))
    first = at.table[0].value.iloc[0]
    assert first["Invoice"] == ":red-background[25]" and "Must be fixed" in first.iloc[4]


def test_a_value_that_should_be_there_is_marked_as_missing(house: Runtime) -> None:
    needing_orders(house, 1)
    at = open_page("work/exception.py", ANA, id=str(cases_of(house)[0].id))
    first = at.table[0].value.iloc[0]
    assert (first["Contract and CRM"], first["Invoice"]) == (":red-background[PO-77]", ":red-background[missing]")


def test_all_siblings_are_waived_from_one_of_them(house: Runtime) -> None:
    needing_orders(house, 1, 2, 3)
    key = f"case_{cases_of(house)[0].id}"
    at = open_page("work/exception.py", ANA, id=key.removeprefix("case_"))
    at.toggle(key=f"{key}_all").set_value(True)
    shown(at)
    at.text_input(key=f"{key}_waive_reason").set_value("Agreed with sales")
    at.button(key=f"{key}_waive_send").click()
    shown(at)
    assert len(cases_of(house, state="waived")) == 3


def test_next_and_previous_walk_the_filter(house: Runtime) -> None:
    needing_orders(house, 1, 2)
    first, second = cases_of(house)
    at = open_page("work/exception.py", ANA, id=str(first.id))
    at.button(key="case_next").click()
    shown(at)
    assert at.button(key=f"case_{second.id}_waive_send")


def test_a_link_to_an_exception_that_is_not_there_says_so(house: Runtime) -> None:
    at = open_page("work/exception.py", ANA, id="nonsense")
    assert "This exception does not exist" in said(at)


def test_a_correction_of_what_was_settled_meanwhile_is_refused(house: Runtime) -> None:
    needing_orders(house, 1)
    (case,) = cases_of(house)
    at = open_page("work/exception.py", ANA, id=str(case.id))
    work.record(house, b.CRM, customers=(b.customer(is_po_required=False),))
    at.button(key=f"case_{case.id}_correct_send").click()
    shown(at)
    assert "PO-77" not in {row.po_number for row in work.all_rows(house, Document)}


def test_after_the_last_one_the_queue_opens_again(house: Runtime) -> None:
    needing_orders(house, 1)
    (case,) = cases_of(house)
    at = open_page("work/exception.py", ANA, id=str(case.id), in_type="Purchase order")
    at.text_input(key=f"case_{case.id}_waive_reason").set_value("Agreed with sales")
    at.button(key=f"case_{case.id}_waive_send").click()
    shown(at)
    assert at.title[0].value == "Exceptions"
    assert at.selectbox(key="ex_type").value == "Purchase order"


@pytest.mark.parametrize("page", ["exceptions", "approvals", "collections"])
def test_a_viewer_does_not_have_the_work_screens(house: Runtime, page: str) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page(f"work/{page}.py", VERA)


def test_a_click_on_the_matrix_filters_the_queue(house: Runtime) -> None:
    needing_orders(house, 1)
    work.record(house, b.PAYMENTS, invoices=(work.dear_invoice(2),))
    at = open_page("work/exceptions.py", ANA)
    titles = list(at.dataframe[0].value["Type"])
    filter_by(0, AGES[0], titles, at.session_state)
    shown(at)
    assert [list(each) for each in at.dataframe[1].value["Type"]] == [[titles[0]]] * 2
    assert at.selectbox(key="ex_age").value == AGES[0]


def test_the_matrix_selects_nothing_so_that_the_keyboard_may_pass_through(house: Runtime) -> None:
    needing_orders(house, 1)
    at = open_page("work/exceptions.py", ANA)
    assert not at.dataframe[0].proto.selection_mode


def test_what_is_closed_says_how_by_whom_and_when(house: Runtime) -> None:
    needing_orders(house, 1)
    (case,) = cases_of(house)
    waive = WaiveCases(targets=(Target(case.id, case.revision),), reason="Agreed with sales")
    execute(house, waive, work.person(house, "Ana"))
    at = open_page("work/exceptions.py", CHEN, ex_view="Closed")
    rows = at.dataframe[-1].value
    assert list(rows["Closed"]) == ["Waived by Ana Ribeiro, just now"] and "Due" not in rows


# --- approvals ----------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(house: Runtime) -> Runtime:
    """Two invoices of 71,400.00 EUR wait for Bo."""
    work.big_contract(house)
    work.record(house, b.PAYMENTS, invoices=(work.big_invoice(1), work.big_invoice(2)))
    return house


def states_of(house: Runtime, table: type[Any]) -> list[str]:
    return sorted(row.state for row in work.all_rows(house, table))


def test_mine_come_first_and_everybodys_are_one_click_away(asked: Runtime) -> None:
    at = open_page("work/approvals.py", AMARA)
    assert len(at.dataframe[0].value) == 0
    at = open_page("work/approvals.py", AMARA, ap_show="All")
    rows = at.dataframe[0].value
    assert list(rows["Why asked"]) == ["Amount of 20,000 or more"] * 2
    assert list(rows["Policy"]) == ["A4, version 1"] * 2
    assert list(rows["Assignee"]) == ["Bo Lindqvist"] * 2


def test_several_are_approved_together_after_a_preview_of_count_and_money(asked: Runtime) -> None:
    at = open_page("work/approvals.py", BO)
    tick(at, "ap_grid", [0, 1])
    at.button(key="ap_approve").click()
    shown(at)
    assert "**2 approvals** · EUR 142,800.00" in said(at)
    at.button(key="ap_many_approve_send").click()
    shown(at)
    assert at.toast[0].value == "2 approved"
    assert len(at.dataframe[0].value) == 0
    assert states_of(asked, Document) == ["released", "released"]


def test_the_evidence_stands_beside_the_decision(asked: Runtime) -> None:
    at = open_page("work/approvals.py", BO)
    tick(at, "ap_grid", [0])
    sides = at.table[0].value.set_index("Field")
    assert sides.loc["Contract"]["Contract and CRM"] == sides.loc["Contract"]["Invoice"]
    text = said(at)
    assert "Asked because: Amount of 20,000 or more (approval policy A4, version 1)" in text
    assert "Every rule passed" in text


def test_one_is_rejected_inline_with_a_note(asked: Runtime) -> None:
    at = open_page("work/approvals.py", BO)
    tick(at, "ap_grid", [0])
    (key,) = [each.key.removesuffix("_reject") for each in at.button if (each.key or "").endswith("_reject")][-1:]
    at.button(key=f"{key}_reject").click()
    shown(at)
    assert "Say why you reject" in said(at)
    at.text_input(key=f"{key}_note").set_value("Wrong bill-to")
    at.button(key=f"{key}_reject").click()
    shown(at)
    assert states_of(asked, Document) == ["awaiting_approval", "on_hold"]
    assert "Wrong bill-to" in cases_of(asked)[0].sentence


def test_who_rejected_has_it_asked_again_on_the_screen_of_approvals(asked: Runtime) -> None:
    one = next(row for row in work.all_rows(asked, Approval) if row.state == "waiting")
    no = DecideApprovals(targets=(Target(one.id, one.revision),), verdict="reject", note="Wrong bill-to")
    execute(asked, no, work.person(asked, "Bo"))
    assert "You rejected" not in said(open_page("work/approvals.py", AMARA))
    at = open_page("work/approvals.py", BO)
    assert "You rejected" in said(at)
    assert list(at.dataframe[-1].value["Your reason"]) == ["Wrong bill-to"]
    tick(at, "ap_rejected", [0])
    at.button(key="ap_ask_again").click()
    shown(at)
    assert at.toast[0].value == "1 checked again"
    assert states_of(asked, Document) == ["awaiting_approval", "awaiting_approval"]
    assert "You rejected" not in said(at)
    assert len(at.dataframe[0].value) == 2


def test_what_a_policy_forbids_is_left_out_with_the_policys_sentence(asked: Runtime) -> None:
    at = open_page("work/approvals.py", AMARA, ap_show="All")
    tick(at, "ap_grid", [0])
    assert "Policy “approval limits”" in said(at)
    at.button(key="ap_approve").click()
    shown(at)
    assert "1 left out. Policy “approval limits”" in said(at)
    assert at.button(key="ap_many_approve_send").disabled
    assert states_of(asked, Document) == ["awaiting_approval"] * 2


def test_an_approval_is_handed_to_somebody_who_may_decide_it(asked: Runtime) -> None:
    at = open_page("work/approvals.py", BO)
    tick(at, "ap_grid", [0])
    at.button(key="ap_reroute").click()
    shown(at)
    at.selectbox(key="ap_many_reroute_to").set_value("Chen Wei")
    at.button(key="ap_many_reroute_send").click()
    shown(at)
    assert at.toast[0].value == "1 re-routed to Chen Wei"
    assert len(open_page("work/approvals.py", CHEN).dataframe[0].value) == 1


# --- collections --------------------------------------------------------------------------------------------------


@pytest.fixture
def owed(house: Runtime) -> Runtime:
    """Nordlicht owes 238.00 EUR (261.80 USD) since 31 October: two days."""
    work.record(house, b.PAYMENTS, invoices=(work.invoice(1),))
    return house


def test_customers_are_ranked_with_the_points_behind_the_score(owed: Runtime) -> None:
    at = open_page("work/collections.py", COLE)
    (row,) = at.dataframe[0].value.to_dict("records")
    assert (row["Customer"], row["To chase"]) == ("Nordlicht Logistik GmbH", "261.80")
    assert row["Why"].startswith("Amount to chase (+8)")
    assert "261.80" not in row["Why"]
    assert at.metric[0].value == "USD 262"


def test_a_call_moves_the_customer_to_the_ones_to_leave_alone(owed: Runtime) -> None:
    at = open_page("work/collections.py", COLE)
    tick(at, "co_grid", [0])
    at.button(key="co_log_contact").click()
    shown(at)
    at.selectbox(key="co_contact_outcome").set_value("No answer")
    at.button(key="co_contact_send").click()
    shown(at)
    assert len(at.dataframe[0].value) == 0
    later = open_page("work/collections.py", COLE, co_show="Leave alone today")
    assert "wait until" in later.dataframe[0].value.iloc[0]["Why"]


def test_a_promise_is_recorded_and_an_impossible_amount_is_not(owed: Runtime) -> None:
    at = open_page("work/collections.py", COLE)
    tick(at, "co_grid", [0])
    at.button(key="co_promise").click()
    shown(at)
    assert at.text_input(key="co_promise_amount").value == "238.00"
    at.text_input(key="co_promise_amount").set_value("1.500")
    at.button(key="co_promise_send").click()
    shown(at)
    assert "“1.500” is not an amount in EUR: it may be thousands" in said(at)
    at.text_input(key="co_promise_amount").set_value("238.00")
    at.button(key="co_promise_send").click()
    shown(at)
    (row,) = work.all_rows(owed, Promise)
    assert (row.amount_minor, row.currency) == (23_800, "EUR")


def test_a_disputed_invoice_leaves_the_list(owed: Runtime) -> None:
    at = open_page("work/collections.py", COLE)
    tick(at, "co_grid", [0])
    at.button(key="co_dispute").click()
    shown(at)
    at.text_area(key="co_dispute_sentence").set_value("We never ordered this")
    at.button(key="co_dispute_send").click()
    shown(at)
    assert len(at.dataframe[0].value) == 0
    assert states_of(owed, Dispute) == ["open"]
