"""A source takes an invoice or a credit memo back at the very moment at which it goes out, or arrives in the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from core.canonical import InvoiceRecord
from core.db.tables import Approval, Case, Delivery, Document, User
from core.ports import Ledger
from core.posting import store as posting
from core.runtime import Runtime
from core.workflow import Actor, execute
from core.workflow import commands as c
from core.workflow.command import Target
from jobs.attempt import Outcome, Result, command
from jobs.deliver import deliver
from jobs.exclusive import exclusive
from tests import builders as b
from tests.corrections import issue, only_of
from tests.fakes import FakeLedger
from tests.path.racing import ending_while
from tests.stores import Furniture
from tests.work import JOB, all_rows, big_contract, big_invoice, only, open_house, person, record

MEMO = b.credit_memo(issue_date=date(2026, 10, 2))
VOID_MEMO = MEMO.model_copy(update={"status": "void"})


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def told_void(runtime: Runtime, invoice: InvoiceRecord) -> Callable[[], object]:
    return lambda: record(runtime, b.PAYMENTS, invoices=(invoice.model_copy(update={"status": "void"}),))


def approval(runtime: Runtime) -> tuple[c.AnyCommand, Actor]:
    asked = only(runtime, Approval)
    people = {row.id: row.name for row in all_rows(runtime, User)}
    agreed = c.DecideApprovals(targets=(Target(asked.id, asked.revision),), verdict="approve")
    return agreed, person(runtime, people[asked.assignee_id])


def post(runtime: Runtime) -> list[str]:
    """What arrives in the ledger."""
    ledger = FakeLedger()
    ledgers: dict[str, Ledger] = {"netsuite": ledger}
    for row in all_rows(runtime, Delivery):
        deliver(runtime, ledgers, row.id)
    return ledger.creations


def open_cases(runtime: Runtime) -> list[Case]:
    return [row for row in all_rows(runtime, Case) if row.state == "open"]


def test_an_invoice_that_is_voided_while_it_is_released_never_reaches_the_ledger(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),), is_backfill=True)
    ending_while(runtime, c.DecideReceived(source=b.PAYMENTS), JOB, told_void(runtime, b.invoice()))
    assert (post(runtime), only(runtime, Delivery).state) == ([], "set_aside")
    assert (only(runtime, Document).state, open_cases(runtime)) == ("void", [])


def test_an_invoice_that_is_voided_while_it_is_approved_never_reaches_the_ledger(runtime: Runtime) -> None:
    big_contract(runtime)
    record(runtime, b.PAYMENTS, invoices=(big_invoice(1),))
    ending_while(runtime, *approval(runtime), told_void(runtime, big_invoice(1)))
    assert (post(runtime), only(runtime, Delivery).state) == ([], "set_aside")
    assert (only(runtime, Document).state, open_cases(runtime)) == ("void", [])


@pytest.mark.parametrize("gone", [{"invoices": (b.invoice(status="void"),)}, {"credit_memos": (VOID_MEMO,)}])
def test_a_credit_memo_that_is_approved_while_it_or_its_invoice_is_voided_never_reaches_the_ledger(
    runtime: Runtime, gone: dict[str, Any]
) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    record(runtime, b.PAYMENTS, credit_memos=(MEMO,))
    ending_while(runtime, *approval(runtime), lambda: record(runtime, b.PAYMENTS, **gone))
    memo = only_of(runtime, "credit_memo")
    (delivery,) = [row for row in all_rows(runtime, Delivery) if row.document_id == memo.id]
    assert (memo.state, delivery.state, delivery.key in post(runtime)) == ("void", "set_aside", False)
    assert open_cases(runtime) == []


def test_a_credit_memo_of_the_house_that_goes_out_while_its_invoice_is_voided_stays_and_is_an_exception(
    runtime: Runtime,
) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    post(runtime)
    issue(runtime, only_of(runtime, "invoice"))
    ending_while(runtime, *approval(runtime), told_void(runtime, b.invoice()))
    memo = only_of(runtime, "credit_memo")
    (case,) = [row for row in open_cases(runtime) if row.document_id == memo.id]
    assert (memo.state, memo.is_issued) == ("released", True)
    assert f"{memo.number} has gone out, and the invoice that it corrects was voided" in case.sentence


def next_attempt(runtime: Runtime, delivery: UUID) -> int:
    with runtime.transaction() as session:
        return posting.begin_attempt(session, delivery, "post", runtime.now())


@pytest.mark.parametrize(("outcome", "is_open"), [("refused", False), ("retry", False), ("delivered", True)])
def test_an_invoice_is_voided_without_waiting_for_an_outcome_that_is_being_recorded(
    runtime: Runtime, outcome: Outcome, is_open: bool
) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    delivery = only(runtime, Delivery).id
    number = next_attempt(runtime, delivery)
    with runtime.transaction() as session:
        # As whoever records an outcome does first.
        posting.get(session, delivery)
        told_void(runtime, b.invoice())()
    (case,) = open_cases(runtime)
    assert "may stand in the ledger" in case.sentence
    execute(runtime, command(delivery, number, Result(outcome)), JOB)
    assert (only(runtime, Document).state, bool(open_cases(runtime))) == ("void", is_open)


def test_what_arrives_in_the_ledger_after_somebody_had_dealt_with_its_void_invoice_is_an_exception_again(
    runtime: Runtime,
) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    with exclusive(runtime.engine, f"delivery:{only(runtime, Delivery).id}"):
        told_void(runtime, b.invoice())()
    (case,) = open_cases(runtime)
    done = c.ResolveCases(targets=(Target(case.id, case.revision),), resolution="It is not there.")
    execute(runtime, done, person(runtime, "Ana"))
    assert post(runtime) == ["stripe_in_1"]
    (case,) = open_cases(runtime)
    row = only(runtime, Document)
    assert (case.code, case.document_id, case.amount_minor) == ("document.voided_at_source", row.id, 23_800)
    assert case.sentence == "Invoice HC-000001 is void, and stands in the ledger: void it there too."
