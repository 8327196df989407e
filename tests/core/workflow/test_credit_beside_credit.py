"""Several credit memos of one invoice, of which one is voided: the order in which they are told makes no difference."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.canonical import CreditMemoRecord
from core.db.tables import Document, Payment
from core.reporting.figures import figures
from core.reporting.invoice_detail import invoice_detail
from core.runtime import Runtime
from tests import builders as b
from tests.corrections import all_of, only_of
from tests.stores import Furniture
from tests.work import only, open_house, record

TODAY = date(2026, 11, 2)


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def memo(number: int, minor: int, status: str = "issued") -> CreditMemoRecord:
    day = date(2026, 10, 1 + number)
    return b.credit_memo(
        source_ref=f"cn_{number}",
        number=f"CN-{number}",
        total_minor=minor,
        tax_minor=0,
        issue_date=day,
        status=status,
    )


def tell(runtime: Runtime, *memos: CreditMemoRecord) -> None:
    """After the invoice."""
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    for each in memos:
        record(runtime, b.PAYMENTS, credit_memos=(each,))


def credits(runtime: Runtime) -> list[Document]:
    return sorted(all_of(runtime, "credit_memo"), key=lambda row: row.number)


def void(number: int) -> CreditMemoRecord:
    return memo(number, 20_000, "void")


@pytest.mark.parametrize("order", [(void(1), memo(2, 20_000)), (memo(2, 20_000), void(1))])
def test_credit_that_found_nothing_open_beside_a_credit_memo_is_taken_off_when_that_is_void(
    runtime: Runtime, order: tuple[CreditMemoRecord, ...]
) -> None:
    tell(runtime, memo(1, 20_000), *order, void(1))
    stays = credits(runtime)[1]
    assert (only_of(runtime, "invoice").open_minor, stays.open_minor, stays.settled_on) == (3_800, 0, date(2026, 10, 3))
    for day in (date(2026, 10, 3), TODAY):
        assert figures(runtime, day).open_total == Decimal("41.80")
    told = [event.sentence for event in invoice_detail(runtime, None, stays.id).timeline]
    assert [words for words in told if words.startswith("EUR")] == ["EUR 200.00 credited"]


def test_each_credit_memo_that_is_voided_leaves_what_the_others_give_back(runtime: Runtime) -> None:
    tell(runtime, *(memo(number, 20_000) for number in (1, 2, 3)))
    left = []
    for number in (1, 2, 3):
        tell(runtime, void(number), void(number))
        left.append(only_of(runtime, "invoice").open_minor)
    assert left == [0, 3_800, 23_800]
    assert [row.open_minor for row in credits(runtime)] == [0, 0, 0]


def test_money_goes_before_credit_when_a_credit_memo_is_void(runtime: Runtime) -> None:
    tell(runtime, memo(1, 20_000), memo(2, 20_000))
    record(runtime, b.PAYMENTS, payments=(b.payment(),))
    tell(runtime, void(1))
    assert (only_of(runtime, "invoice").open_minor, only(runtime, Payment).unapplied_minor) == (0, 3_800)
    tell(runtime, void(2))
    assert (only_of(runtime, "invoice").open_minor, only(runtime, Payment).unapplied_minor) == (0, 0)
