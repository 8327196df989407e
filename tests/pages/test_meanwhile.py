"""Two people at the same work: who comes second is told who was quicker, and nothing is done that nobody has seen."""

from __future__ import annotations

from typing import Any

import pytest

from core.db.tables import Approval, Case, Document
from core.kit.errors import Stale
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from tests import builders as b
from tests import work
from tests.pages.app import open_page, said, shown, tick
from tests.stores import Furniture

ANA, BO = "ana@halden.example", "bo@halden.example"


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def held(house: Runtime, *numbers: int) -> list[Case]:
    """Exceptions of one cause: invoices without the purchase order that the customer asks for."""
    work.record(house, b.CRM, customers=(b.customer(is_po_required=True),), contracts=(b.contract(po_number="PO-77"),))
    work.record(house, b.PAYMENTS, invoices=tuple(work.invoice(number) for number in numbers))
    return cases_of(house)


def cases_of(house: Runtime, **facts: Any) -> list[Case]:
    found = sorted(work.all_rows(house, Case), key=lambda row: (row.due_at, row.id))
    return [row for row in found if all(getattr(row, name) == value for name, value in facts.items())]


def target(row: Case | Approval) -> tuple[c.Target, ...]:
    return (c.Target(row.id, row.revision),)


def by_chen(house: Runtime, command: Any) -> None:
    execute(house, command, work.person(house, "Chen"))


def press(at: Any, key: str) -> None:
    at.button(key=key).click()
    shown(at)


def test_an_exception_that_was_rerouted_meanwhile_is_not_waived_unseen(house: Runtime) -> None:
    (case,) = held(house, 1)
    key = f"case_{case.id}"
    at = open_page("work/exception.py", ANA, id=str(case.id))
    by_chen(house, c.AssignCases(targets=target(case), queue="Tax", owner_id=None, note="I talk to the customer"))
    at.text_input(key=f"{key}_waive_reason").set_value("Agreed with sales")
    press(at, f"{key}_waive_send")
    assert "Chen Wei changed this meanwhile: yours was not done. Look again." in said(at)
    assert [row.state for row in cases_of(house)] == ["open"]
    assert "Tax" in said(at)
    assert at.text_input(key=f"{key}_waive_reason").value == "Agreed with sales"
    press(at, f"{key}_waive_send")
    assert [row.state for row in cases_of(house)] == ["waived"]


@pytest.mark.parametrize(
    ("form", "typed"), [("route", "note"), ("waive", "reason"), ("correct", "note"), ("check", None)]
)
def test_a_form_of_an_exception_that_was_settled_meanwhile_says_by_whom(
    house: Runtime, form: str, typed: str | None
) -> None:
    (case,) = held(house, 1)
    key = f"case_{case.id}_{form}"
    at = open_page("work/exception.py", ANA, id=str(case.id))
    by_chen(house, c.WaiveCases(targets=target(case), reason="Agreed with sales"))
    if typed:
        at.text_input(key=f"{key}_{typed}").set_value("The other way round")
    if form == "route":
        at.selectbox(key=f"{key}_queue").set_value("Tax")
    press(at, f"{key}_send")
    assert "Chen Wei settled this meanwhile: yours was not done" in said(at)
    assert "There is nothing for you to do here." in said(at)
    (after,) = cases_of(house)
    assert (after.state, after.resolution, after.queue) == ("waived", "Agreed with sales", case.queue)


def test_a_correction_is_not_made_over_another_that_was_made_meanwhile(house: Runtime) -> None:
    (case,) = held(house, 1)
    at = open_page("work/exception.py", ANA, id=str(case.id))
    by_chen(house, c.CorrectDocument(case=target(case)[0], po_number="PO-78"))
    press(at, f"case_{case.id}_correct_send")
    assert "Chen Wei settled this meanwhile: yours was not done" in said(at)
    assert {row.po_number for row in work.all_rows(house, Document)} == {"PO-78"}


def test_siblings_are_settled_as_they_were_previewed_or_not_at_all(house: Runtime) -> None:
    first, second, _ = held(house, 1, 2, 3)
    key = f"case_{first.id}"
    at = open_page("work/exception.py", ANA, id=str(first.id))
    at.toggle(key=f"{key}_all").set_value(True)
    shown(at)
    assert "**3 exceptions**" in said(at)
    by_chen(house, c.WaiveCases(targets=target(second), reason="Agreed with sales"))
    at.text_input(key=f"{key}_waive_reason").set_value("All of them are fine")
    press(at, f"{key}_waive_send")
    assert f"Meanwhile: Chen Wei settled “{second.sentence}”. Nothing was done; look again" in said(at)
    assert len(cases_of(house, state="open")) == 2
    assert "**2 exceptions**" in said(at)
    press(at, f"{key}_waive_send")
    assert len(cases_of(house, state="waived", resolution="All of them are fine")) == 2


def test_a_sibling_that_came_meanwhile_is_not_settled_with_the_others(house: Runtime) -> None:
    first, _ = held(house, 1, 2)
    key = f"case_{first.id}"
    at = open_page("work/exception.py", ANA, id=str(first.id))
    at.toggle(key=f"{key}_all").set_value(True)
    shown(at)
    work.record(house, b.PAYMENTS, invoices=(work.invoice(3),))
    at.text_input(key=f"{key}_waive_reason").set_value("Both are fine")
    press(at, f"{key}_waive_send")
    assert (len(cases_of(house, state="waived")), len(cases_of(house, state="open"))) == (2, 1)


def test_after_all_siblings_were_settled_the_next_one_is_still_open(house: Runtime) -> None:
    held(house, 1, 2)
    work.record(house, b.PAYMENTS, invoices=(work.dear_invoice(3, po_number="PO-77"),))
    first = cases_of(house, code="po.missing")[0]
    (other,) = cases_of(house, code="price.outdated")
    key = f"case_{first.id}"
    at = open_page("work/exception.py", ANA, id=str(first.id))
    at.toggle(key=f"{key}_all").set_value(True)
    shown(at)
    at.text_input(key=f"{key}_waive_reason").set_value("Agreed with sales")
    press(at, f"{key}_waive_send")
    assert [row.state for row in cases_of(house, code="po.missing")] == ["waived", "waived"]
    assert at.button(key=f"case_{other.id}_waive_send")


@pytest.fixture
def asked(house: Runtime) -> list[Approval]:
    """Two invoices wait for Bo."""
    work.big_contract(house)
    work.record(house, b.PAYMENTS, invoices=(work.big_invoice(1), work.big_invoice(2)))
    return work.all_rows(house, Approval)


def number_of(house: Runtime, approval: Approval) -> str:
    return str(next(row.number for row in work.all_rows(house, Document) if row.id == approval.document_id))


def test_of_several_approvals_the_refusal_names_the_one_that_is_decided(house: Runtime, asked: list[Approval]) -> None:
    first, second = asked
    by_chen(house, c.DecideApprovals(targets=target(first), verdict="approve"))
    both = c.DecideApprovals(targets=(*target(first), *target(second)), verdict="approve")
    told = (
        f"Meanwhile: Chen Wei approved {number_of(house, first)}. Nothing was done; look again and go on with the rest."
    )
    with pytest.raises(Stale) as refusal:
        execute(house, both, work.person(house, "Bo"))
    assert str(refusal.value) == told


def test_an_approval_that_was_decided_meanwhile_says_by_whom(house: Runtime, asked: list[Approval]) -> None:
    at = open_page("work/approvals.py", BO)
    tick(at, "ap_grid", [0])
    (key,) = [each.key for each in at.button if (each.key or "").endswith("_approve")][-1:]
    one = next(row for row in asked if str(row.id) in key)
    by_chen(house, c.DecideApprovals(targets=target(one), verdict="reject", note="Wrong bill-to"))
    press(at, key)
    assert f"Chen Wei rejected {number_of(house, one)} meanwhile: yours was not done" in said(at)
    assert sorted(row.state for row in work.all_rows(house, Approval)) == ["rejected", "waiting"]


def test_an_approval_that_was_handed_over_meanwhile_is_not_decided_unseen(
    house: Runtime, asked: list[Approval]
) -> None:
    at = open_page("work/approvals.py", BO)
    tick(at, "ap_grid", [0])
    (key,) = [each.key for each in at.button if (each.key or "").endswith("_approve")][-1:]
    one = next(row for row in asked if str(row.id) in key)
    chen = work.person(house, "Chen")
    by_chen(house, c.RerouteApprovals(targets=target(one), assignee_id=chen.user_id, note="Mine"))
    press(at, key)
    assert f"Chen Wei re-routed {number_of(house, one)} meanwhile: yours was not done" in said(at)
    assert {row.state for row in work.all_rows(house, Approval)} == {"waiting"}


def test_ticks_on_what_others_have_changed_are_told_when_a_drawer_finds_nothing(house: Runtime) -> None:
    (case,) = held(house, 1)
    at = open_page("work/exceptions.py", ANA)
    tick(at, "ex_grid", [0])
    by_chen(house, c.AssignCases(targets=target(case), queue="Tax", owner_id=None))
    press(at, "ex_waive")
    assert "What you had ticked has changed meanwhile. Look again." in said(at)
