"""What is still to be billed after an amendment, and corrections where periods themselves have changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from core.billing.amending import Known, adjustments, remaining
from core.billing.metered import usage_span
from core.billing.model import Agreement, Charge, Slot, Span, Step
from core.billing.periods import slots
from core.billing.rating import rate
from core.billing.revenue import slices
from core.canonical import ChargeTerms
from core.kit.errors import Refused

JANUARY = date(2026, 1, 1)


def agreement(months: int = 1, **terms: object) -> Agreement:
    charge = Charge(
        "seats",
        "SEAT",
        "Seats",
        ChargeTerms.model_validate(terms),
        (Step(JANUARY, None, Decimal(10), Decimal(25)),),
    )
    return Agreement("C-1", "USD", JANUARY, None, months, 1, (charge,))


def with_step(before: Agreement, *steps: Step) -> Agreement:
    (charge,) = before.charges
    return replace(before, charges=(replace(charge, steps=charge.steps + steps),))


def days(found: tuple[Slot, ...]) -> list[str]:
    return [f"{slot.span.starts_on}/{slot.span.ends_on} on {slot.bill_on}" for slot in found]


def test_periods_that_are_billed_are_not_due_again() -> None:
    billed = slots(agreement(), date(2026, 3, 1))
    assert days(remaining(agreement(), date(2026, 4, 1), billed)) == ["2026-04-01/2026-05-01 on 2026-04-01"]


def test_when_a_paid_quarter_is_followed_by_months_only_days_not_yet_paid_are_due() -> None:
    billed = slots(agreement(months=3), JANUARY)
    found = remaining(agreement(months=1), date(2026, 5, 1), billed)
    assert days(found) == ["2026-04-01/2026-05-01 on 2026-04-01", "2026-05-01/2026-06-01 on 2026-05-01"]


def test_when_periods_move_the_days_between_are_billed_as_a_period_of_their_own() -> None:
    billed = slots(agreement(), JANUARY)
    found = remaining(replace(agreement(), anchor_day=15), date(2026, 2, 15), billed)
    assert days(found) == ["2026-02-01/2026-02-15 on 2026-02-01", "2026-02-15/2026-03-15 on 2026-02-15"]


def test_a_one_off_that_is_billed_is_not_due_again_when_its_day_moves() -> None:
    before = agreement(kind="one_off")
    (charge,) = before.charges
    later = replace(charge, steps=(replace(charge.steps[0], starts_on=date(2026, 5, 1)),))
    assert remaining(replace(before, charges=(later,)), date(2026, 12, 31), slots(before, JANUARY)) == ()


def test_a_month_billed_before_the_periods_became_years_is_corrected_as_a_month() -> None:
    """5 seats × 25 × 11 of 30 days = 45.83, though the agreement is billed by the year by now."""
    billed = (Slot("seats", "recurring", Span(date(2026, 4, 1), date(2026, 5, 1)), date(2026, 4, 1)),)
    before = agreement(months=12)
    after = with_step(before, Step(date(2026, 4, 20), None, Decimal(5), Decimal(25)))
    assert sum(line.net_minor for line in adjustments(before, after, billed)) == 4583


def test_two_amendments_of_a_period_end_at_what_the_last_one_says() -> None:
    first = agreement()
    second = with_step(first, Step(date(2026, 4, 14), None, Decimal(5), Decimal(25)))
    third = with_step(second, Step(date(2026, 4, 20), None, Decimal(-15), Decimal(25)))
    billed = slots(first, date(2026, 4, 1), since=date(2026, 4, 1))
    one, two = adjustments(first, second, billed), adjustments(second, third, billed)
    # 250 × 13/30 + 375 × 6/30 = 108.33 + 75.00 of the 250.00 that were billed.
    assert 25000 + sum(line.net_minor for line in (*one, *two)) == 18333


def _yearly(ends_on: date) -> Agreement:
    """A year from 15 January on in periods from 1 February, of which the end of the term cuts the last."""
    charge = Charge("a", "P", "Seats", ChargeTerms(), (Step(date(2026, 1, 15), None, Decimal(100), Decimal(100)),))
    return Agreement("C-1", "EUR", date(2026, 1, 15), ends_on, 12, 1, (charge,))


def test_a_contract_that_is_shortened_and_then_prolonged_again_costs_what_it_did() -> None:
    before, shorter = _yearly(date(2027, 1, 1)), _yearly(date(2026, 10, 1))
    billed = slots(before, date(2026, 3, 1))
    back = [*adjustments(before, shorter, billed), *adjustments(shorter, before, billed)]
    assert sum(line.net_minor for line in back) == 0


def test_a_contract_that_is_shortened_and_then_withdrawn_gives_back_what_it_cost() -> None:
    before, shorter = _yearly(date(2027, 1, 1)), _yearly(date(2026, 10, 1))
    billed = slots(before, date(2026, 3, 1))
    cost = sum(line.net_minor for line in rate(before, billed, {}).lines)
    gone = replace(shorter, charges=())
    back = [*adjustments(before, shorter, billed), *adjustments(shorter, gone, billed)]
    assert sum(line.net_minor for line in back) == -cost


def test_a_part_of_a_year_is_corrected_in_the_year_that_it_was_billed_in_when_that_is_known() -> None:
    """A quarter of a year, cut by the term, looks like a period of three months."""
    before, longer = _yearly(date(2026, 5, 1)), _yearly(date(2027, 1, 1))
    billed = slots(before, date(2026, 3, 1))
    known = {slot: Known(before) for slot in billed}
    cost = sum(line.net_minor for line in rate(before, billed, {}).lines)
    back = adjustments(longer, replace(longer, charges=()), billed, known)
    assert sum(line.net_minor for line in back) == -cost


def test_usage_that_is_not_known_is_not_adjusted_by_an_amendment() -> None:
    before = agreement(kind="usage", meter="calls")
    after = with_step(before, Step(JANUARY, None, Decimal(5), Decimal(30)))
    assert adjustments(before, after, slots(before, date(2026, 6, 1))) == ()


def test_what_was_billed_in_one_currency_is_not_corrected_in_another() -> None:
    with pytest.raises(Refused, match="cannot be corrected in EUR"):
        adjustments(agreement(), replace(agreement(), currency="EUR"), slots(agreement(), JANUARY))


def test_usage_is_measured_on_the_days_that_are_not_free() -> None:
    free = agreement(kind="usage", meter="calls", free_until="2026-01-20")
    (charge,), (slot,) = free.charges, slots(free, date(2026, 2, 1))
    assert usage_span(free, charge, slot.span) == Span(date(2026, 1, 20), date(2026, 2, 1))


def test_slots_of_one_month_are_found_without_walking_through_the_years_before() -> None:
    old = replace(agreement(), starts_on=date(1950, 1, 31), anchor_day=31)
    (charge,) = old.charges
    old = replace(old, charges=(replace(charge, steps=(replace(charge.steps[0], starts_on=old.starts_on),)),))
    found = slots(old, date(2026, 2, 28), since=date(2026, 2, 1))
    assert days(found) == ["2026-02-28/2026-03-31 on 2026-02-28"]


def test_an_agreement_without_a_period_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="no period that could be billed"):
        slots(agreement(months=0), JANUARY)


def test_a_year_is_earned_month_by_month_by_its_days() -> None:
    """1,200.00 × 17 / 31 from 15 January, and the rest in February."""
    earned = slices(3100, Span(date(2026, 1, 15), date(2026, 2, 15)))
    assert earned == [(date(2026, 1, 1), 1700), (date(2026, 2, 1), 1400)]
