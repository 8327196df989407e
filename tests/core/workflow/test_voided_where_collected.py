"""Invoices of the house that are voided in Stripe, which tells it again and again, whatever was done about it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.db.tables import Case, Document
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.command import Target
from core.workflow.commands import ResolveCases
from tests import builders as b
from tests.corrections import agreed, issue, only_of, posted, posted_invoice
from tests.stores import Furniture
from tests.work import all_rows, open_house, person, record


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def voided(runtime: Runtime, row: Document, ref: str = "in_own") -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(source_ref=ref, house_ref=str(row.id), status="void"),))


def states(runtime: Runtime) -> list[str]:
    return sorted(row.state for row in all_rows(runtime, Case))


def resolve(runtime: Runtime) -> None:
    targets = tuple(Target(row.id, row.revision) for row in all_rows(runtime, Case) if row.state == "open")
    execute(runtime, ResolveCases(targets=targets, resolution="Paid by transfer"), person(runtime, "Ana"))


def test_what_a_person_has_dealt_with_is_not_told_again(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    voided(runtime, invoice)
    resolve(runtime)
    voided(runtime, invoice)
    assert states(runtime) == ["resolved"]


def test_an_invoice_that_was_sent_there_once_more_and_voided_again_is_told_again(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    voided(runtime, invoice)
    resolve(runtime)
    voided(runtime, invoice, "in_again")
    assert states(runtime) == ["open", "resolved"]


def test_an_invoice_of_which_nothing_is_open_any_more_is_told_by_nobody(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    issue(runtime, invoice)
    agreed(runtime)
    posted(runtime)
    voided(runtime, invoice)
    assert (only_of(runtime, "invoice").open_minor, all_rows(runtime, Case)) == (0, [])


def test_the_exception_ends_when_the_invoice_is_credited_in_full(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    voided(runtime, invoice)
    issue(runtime, only_of(runtime, "invoice"), amount=Decimal("238.00"))
    agreed(runtime)
    assert states(runtime) == ["open"]
    issue(runtime, only_of(runtime, "invoice"))
    agreed(runtime)
    posted(runtime)
    voided(runtime, invoice)
    (case,) = all_rows(runtime, Case)
    assert (case.state, case.resolution) == ("resolved", "Nothing of it is open any more")


def test_the_exception_ends_when_the_invoice_is_paid_another_way(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    voided(runtime, invoice)
    record(runtime, b.PAYMENTS, payments=(b.payment(invoice_ref="in_own", amount_minor=invoice.total_minor),))
    assert states(runtime) == ["resolved"]


def test_a_credit_memo_of_the_house_that_a_person_has_dealt_with_is_not_told_again(runtime: Runtime) -> None:
    issue(runtime, posted_invoice(runtime), amount=Decimal("238.00"))
    agreed(runtime)
    posted(runtime)
    memo = only_of(runtime, "credit_memo")
    gone = b.credit_memo(house_ref=str(memo.id), status="void")
    record(runtime, b.PAYMENTS, credit_memos=(gone,))
    resolve(runtime)
    record(runtime, b.PAYMENTS, credit_memos=(gone,))
    assert states(runtime) == ["resolved"]
