"""What holds for every contract: nothing depends on an order, nothing is lost by rounding, nothing is billed twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.billing.amending import adjustments, remaining
from core.billing.anchors import grid_of
from core.billing.holding import lifetime
from core.billing.metered import usage_key
from core.billing.model import Agreement, Charge, Measured, RatedLine, Slot, Span, Usage
from core.billing.periods import slots
from core.billing.proration import deal_of, pieces
from core.billing.rating import rate
from core.billing.renewing import term_end
from core.billing.revenue import slices
from core.billing.rounding import half_up, split
from core.kit.money import exponent
from tests.core.billing.contracts import ANY_KIND, DAYS, agreements, shares

DAY = timedelta(days=1)
UNTIL = date(2025, 6, 30)
every = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
many = settings(every, max_examples=300)
amendments = settings(every, max_examples=250)


def used(due: tuple[Slot, ...]) -> Usage:
    """Some usage for every slot of it, the same whenever it is asked for."""
    return {usage_key(slot): Measured(Decimal(slot.span.starts_on.toordinal() % 997)) for slot in due}


def rated(agreement: Agreement, due: tuple[Slot, ...]) -> tuple[RatedLine, ...]:
    found = rate(agreement, due, used(due))
    assert found.problems == ()
    return found.lines


def net(lines: tuple[RatedLine, ...]) -> int:
    return sum(line.net_minor for line in lines)


def shuffled(agreement: Agreement, seed: int) -> Agreement:
    """The same agreement, told in another order."""
    random = Random(seed)

    def turned(charge: Charge) -> Charge:
        terms = charge.terms.model_copy(update={"ramp": _mixed(charge.terms.ramp, random)})
        return replace(charge, steps=_mixed(charge.steps, random), terms=terms)

    return replace(agreement, charges=_mixed(tuple(turned(each) for each in agreement.charges), random))


def _mixed(found: tuple[Any, ...], random: Random) -> tuple[Any, ...]:
    return tuple(random.sample(found, len(found)))


@every
@given(agreements(), st.integers(0, 99))
def test_the_order_of_charges_steps_and_slots_does_not_matter(agreement: Agreement, seed: int) -> None:
    other = shuffled(agreement, seed)
    due = slots(agreement, UNTIL)
    assert slots(other, UNTIL) == due
    assert rated(other, due[::-1]) == rated(agreement, due)


@every
@given(agreements())
def test_rating_again_gives_the_same_and_a_slot_given_twice_counts_once(agreement: Agreement) -> None:
    due = slots(agreement, UNTIL)
    usage = used(due)
    once = rate(agreement, due, usage)
    assert rate(agreement, due, usage) == once
    assert rate(agreement, due + due, usage) == once


@every
@given(agreements(ANY_KIND, 1, commit_amount=None))
def test_slots_rated_one_by_one_cost_what_they_cost_together(agreement: Agreement) -> None:
    due = slots(agreement, UNTIL)
    assert sum(net(rated(agreement, (slot,))) for slot in due) == net(rated(agreement, due))


@every
@given(agreements(), st.integers(0, 99))
def test_what_is_shared_out_sums_to_the_whole(agreement: Agreement, seed: int) -> None:
    parts = shares(Random(seed))
    shared = replace(
        agreement,
        charges=tuple(
            replace(each, terms=each.terms.model_copy(update={"shares": parts})) for each in agreement.charges
        ),
    )
    due = slots(agreement, UNTIL)

    def sums(lines: tuple[RatedLine, ...]) -> dict[tuple[object, ...], list[Decimal | int]]:
        found: dict[tuple[object, ...], list[Decimal | int]] = {}
        for line in lines:
            total = found.setdefault((line.charge_key, line.kind, line.span, line.unit_price), [0, 0, 0])
            for at, part in enumerate((line.amount_minor, line.discount_minor, line.quantity)):
                total[at] += part
        return found

    assert sums(rated(shared, due)) == sums(rated(agreement, due))


@every
@given(agreements())
def test_a_discount_is_never_more_than_its_amount(agreement: Agreement) -> None:
    for line in rated(agreement, slots(agreement, UNTIL)):
        assert 0 <= line.discount_minor * (1 if line.amount_minor >= 0 else -1) <= abs(line.amount_minor)
        assert line.kind not in ("credit", "true_up") or line.discount_minor == 0


def priced_on(agreement: Agreement, charge: Charge, day: date) -> Decimal:
    """What a charge per unit costs a month on one day, told from the words of the terms, day by day."""
    end = None if agreement.auto_renews else agreement.ends_on
    if day < agreement.starts_on or (end is not None and day >= end):
        return Decimal(0)
    if charge.terms.free_until is not None and day < charge.terms.free_until:
        return Decimal(0)
    live = [step for step in charge.steps if step.starts_on <= day and (step.ends_on is None or day < step.ends_on)]
    if sum(step.quantity for step in live) <= 0:
        return Decimal(0)
    ramps = [ramp for ramp in charge.terms.ramp if ramp.starts_on <= day]
    if ramps:
        price = max((ramp.starts_on, ramp.unit_price) for ramp in ramps)[1]
        return price * sum((step.quantity for step in live), Decimal(0))
    return sum((step.unit_price * step.quantity for step in live), Decimal(0))


@every
@given(
    agreements(("recurring",), 1, pricing="per_unit", proration="daily", minimum_amount=None),
    st.integers(0, 40),
)
def test_a_period_costs_the_sum_of_its_days_rounded_once(agreement: Agreement, which: int) -> None:
    agreement = replace(agreement, uplift_percent=Decimal(0))
    due = slots(agreement, UNTIL)
    assume(due)
    (charge,) = agreement.charges
    slot, grid = due[which % len(due)], grid_of(agreement, charge)
    whole = grid.period(grid.number(slot.span.starts_on))
    days = [slot.span.starts_on + DAY * at for at in range(slot.span.days)]
    months = sum((Fraction(priced_on(agreement, charge, day)) for day in days), Fraction())
    exact = months * grid.months * 10 ** exponent(agreement.currency) / whole.days
    assert sum(line.amount_minor for line in rated(agreement, (slot,))) == half_up(exact)


@every
@given(agreements(("recurring",), 1, proration="daily"), st.integers(0, 40), st.sets(st.integers(1, 360), max_size=4))
def test_parts_of_a_period_sum_to_the_whole_period(agreement: Agreement, which: int, cuts: set[int]) -> None:
    due = slots(agreement, UNTIL)
    assume(due)
    slot, deal = due[which % len(due)], deal_of(agreement, agreement.charges[0])
    days = sorted(
        {slot.span.starts_on, slot.span.ends_on}
        | {slot.span.starts_on + DAY * cut for cut in cuts if cut < slot.span.days}
    )
    parts = [Span(first, last) for first, last in pairwise(days)]
    exact = sum((piece.exact for part in parts for piece in pieces(deal, part)), Fraction())
    assert exact == sum((piece.exact for piece in pieces(deal, slot.span)), Fraction())


@many
@given(agreements(("recurring", "usage"), 1))
def test_slots_follow_each_other_without_gap_or_overlap_as_long_as_something_is_held(agreement: Agreement) -> None:
    (charge,) = agreement.charges
    charge = replace(charge, steps=charge.steps[:1])
    agreement = replace(agreement, charges=(charge,))
    due = slots(agreement, UNTIL)
    life, end = lifetime(agreement, charge), term_end(agreement)
    assert bool(due) or life is None or life[0] >= UNTIL - DAY * 366
    spans = sorted(slot.span for slot in due)
    assert [span.ends_on for span in spans[:-1]] == [span.starts_on for span in spans[1:]]
    if spans and life is not None:
        assert agreement.starts_on <= spans[0].starts_on <= life[0] < spans[0].ends_on
        assert end is None or spans[-1].ends_on <= end
    assert all(slot.bill_on <= UNTIL for slot in due)


@every
@given(agreements(), DAYS)
def test_slots_since_a_day_are_those_of_all_that_are_billed_from_it_on(agreement: Agreement, since: date) -> None:
    assert slots(agreement, UNTIL, since=since) == tuple(s for s in slots(agreement, UNTIL) if s.bill_on >= since)


def same(charge: Charge) -> dict[str, object]:
    """What an amendment of a charge does not change here."""
    return {"kind": charge.terms.kind, "frequency_months": charge.terms.frequency_months}


@st.composite
def amended(draw: st.DrawFn) -> tuple[Agreement, Agreement]:
    """An agreement, and what it has become: other steps, terms and days, with some charges gone."""
    before, other = draw(agreements()), draw(agreements())
    random = Random(draw(st.integers(0, 2**32)))
    kept = []
    for was, now in zip(before.charges, other.charges, strict=False):
        terms = was.terms if random.random() < 0.5 else now.terms.model_copy(update=same(was))
        kept.append(replace(was, terms=terms, steps=random.choice([was.steps, now.steps])))
    names = ["ends_on", "discount_percent", "discount_ends_on", "uplift_percent"]
    taken = random.sample(names, random.randrange(len(names)))
    return before, replace(before, charges=tuple(kept), **{name: getattr(other, name) for name in taken})


def fixed(due: tuple[Slot, ...]) -> tuple[Slot, ...]:
    """Amendments do not change what was used."""
    return tuple(slot for slot in due if slot.kind != "usage")


@every
@given(agreements())
def test_what_did_not_change_is_not_adjusted(agreement: Agreement) -> None:
    assert adjustments(agreement, shuffled(agreement, 1), slots(agreement, UNTIL)) == ()


@amendments
@given(amended())
def test_what_was_billed_and_its_adjustments_are_what_it_costs_now(pair: tuple[Agreement, Agreement]) -> None:
    before, after = pair
    billed = fixed(slots(before, date(2024, 6, 30)))
    kept = {charge.key for charge in after.charges}
    now = rated(after, tuple(slot for slot in billed if slot.charge_key in kept))
    assert net(rated(before, billed)) + net(adjustments(before, after, billed)) == net(now)


@amendments
@given(amended())
def test_a_change_that_is_taken_back_leaves_nothing(pair: tuple[Agreement, Agreement]) -> None:
    before, after = pair
    billed = fixed(slots(before, date(2024, 6, 30)))
    forth, back = adjustments(before, after, billed), adjustments(after, before, billed)
    assert net(forth) + net(back) == 0
    assert {line.charge_key for line in forth if line.net_minor} == {line.charge_key for line in back if line.net_minor}


@every
@given(agreements(("recurring",)), agreements(("recurring",)))
def test_no_day_of_a_charge_is_billed_twice_when_its_periods_move(before: Agreement, after: Agreement) -> None:
    billed = slots(before, date(2024, 6, 30))
    rest = remaining(after, UNTIL, billed)
    for key in {charge.key for charge in after.charges}:
        spans = sorted(slot.span for slot in (*billed, *rest) if slot.charge_key == key)
        assert all(first.ends_on <= second.starts_on for first, second in pairwise(spans))
        wanted = {day for slot in slots(after, UNTIL) if slot.charge_key == key for day in days_of(slot.span)}
        have = {day for span in spans for day in days_of(span)}
        assert wanted <= have


def days_of(span: Span) -> list[date]:
    return [span.starts_on + DAY * at for at in range(span.days)]


@many
@given(st.integers(-(10**12), 10**12), DAYS, st.integers(0, 1200))
def test_revenue_by_month_sums_to_the_net(net_minor: int, first: date, days: int) -> None:
    found = slices(net_minor, Span(first, first + DAY * days))
    assert sum(amount for _, amount in found) == net_minor
    months = [month for month, _ in found]
    assert months == sorted(set(months))
    assert all(month.day == 1 for month in months)


@many
@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 10**10).map(lambda each: Decimal(each).scaleb(-4)), min_size=1, max_size=12),
)
def test_a_split_sums_to_the_total_and_no_part_is_off_by_a_whole_unit(total: int, weights: list[Decimal]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    whole = sum(map(Fraction, weights))
    if whole:
        assert all(abs(part - total * Fraction(each) / whole) < 1 for part, each in zip(parts, weights, strict=True))
    assert split(-total, weights) == [-part for part in parts]
