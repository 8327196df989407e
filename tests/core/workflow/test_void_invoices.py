"""What belongs to a void invoice: its credit memos, and what the ledger holds of it, whichever is known first."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest

from core.db.tables import Application, Approval, Case, Delivery, Document
from core.ports import Ledger
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.command import Target
from core.workflow.commands import ResolveCases
from jobs.deliver import deliver
from tests import builders as b
from tests.corrections import agreed, issue, only_of, posted
from tests.fakes import FakeLedger
from tests.stores import Furniture
from tests.work import all_rows, only, open_house, person, record

MEMO_DAY = date(2026, 10, 2)
LATER = datetime(2026, 10, 9, tzinfo=UTC)
MEMO = {"source_ref": "8001", "kind": "credit_memo", "key": "stripe_cn_1", "total_minor": -5_000}
VOIDED, MEMOS = {"invoices": (b.invoice(status="void"),)}, {"credit_memos": (b.credit_memo(issue_date=MEMO_DAY),)}


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def tell(runtime: Runtime, *facts: dict[str, Any]) -> None:
    for each in facts:
        record(runtime, b.LEDGER if "ledger" in each else b.PAYMENTS, **each)


def post(runtime: Runtime, ledger: FakeLedger) -> None:
    ledgers: dict[str, Ledger] = {"netsuite": ledger}
    for row in all_rows(runtime, Delivery):
        deliver(runtime, ledgers, row.id)


def open_cases(runtime: Runtime) -> list[Case]:
    return [row for row in all_rows(runtime, Case) if row.state == "open"]


@pytest.mark.parametrize("is_invoice_first", [True, False])
@pytest.mark.parametrize("facts", list(permutations((VOIDED, MEMOS))))
def test_a_credit_memo_of_an_invoice_that_is_void_never_reaches_the_ledger(
    runtime: Runtime, facts: tuple[dict[str, Any], ...], is_invoice_first: bool
) -> None:
    tell(runtime, *([{"invoices": (b.invoice(),)}] if is_invoice_first else []), *facts)
    agreed(runtime)
    ledger = FakeLedger()
    post(runtime, ledger)
    memo = only_of(runtime, "credit_memo")
    assert (ledger.creations, memo.state, memo.open_minor) == ([], "void", 0)
    assert {row.state for row in all_rows(runtime, Approval)} <= {"withdrawn"}
    assert open_cases(runtime) == []
    assert sum(row.amount_minor for row in all_rows(runtime, Application)) == 0


def test_a_credit_memo_that_is_on_its_way_when_its_invoice_is_voided_is_stopped(runtime: Runtime) -> None:
    tell(runtime, {"invoices": (b.invoice(),)}, MEMOS)
    agreed(runtime)
    assert only_of(runtime, "credit_memo").state == "released"
    tell(runtime, VOIDED)
    ledger = FakeLedger()
    post(runtime, ledger)
    assert (ledger.creations, {row.state for row in all_rows(runtime, Delivery)}) == ([], {"set_aside"})
    assert open_cases(runtime) == []


def test_a_posted_credit_memo_of_a_posted_invoice_is_an_exception_beside_it_when_that_is_voided(
    runtime: Runtime,
) -> None:
    tell(runtime, {"invoices": (b.invoice(),)}, MEMOS)
    agreed(runtime)
    post(runtime, FakeLedger())
    for _ in range(2):
        tell(runtime, VOIDED)
    found = {row.document_id: row for row in open_cases(runtime)}
    invoice, memo = only_of(runtime, "invoice"), only_of(runtime, "credit_memo")
    assert (set(found), invoice.state, memo.state) == ({invoice.id, memo.id}, "void", "void")
    assert "corrects an invoice that was voided in Stripe, and stands in the ledger" in found[memo.id].sentence
    assert (found[invoice.id].amount_minor, found[memo.id].amount_minor) == (23_800, -5_000)


def credited_by_the_house(runtime: Runtime) -> None:
    tell(runtime, {"invoices": (b.invoice(),)})
    post(runtime, FakeLedger())
    issue(runtime, only_of(runtime, "invoice"))


def test_a_credit_memo_of_the_house_that_has_not_gone_out_goes_with_its_invoice(runtime: Runtime) -> None:
    credited_by_the_house(runtime)
    assert only_of(runtime, "credit_memo").is_issued is False
    tell(runtime, VOIDED)
    agreed(runtime)
    assert only_of(runtime, "credit_memo").state == "void"
    assert [row.document_id for row in open_cases(runtime)] == [only_of(runtime, "invoice").id]


def test_a_credit_memo_of_the_house_that_has_gone_out_stays_and_is_an_exception(runtime: Runtime) -> None:
    credited_by_the_house(runtime)
    agreed(runtime)
    posted(runtime)
    tell(runtime, VOIDED)
    memo = only_of(runtime, "credit_memo")
    (case,) = [row for row in open_cases(runtime) if row.document_id == memo.id]
    assert (memo.state, case.amount_minor) == ("posted", memo.total_minor)
    assert f"{memo.number} has gone out, and the invoice that it corrects was voided" in case.sentence


@pytest.mark.parametrize("facts", list(permutations((VOIDED, {"ledger": (b.ledger_record(),)}))))
def test_a_void_invoice_that_stands_in_the_ledger_is_one_exception_whichever_is_known_first(
    runtime: Runtime, facts: tuple[dict[str, Any], ...]
) -> None:
    tell(runtime, *facts, VOIDED, {"ledger": (b.ledger_record(number="INV-7001", modified_at=LATER),)})
    row, case = only(runtime, Document), only(runtime, Case)
    assert (row.state, row.open_minor) == ("void", 0)
    assert (case.code, case.state, case.document_id) == ("document.voided_at_source", "open", row.id)
    assert "was voided in Stripe, and stands in the ledger: void it there too" in case.sentence


@pytest.mark.parametrize("facts", list(permutations((VOIDED, {"ledger": (b.ledger_record(open_minor=0),)}))))
def test_a_void_invoice_of_which_the_ledger_claims_nothing_is_no_exception(
    runtime: Runtime, facts: tuple[dict[str, Any], ...]
) -> None:
    tell(runtime, *facts)
    assert all_rows(runtime, Case) == []


def test_a_void_invoice_that_a_person_has_dealt_with_is_not_told_by_a_later_change_in_the_ledger(
    runtime: Runtime,
) -> None:
    tell(runtime, VOIDED, {"ledger": (b.ledger_record(),)})
    (case,) = open_cases(runtime)
    done = ResolveCases(targets=(Target(case.id, case.revision),), resolution="Voided there")
    execute(runtime, done, person(runtime, "Ana"))
    tell(runtime, {"ledger": (b.ledger_record(number="INV-7001", modified_at=LATER),)}, VOIDED)
    assert open_cases(runtime) == []


@pytest.mark.parametrize("is_ledger_first", [True, False])
def test_a_void_credit_memo_that_stands_in_the_ledger_is_an_exception(runtime: Runtime, is_ledger_first: bool) -> None:
    entry = {"ledger": (b.ledger_record(**{**MEMO, "open_minor": 0}),)}
    gone = {"credit_memos": (b.credit_memo(issue_date=MEMO_DAY, status="void"),)}
    tell(runtime, {"invoices": (b.invoice(),)}, *((entry, gone) if is_ledger_first else (gone, entry)))
    (case,) = open_cases(runtime)
    assert (case.document_id, case.amount_minor) == (only_of(runtime, "credit_memo").id, -5_000)
