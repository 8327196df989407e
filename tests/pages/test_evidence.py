"""What an approver sees beside the decision."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.db.tables import Case
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.command import Target
from core.workflow.commands import WaiveCases
from tests import builders as b
from tests import work
from tests.corrections import issue, posted_invoice
from tests.pages.app import open_page, said, tick
from tests.stores import Furniture

BO, CHEN = "bo@halden.example", "chen@halden.example"


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def test_with_several_ticked_no_evidence_of_one_stands_for_all(house: Runtime) -> None:
    work.big_contract(house)
    work.record(house, b.PAYMENTS, invoices=(work.big_invoice(1), work.big_invoice(2)))
    at = open_page("work/approvals.py", BO)
    tick(at, "ap_grid", [0, 1])
    assert "2 are ticked: the buttons above decide them together." in said(at)
    assert not at.table and not [each for each in at.button if (each.key or "").endswith("_reject")][1:]
    tick(at, "ap_grid", [1])
    assert at.table and f"**Decide {at.dataframe[0].value.iloc[1]['Invoice']}**" in said(at)


def test_a_waiver_stands_above_the_evidence_with_its_reason(house: Runtime) -> None:
    work.big_contract(house)
    line = b.line(quantity=Decimal(3000), unit_price=Decimal(25), amount_minor=7_500_000, tax_minor=1_425_000)
    work.record(house, b.PAYMENTS, invoices=(work.invoice(1, lines=(line,)),))
    case = work.only(house, Case)
    waive = WaiveCases(targets=(Target(case.id, case.revision),), reason="Agreed by phone")
    execute(house, waive, work.person(house, "Ana"))
    at = open_page("work/approvals.py", BO, ap_show="All")
    tick(at, "ap_grid", [0])
    assert at.warning[0].value.startswith("Waived by Ana Ribeiro: ") and "Agreed by phone" in at.warning[0].value
    assert ":orange-badge[Waived]" in at.table[0].value.iloc[0].iloc[4]


def test_the_evidence_of_a_credit_memo_is_titled_as_one(house: Runtime) -> None:
    issue(house, posted_invoice(house), amount=Decimal(100))
    at = open_page("work/approvals.py", CHEN, ap_show="All")
    assert list(at.dataframe[0].value["Reporting"]) == ["-110.00"]
    tick(at, "ap_grid", [0])
    (link,) = [each for each in at.get("page_link") if "memo" in each.proto.label.lower()]
    assert link.proto.label.startswith("Credit memo")
    assert ", due" not in said(at)
