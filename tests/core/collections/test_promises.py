"""Promises are judged by what was paid: re-dated is broken, unless the customer paid early."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.db.tables import Customer, Promise
from core.kit.errors import Refused
from core.runtime import Runtime
from core.workflow import Actor, execute
from core.workflow.commands import EscalateOverdue, RecordPromise
from tests import builders as b
from tests.fakes import FixedClock
from tests.stores import Furniture
from tests.work import JOB, all_rows, only, open_house, person, record

FIRST, SECOND = date(2026, 11, 10), date(2026, 11, 20)


@pytest.fixture
def furniture() -> Furniture:
    return open_house


@pytest.fixture
def cole(runtime: Runtime) -> Actor:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    return person(runtime, "Cole")


def promise(runtime: Runtime, cole: Actor, amount: str, by: date, currency: str = "EUR") -> None:
    customer = only(runtime, Customer).id
    command = RecordPromise(customer_id=customer, amount=Decimal(amount), currency=currency, promised_on=by)
    execute(runtime, command, cole)


def pay(runtime: Runtime, minor: int, on: date) -> None:
    payment = b.payment(source_ref=f"py_{on}", amount_minor=minor, received_on=on)
    record(runtime, b.PAYMENTS, payments=(payment,))


def states(runtime: Runtime) -> list[str]:
    return [row.state for row in sorted(all_rows(runtime, Promise), key=lambda row: row.promised_on)]


def test_a_promise_that_is_given_a_later_day_is_broken(runtime: Runtime, cole: Actor) -> None:
    promise(runtime, cole, "238.00", FIRST)
    promise(runtime, cole, "238.00", SECOND)
    assert states(runtime) == ["broken", "open"]


def test_a_promise_that_was_paid_early_is_kept_when_the_next_one_is_made(
    runtime: Runtime, cole: Actor, clock: FixedClock
) -> None:
    promise(runtime, cole, "138.00", FIRST)
    clock.advance(days=1)
    pay(runtime, 13_800, date(2026, 11, 3))
    clock.advance(days=1)
    promise(runtime, cole, "100.00", SECOND)
    assert states(runtime) == ["kept", "open"]


def test_a_promise_that_was_paid_in_part_and_given_a_later_day_is_broken(
    runtime: Runtime, cole: Actor, clock: FixedClock
) -> None:
    promise(runtime, cole, "238.00", FIRST)
    clock.advance(days=1)
    pay(runtime, 13_799, date(2026, 11, 3))
    promise(runtime, cole, "100.01", SECOND)
    assert states(runtime) == ["broken", "open"]


def test_a_promise_in_another_currency_leaves_the_first_one_alone(runtime: Runtime, cole: Actor) -> None:
    dollars = b.line(amount_minor=5_000, tax_minor=0, quantity=Decimal(1), unit_price=Decimal("50.00"))
    record(
        runtime, b.PAYMENTS, invoices=(b.invoice(source_ref="in_usd", number="U-1", currency="USD", lines=(dollars,)),)
    )
    promise(runtime, cole, "238.00", FIRST)
    promise(runtime, cole, "50.00", SECOND, "USD")
    assert states(runtime) == ["open", "open"]


@pytest.mark.parametrize(
    ("amount", "currency", "why"),
    [
        ("238.01", "EUR", "owes EUR 238.00 in all, due or not; EUR 238.01 is more than that"),
        ("999999999", "EUR", "EUR 999,999,999.00 is more than that"),
        ("1.00", "USD", "owes nothing in USD"),
    ],
)
def test_nobody_promises_more_than_all_that_is_open_in_the_currency(
    runtime: Runtime, cole: Actor, amount: str, currency: str, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        promise(runtime, cole, amount, FIRST, currency)
    assert states(runtime) == []


def test_what_was_paid_since_can_not_be_promised_again(runtime: Runtime, cole: Actor) -> None:
    pay(runtime, 13_800, date(2026, 11, 2))
    with pytest.raises(Refused, match=r"owes EUR 100\.00 in all"):
        promise(runtime, cole, "238.00", FIRST)
    promise(runtime, cole, "100.00", FIRST)
    assert states(runtime) == ["open"]


def test_a_promise_whose_day_has_passed_is_not_saved_by_money_that_came_later(
    runtime: Runtime, cole: Actor, clock: FixedClock
) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(source_ref="in_2", number="HC-000002"),))
    promise(runtime, cole, "238.00", FIRST)
    clock.advance(days=9)
    pay(runtime, 23_800, date(2026, 11, 11))
    promise(runtime, cole, "10.00", SECOND)
    assert states(runtime) == ["broken", "open"]


def test_one_payment_keeps_one_promise(runtime: Runtime, cole: Actor, clock: FixedClock) -> None:
    promise(runtime, cole, "100.00", FIRST)
    clock.advance(days=1)
    pay(runtime, 10_000, date(2026, 11, 3))
    clock.advance(hours=1)
    promise(runtime, cole, "100.00", SECOND)
    clock.advance(days=20)
    execute(runtime, EscalateOverdue(), JOB)
    assert states(runtime) == ["kept", "broken"]


def test_what_becomes_of_money_known_before_a_promise_neither_keeps_nor_breaks_it(
    runtime: Runtime, cole: Actor, clock: FixedClock
) -> None:
    record(runtime, b.PAYMENTS, invoices=(b.invoice(source_ref="in_2", number="HC-000002"),))
    pay(runtime, 10_000, date(2026, 11, 2))
    clock.advance(hours=1)
    promise(runtime, cole, "100.00", FIRST)
    clock.advance(hours=1)
    record(runtime, b.PAYMENTS, invoices=(b.invoice(status="void"),))
    paid = b.payment(source_ref="py_new", invoice_ref="in_2", amount_minor=10_000, received_on=date(2026, 11, 2))
    record(runtime, b.PAYMENTS, payments=(paid,))
    clock.advance(days=20)
    execute(runtime, EscalateOverdue(), JOB)
    assert states(runtime) == ["kept"]


def test_money_that_was_left_over_when_a_promise_was_made_does_not_keep_it(
    runtime: Runtime, cole: Actor, clock: FixedClock
) -> None:
    record(runtime, b.PAYMENTS, credit_memos=(b.credit_memo(issue_date=date(2026, 11, 1)),))
    pay(runtime, 23_800, date(2026, 11, 2))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(source_ref="in_2", number="HC-000002"),))
    clock.advance(hours=1)
    promise(runtime, cole, "50.00", FIRST)
    clock.advance(hours=1)
    record(runtime, b.PAYMENTS, credit_memos=(b.credit_memo(issue_date=date(2026, 11, 1), status="void"),))
    clock.advance(days=20)
    execute(runtime, EscalateOverdue(), JOB)
    assert states(runtime) == ["broken"]
