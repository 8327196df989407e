"""What was rejected stays rejected until it changes, and what nobody may accept is not waived."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select

from core.db.tables import Approval, Case, Document, DocumentTax, User
from core.kit.errors import Forbidden, Refused
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from core.workflow.billing_commands import ReleaseInvoices
from core.workflow.command import Target
from core.workflow.deciding import decide
from core.workflow.execute import open_context
from jobs.run_billing import run_billing
from tests import builders as b
from tests import work
from tests.billing import house_contract, start
from tests.corrections import agreed, issue, only_of, posted_invoice
from tests.stores import Furniture


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def rejected(runtime: Runtime) -> str:
    """Answers who rejected the credit memo of 100.00."""
    issue(runtime, posted_invoice(runtime), amount=Decimal(100))
    (row,) = work.all_rows(runtime, Approval)
    names: dict[Any, str] = {each.id: each.name for each in work.all_rows(runtime, User)}
    no = c.DecideApprovals(targets=(Target(row.id, row.revision),), verdict="reject", note="Not without a reason")
    execute(runtime, no, work.person(runtime, names[row.assignee_id]))
    return names[row.assignee_id]


def case_of(runtime: Runtime, code: str) -> Case:
    case: Case
    (case,) = [each for each in work.all_rows(runtime, Case) if each.code == code]
    return case


def check_again(runtime: Runtime, who: str) -> None:
    case = case_of(runtime, "approval.rejected")
    again = c.RevalidateCases(targets=(Target(case.id, case.revision),))
    execute(runtime, again, work.person(runtime, who))


def waiting(runtime: Runtime) -> int:
    return [row.state for row in work.all_rows(runtime, Approval)].count("waiting")


def test_nobody_asks_again_about_what_was_rejected_as_it_is(runtime: Runtime) -> None:
    rejected(runtime)
    check_again(runtime, "Ana")
    work.record(runtime, b.CRM, customers=(b.customer(name="Nordlicht SE"),))
    assert (only_of(runtime, "credit_memo").state, waiting(runtime)) == ("on_hold", 0)
    assert case_of(runtime, "approval.rejected").state == "open"


def test_a_rejection_is_not_waived(runtime: Runtime) -> None:
    rejected(runtime)
    case = case_of(runtime, "approval.rejected")
    waive = c.WaiveCases(targets=(Target(case.id, case.revision),), reason="It is fine")
    with pytest.raises(Refused, match="cannot be waived: put it right and check again"):
        execute(runtime, waive, work.person(runtime, "Ana"))


def test_who_rejected_may_have_it_asked_again(runtime: Runtime) -> None:
    who = rejected(runtime)
    with runtime.transaction() as session:
        actor = work.person(runtime, who)
        decide(open_context(runtime, session, actor), [only_of(runtime, "credit_memo").id])
    assert (only_of(runtime, "credit_memo").state, waiting(runtime)) == ("awaiting_approval", 1)


def test_only_who_rejected_takes_it_back(runtime: Runtime) -> None:
    who = rejected(runtime)
    case = case_of(runtime, "approval.rejected")
    again = c.AskAgain(cases=(Target(case.id, case.revision),))
    roles = ("approver", "controller")
    others = [row.name for row in work.all_rows(runtime, User) if row.role in roles and row.name != who]
    assert others
    for name in others:
        with pytest.raises(Forbidden, match="only who rejected it"):
            execute(runtime, again, work.person(runtime, name))
    with pytest.raises(Forbidden, match="roles"):
        execute(runtime, again, work.person(runtime, "Ana"))
    execute(runtime, again, work.person(runtime, who))
    assert (only_of(runtime, "credit_memo").state, waiting(runtime)) == ("awaiting_approval", 1)
    assert case_of(runtime, "approval.rejected").state == "resolved"
    agreed(runtime)
    assert only_of(runtime, "credit_memo").state == "released"


def test_what_was_put_right_is_asked_about_again(runtime: Runtime) -> None:
    rejected(runtime)
    case = case_of(runtime, "approval.rejected")
    right = c.CorrectDocument(case=Target(case.id, case.revision), po_number="PO-77", note=None)
    execute(runtime, right, work.person(runtime, "Ana"))
    assert (only_of(runtime, "credit_memo").state, waiting(runtime)) == ("awaiting_approval", 1)
    agreed(runtime)
    assert only_of(runtime, "credit_memo").state == "released"


def test_a_missing_tax_is_not_waived(runtime: Runtime) -> None:
    house_contract(runtime)
    run_billing(runtime, start(runtime, "review"))
    with runtime.transaction() as session:
        session.execute(delete(DocumentTax))
        session.scalars(select(Document)).one().tax_engine = "avatax"
    row = only_of(runtime, "invoice")
    execute(runtime, ReleaseInvoices(targets=(Target(row.id, row.revision),)), work.person(runtime, "Ana"))
    case = case_of(runtime, "tax.undetermined")
    waive = c.WaiveCases(targets=(Target(case.id, case.revision),), reason="It is fine")
    with pytest.raises(Refused, match="cannot be waived"):
        execute(runtime, waive, work.person(runtime, "Ana"))
    with runtime.transaction() as session:
        kept = session.merge(row)
        kept.state, kept.waived_codes = "on_hold", ["tax.undetermined"]
        decide(open_context(runtime, session, work.person(runtime, "Ana")), [row.id])
    assert only_of(runtime, "invoice").state == "on_hold"
