"""A fresh invoice is not judged by what the CRM has not told yet; one whose contract never comes becomes a case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.db.tables import Case, Document, SyncCursor
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from jobs.decide_waiting import decide_waiting
from tests import builders as b
from tests.fakes import FakeSource, FixedClock
from tests.stores import Furniture
from tests.work import JOB, all_rows, only, record, settled_house

STREAMS = ((b.CRM, "contracts"), (b.CRM, "order_items"), (b.PAYMENTS, "invoices"))


@pytest.fixture
def furniture() -> Furniture:
    return settled_house


@pytest.fixture
def house(runtime: Runtime, clock: FixedClock) -> Iterator[Runtime]:
    """All history was read a while ago, and the CRM just now."""
    with runtime.transaction() as session:
        for system, stream in STREAMS:
            session.add(SyncCursor(system=system, stream=stream, cursor={}, completed_at=clock()))
    clock.advance(hours=1)
    read_crm(runtime)
    yield runtime


def read_crm(runtime: Runtime) -> None:
    """The CRM was read to its end; it had nothing new, or the test records what it had."""
    with runtime.transaction() as session:
        for row in session.query(SyncCursor).filter_by(system=b.CRM):
            row.advanced_at = runtime.now()


def look_again(runtime: Runtime) -> int:
    return decide_waiting(runtime, [FakeSource(b.PAYMENTS, {"invoices": [[]]})])


def new_contract(runtime: Runtime, *, with_lines: bool = True) -> None:
    lines = (b.order_line(source_ref="802Z", contract_ref="800Z"),) if with_lines else ()
    record(runtime, b.CRM, contracts=(b.contract(source_ref="800Z", number="CT-9"),), order_lines=lines)


def state(runtime: Runtime) -> str:
    return str(only(runtime, Document).state)


def codes(runtime: Runtime) -> list[str]:
    return [case.code for case in all_rows(runtime, Case)]


def test_an_invoice_of_a_new_contract_is_decided_when_the_contract_is_here(house: Runtime, clock: FixedClock) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(contract_number="CT-9"),))
    assert (state(house), codes(house)) == ("received", [])
    new_contract(house, with_lines=False)
    assert look_again(house) == 0
    new_contract(house)
    assert look_again(house) == 1
    assert (state(house), codes(house)) == ("released", [])


def test_an_invoice_of_a_known_contract_does_not_wait(house: Runtime) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    assert state(house) == "released"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"contract_number": "CT-NEVER"}, "contract.missing"),
        ({"customer_ref": "cus_nobody"}, "customer.unknown"),
        ({"lines": (b.line(product_code="HC-EXTRA"),)}, "charge.extra"),
    ],
)
def test_what_the_crm_does_not_know_after_it_was_read_becomes_a_case(
    house: Runtime, clock: FixedClock, facts: dict[str, Any], code: str
) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(**facts),))
    assert (look_again(house), state(house)) == (0, "received")
    clock.advance(seconds=91)
    assert look_again(house) == 0
    read_crm(house)
    assert look_again(house) == 1
    assert code in codes(house)
    assert state(house) == "on_hold"


def test_a_crm_that_is_away_keeps_nobody_waiting_for_ever(house: Runtime, clock: FixedClock) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(contract_number="CT-NEVER"),))
    clock.advance(seconds=599)
    assert look_again(house) == 0
    clock.advance(seconds=2)
    assert look_again(house) == 1
    assert codes(house) == ["contract.missing"]


def test_news_of_a_waiting_invoice_does_not_end_its_wait(house: Runtime, clock: FixedClock) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(contract_number="CT-9"),))
    clock.advance(seconds=5)
    record(house, b.PAYMENTS, invoices=(b.invoice(contract_number="CT-9", po_number="PO-1"),))
    assert (state(house), codes(house)) == ("received", [])


def test_an_invoice_that_names_no_contract_is_a_case_at_once(house: Runtime) -> None:
    record(house, b.PAYMENTS, invoices=(b.invoice(contract_number=None),))
    assert codes(house) == ["contract.missing"]


def test_while_history_is_read_nothing_waits_for_longer(house: Runtime) -> None:
    with house.transaction() as session:
        session.add(SyncCursor(system=b.PAYMENTS, stream="disputes", cursor={}))
    record(house, b.PAYMENTS, is_backfill=True, invoices=(b.invoice(contract_number="CT-NEVER"),))
    assert execute(house, c.DecideReceived(source=b.PAYMENTS), JOB).result["n"] == 1
    assert codes(house) == ["contract.missing"]


def test_without_patience_everything_is_decided_at_once(house: Runtime) -> None:
    settings = house.settings.model_copy(update={"document_patience_seconds": 0})
    record(replace(house, settings=settings), b.PAYMENTS, invoices=(b.invoice(contract_number="CT-NEVER"),))
    assert codes(house) == ["contract.missing"]


def test_a_wrong_price_is_found_at_once(house: Runtime) -> None:
    line = b.line(unit_price=Decimal("25.00"), amount_minor=25_000, tax_minor=4_750)
    record(house, b.PAYMENTS, invoices=(b.invoice(lines=(line,)),))
    assert codes(house) == ["price.outdated"]
