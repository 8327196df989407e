"""What takes the place of an invoice goes out once: after the credit memo, and never beside the invoice."""

from __future__ import annotations

import pytest

from core.db.tables import Document
from core.kit.errors import Refused
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import ReleaseInvoices, WithdrawCreditMemo
from core.workflow.command import Target
from tests import builders as b
from tests import work
from tests.corrections import agreed, all_of, issue, only_of, posted_invoice
from tests.stores import Furniture


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def release(runtime: Runtime, row: Document) -> None:
    execute(runtime, ReleaseInvoices(targets=(Target(row.id, row.revision),)), work.person(runtime, "Ana"))


def withdraw(runtime: Runtime) -> None:
    memo = only_of(runtime, "credit_memo")
    wish = WithdrawCreditMemo(document=Target(memo.id, memo.revision), reason="It was right after all")
    execute(runtime, wish, work.person(runtime, "Ana"))


def test_nobody_releases_a_replacement_before_its_credit_memo_has_gone_out(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    issue(runtime, invoice, rebill=True)
    draft = all_of(runtime, "invoice")[1]
    with pytest.raises(Refused, match=f"takes the place of invoice {invoice.number}, whose credit memo has not gone"):
        release(runtime, draft)
    assert [row.state for row in all_of(runtime, "invoice")] == ["posted", "draft"]


def test_a_credit_memo_whose_replacement_has_gone_out_is_not_withdrawn(runtime: Runtime) -> None:
    issue(runtime, posted_invoice(runtime), rebill=True)
    draft = all_of(runtime, "invoice")[1]
    with runtime.transaction() as session:
        row = session.get(Document, draft.id)
        assert row is not None
        row.state, row.is_issued, row.number = "released", True, "DE-2026-000002"
    with pytest.raises(Refused, match="Invoice DE-2026-000002 has gone out in place of"):
        withdraw(runtime)


def test_a_withdrawal_takes_back_a_replacement_that_is_held(runtime: Runtime) -> None:
    issue(runtime, posted_invoice(runtime), rebill=True)
    draft = all_of(runtime, "invoice")[1]
    with runtime.transaction() as session:
        row = session.get(Document, draft.id)
        assert row is not None
        row.state = "on_hold"
    withdraw(runtime)
    assert [row.state for row in all_of(runtime, "invoice")] == ["posted", "void"]


def test_a_replacement_that_its_customer_wants_a_hand_for_is_released_by_one(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    work.record(runtime, b.CRM, customers=(b.customer(release_mode="manual"),))
    issue(runtime, invoice, rebill=True)
    agreed(runtime)
    draft = all_of(runtime, "invoice")[1]
    assert draft.state == "action_needed"
    release(runtime, draft)
    assert all_of(runtime, "invoice")[1].state == "released"
