from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from core.db.tables import Approval, Case, Document
from core.runtime import Runtime, share_runtime
from tests import builders as b
from tests.core.reporting import work
from tests.pages.app import open_page, said, shown, tick

ANA, CHEN, VERA = "ana@halden.example", "chen@halden.example", "vera@halden.example"
BO, AMARA, COLE = "bo@halden.example", "amara@halden.example", "cole@halden.example"


@pytest.fixture
def house(runtime: Runtime) -> Iterator[Runtime]:
    share_runtime(work.open_house(runtime))
    yield runtime
    share_runtime(None)


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
    assert matrix.iloc[0]["Type"] == "Purchase order" and matrix.iloc[0]["Under a day"] == "2 · 524"
    assert list(rows["Invoice"]) == ["HC-000001", "HC-000002"]


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
    assert at.query_params["ex_sort"] in ("Money", ["Money"])


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
    assert case.id and "PO-77" not in {row.po_number for row in work.all_rows(house, Document)}
    assert date.today() and Approval.__tablename__ == "approvals"
