"""Promises are judged by what was paid: re-dated is broken, unless the customer paid early."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.db.tables import Customer, Promise
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
    promise(runtime, cole, "238.00", FIRST)
    promise(runtime, cole, "50.00", SECOND, "USD")
    assert states(runtime) == ["open", "open"]


def test_a_promise_whose_day_has_passed_is_not_saved_by_money_that_came_later(
    runtime: Runtime, cole: Actor, clock: FixedClock
) -> None:
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
