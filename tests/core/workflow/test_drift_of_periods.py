"""What Stripe billed is judged in its own periods, by every fair reading of the contract; only the rest is told."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.canonical import InvoiceRecord
from core.db.tables import Case, Document
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from core.workflow.command import Target
from tests import builders as b
from tests import work
from tests.drifting import (
    AS_AGREED,
    amendment,
    billed,
    billed_by_stripe,
    change,
    found,
    only,
    stripe_invoice,
    stripe_period,
    subscribe,
    theirs,
)
from tests.fakes import NOON, FixedClock
from tests.stores import Furniture

MIDDLE = date(2026, 10, 16)


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def seats(month: int, count: int, minor: int | None = None) -> InvoiceRecord:
    amount = count * 2_000 if minor is None else minor
    return stripe_invoice(month, quantity=Decimal(count), amount_minor=amount, tax_minor=amount * 19 // 100)


def around(october: InvoiceRecord, after: int) -> tuple[InvoiceRecord, ...]:
    return stripe_invoice(8), stripe_invoice(9), october, seats(11, after)


@pytest.mark.parametrize("october", [20_000, 40_000, 20_000 + 20_000 * 16 // 31], ids=["first day", "last", "by day"])
def test_seats_added_inside_a_period_may_count_from_the_next_at_once_or_by_the_day(
    runtime: Runtime, october: int
) -> None:
    theirs(runtime, amendment(MIDDLE, 10))
    billed(runtime, *around(seats(10, 10, october), 20))
    assert found(runtime) == []


def test_what_no_reading_explains_is_told_with_all_of_them_and_the_money_to_the_nearest(runtime: Runtime) -> None:
    theirs(runtime, amendment(MIDDLE, 10))
    billed(runtime, *around(seats(10, 5), 20))
    case = only(runtime)
    assert (case.code, case.amount_minor) == ("drift.billed", 10_000)
    told = case.evidence["sides"]["Agreed"]
    assert all(way in told for way in ("200.00 as on its first day", "303.23 by the day", "400.00 as on its last day"))


def test_seats_added_inside_a_period_are_missed_from_the_next_one_on(runtime: Runtime) -> None:
    theirs(runtime, amendment(MIDDLE, 10))
    billed(runtime, *AS_AGREED)
    case = only(runtime)
    assert (case.amount_minor, "2026-11-01" in case.key) == (20_000, True)


def test_a_contract_that_lost_seats_by_a_line_of_its_own_is_watched_as_well(runtime: Runtime) -> None:
    theirs(runtime, amendment(date(2026, 10, 1), -4))
    billed(runtime, stripe_invoice(8), stripe_invoice(9), seats(10, 6), seats(11, 5))
    assert only(runtime).amount_minor == 2_000


LESS: dict[str, Any] = {"discount_minor": 2_000, "tax_minor": 3_420}


@pytest.mark.parametrize(
    ("october", "november", "effects"),
    [(LESS, {}, []), ({}, {}, []), (LESS, LESS, [2_000])],
    ids=["for all of the period", "for none of it", "beyond it"],
)
def test_a_discount_that_ends_inside_a_period_may_be_given_for_all_of_it_or_for_none(
    runtime: Runtime, october: dict[str, Any], november: dict[str, Any], effects: list[int]
) -> None:
    theirs(runtime, discount_percent=Decimal(10), discount_ends_on=date(2026, 10, 20))
    earlier = (stripe_invoice(8, **LESS), stripe_invoice(9, **LESS))
    billed(runtime, *earlier, stripe_invoice(10, **october), stripe_invoice(11, **november))
    assert [case.amount_minor for case in found(runtime) if case.code == "drift.billed"] == effects


def shifted(month: int, **line: Any) -> InvoiceRecord:
    """Stripe's months begin on the 15th, the contract's on the first day."""
    return stripe_period(date(2026, month, 15), date(2026, month + 1, 15), f"s{month}", **line)


def test_periods_that_begin_on_another_day_are_judged_as_they_are(runtime: Runtime, clock: FixedClock) -> None:
    stub = stripe_period(date(2026, 8, 1), date(2026, 8, 15), "stub", amount_minor=9_032, tax_minor=1_716)
    billed_by_stripe(runtime, stub, shifted(8), shifted(9), shifted(10))
    assert found(runtime) == []
    clock.advance(days=12)
    assert found(runtime) == []


def test_a_period_of_theirs_that_is_missing_is_one_difference_in_their_days(runtime: Runtime) -> None:
    stub = stripe_period(date(2026, 8, 1), date(2026, 8, 15), "stub", amount_minor=9_032, tax_minor=1_716)
    billed_by_stripe(runtime, stub, shifted(8), shifted(10))
    case = only(runtime)
    assert (case.amount_minor, case.key.endswith("2026-09-15:2026-10-15")) == (20_000, True)


def test_invoices_of_several_months_are_judged_by_their_own_months(runtime: Runtime) -> None:
    quarter = {"amount_minor": 60_000, "tax_minor": 11_400}
    first = stripe_period(date(2026, 8, 1), date(2026, 11, 1), "q1", **quarter)
    second = stripe_period(date(2026, 11, 1), date(2027, 2, 1), "q2", **(quarter | {"amount_minor": 50_000}))
    billed_by_stripe(runtime, first, second)
    assert only(runtime).amount_minor == 10_000


def test_a_proration_on_the_next_invoice_belongs_to_the_period_that_it_is_for(runtime: Runtime) -> None:
    theirs(runtime, amendment(MIDDLE, 10))
    rest = b.line(period_start=MIDDLE, period_end=date(2026, 11, 1), amount_minor=10_323, tax_minor=1_961)
    both = seats(11, 20)
    more = {"subtotal_minor": 50_323, "tax_minor": 9_561, "total_minor": 59_884}
    billed(runtime, *AS_AGREED[:3], both.model_copy(update={"lines": (*both.lines, rest), **more}))
    assert found(runtime) == []


@pytest.mark.parametrize(("september", "effects"), [(10, []), (9, [2_000]), (12, []), (13, [-2_000])])
def test_a_credit_makes_good_what_was_too_much_and_is_otherwise_a_kindness(
    runtime: Runtime, september: int, effects: list[int]
) -> None:
    theirs(runtime)
    memo = b.credit_memo(invoice_ref="in_9", total_minor=4_760, tax_minor=760)
    billed(runtime, stripe_invoice(8), seats(9, september), *AS_AGREED[2:], memos=(memo,))
    assert [case.amount_minor for case in found(runtime)] == effects


def test_an_invoice_that_waits_for_a_decision_is_judged_after_it(runtime: Runtime) -> None:
    billed_by_stripe(runtime, *AS_AGREED[:3], seats(11, 8))
    row = next(row for row in work.all_rows(runtime, Document) if row.number == "HC-11")
    change(runtime, Document, row.id, state="on_hold")
    assert found(runtime) == []
    change(runtime, Document, row.id, state="posted")
    assert only(runtime).amount_minor == 4_000


def test_what_a_person_let_through_as_it_is_stays_accepted(runtime: Runtime) -> None:
    theirs(runtime)
    billed(runtime, *AS_AGREED[:3])
    work.record(runtime, b.PAYMENTS, invoices=(seats(11, 8),))
    (case,) = [each for each in work.all_rows(runtime, Case) if each.code == "seats.outdated"]
    reason = c.WaiveCases(targets=(Target(case.id, case.revision),), reason="Two seats are a gift in November")
    execute(runtime, reason, work.person(runtime, "Ana"))
    row = next(row for row in work.all_rows(runtime, Document) if row.number == "HC-11")
    assert row.state in ("released", "awaiting_approval")
    change(runtime, Document, row.id, state="posted")
    assert found(runtime) == []


def test_a_period_that_is_billed_under_no_known_contract_is_not_missing(runtime: Runtime) -> None:
    stray = stripe_invoice(10).model_copy(update={"contract_number": None})
    billed_by_stripe(runtime, stripe_invoice(8), stripe_invoice(9), stray, stripe_invoice(11))
    assert found(runtime) == []


def test_a_voided_invoice_leaves_its_period_missing_until_it_is_billed_again(runtime: Runtime) -> None:
    billed_by_stripe(runtime, *AS_AGREED)
    row = next(row for row in work.all_rows(runtime, Document) if row.number == "HC-9")
    change(runtime, Document, row.id, state="void")
    assert only(runtime).amount_minor == 20_000


def test_a_contract_that_is_not_in_force_yet_misses_nothing(runtime: Runtime) -> None:
    theirs(runtime, status="draft")
    billed(runtime, stripe_invoice(8))
    assert found(runtime) == []


def test_the_rounding_of_several_lines_is_no_difference(runtime: Runtime) -> None:
    theirs(runtime, discount_percent=Decimal(15))
    cent = {"discount_minor": 3_001, "tax_minor": 3_230}
    billed(runtime, *(stripe_invoice(month, **cent) for month in (8, 9, 10, 11)))
    assert found(runtime) == []


def test_a_platform_that_follows_an_amendment_with_its_next_invoice_is_not_behind(
    runtime: Runtime, clock: FixedClock
) -> None:
    theirs(runtime, amendment(NOON.date() + timedelta(days=8), 5))
    billed(runtime, *AS_AGREED)
    subscribe(runtime, 10, "20.00", 1)
    clock.advance(days=12)
    assert found(runtime) == []
    clock.advance(days=25)
    assert [case.amount_minor for case in found(runtime) if case.code == "drift.subscription"] == [10_000]
