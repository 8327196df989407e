"""Money that comes before what it pays, and more of it than is open."""

from __future__ import annotations

from datetime import date

import pytest

from core.db.tables import Payment
from core.runtime import Runtime
from tests import builders as b
from tests.corrections import only_of, posted_invoice
from tests.stores import Furniture
from tests.work import all_rows, open_house, record

MEMO_DAY = date(2026, 10, 2)


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def unapplied(runtime: Runtime) -> dict[str, int]:
    return {row.source_ref: row.unapplied_minor for row in all_rows(runtime, Payment)}


@pytest.mark.parametrize("order", [("payments", "invoices"), ("invoices", "payments")])
def test_two_payments_of_more_than_the_invoice_pay_no_more_than_it_in_either_order(
    runtime: Runtime, order: tuple[str, str]
) -> None:
    facts = {
        "invoices": (b.invoice(),),
        "payments": (
            b.payment(source_ref="p2", amount_minor=10_000),
            b.payment(source_ref="p1", amount_minor=20_000),
        ),
    }
    for kind in order:
        record(runtime, b.PAYMENTS, **{kind: facts[kind]})
    assert only_of(runtime, "invoice").open_minor == 0
    assert unapplied(runtime) == {"p1": 0, "p2": 6_200}


def test_payments_left_over_beside_a_credit_memo_pay_no_more_than_is_open_when_it_is_void(runtime: Runtime) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    record(runtime, b.PAYMENTS, credit_memos=(b.credit_memo(issue_date=MEMO_DAY),))
    for ref, minor in (("p1", 18_800), ("p2", 3_000), ("p3", 4_000)):
        record(runtime, b.PAYMENTS, payments=(b.payment(source_ref=ref, amount_minor=minor),))
    assert unapplied(runtime) == {"p1": 0, "p2": 3_000, "p3": 4_000}
    record(runtime, b.PAYMENTS, credit_memos=(b.credit_memo(issue_date=MEMO_DAY, status="void"),))
    assert only_of(runtime, "invoice").open_minor == 0
    assert unapplied(runtime) == {"p1": 0, "p2": 0, "p3": 2_000}


def test_payments_of_an_invoice_of_the_house_that_come_before_its_id_pay_no_more_than_it(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    paid = [("p1", 200_000), ("p2", 100_000)]
    payments = tuple(b.payment(source_ref=ref, invoice_ref="in_own", amount_minor=minor) for ref, minor in paid)
    record(runtime, b.PAYMENTS, payments=payments)
    record(runtime, b.PAYMENTS, invoices=(b.invoice(source_ref="in_own", house_ref=str(invoice.id)),))
    assert only_of(runtime, "invoice").open_minor == 0
    assert unapplied(runtime) == {"p1": 0, "p2": 62_000}
