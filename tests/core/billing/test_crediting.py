"""What is given back of an invoice: conserved to the cent, whatever the order and number of the parts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.billing.crediting import Part, TaxShare, left, of_amount, of_lines, shares
from core.kit.errors import Refused

TWO = [Part(1, 10_000, 1_900), Part(2, 3_333, 0)]


def test_nothing_given_back_leaves_everything() -> None:
    assert left(TWO, []) == TWO


def test_half_of_a_line_takes_half_of_its_tax_and_the_rest_takes_what_is_left() -> None:
    half = of_lines(TWO, {1: 5_001})
    assert half == [Part(1, 5_001, 950)]
    rest = left(TWO, half)
    assert of_lines(rest, {1: 4_999}) == [Part(1, 4_999, 950)]
    assert left(TWO, [*half, *of_lines(rest, {1: 4_999})]) == [Part(1, 0, 0), Part(2, 3_333, 0)]


@pytest.mark.parametrize("wanted", [{1: 10_001}, {1: -1}, {3: 5}])
def test_more_than_is_left_the_other_way_round_or_an_unknown_line_is_refused(wanted: dict[int, int]) -> None:
    with pytest.raises(Refused):
        of_lines(TWO, wanted)


def test_a_credit_that_names_no_line_is_taken_from_all_in_proportion() -> None:
    rest = left(TWO, [], unplaced_minor=1_000)
    assert sum(part.gross_minor for part in rest) == sum(part.gross_minor for part in TWO) - 1_000
    assert all(after.net_minor < before.net_minor for after, before in zip(rest, TWO, strict=True))


lines = st.lists(
    st.tuples(st.integers(1, 10**9), st.sampled_from([0, 5, 19, 20])).map(
        lambda each: (each[0], each[0] * each[1] // 100)
    ),
    min_size=1,
    max_size=6,
)


@given(lines, st.lists(st.integers(1, 10**9), max_size=5))
def test_partial_credits_end_at_the_whole_and_never_beyond(billed: list[tuple[int, int]], steps: list[int]) -> None:
    invoice = [Part(at, net, tax) for at, (net, tax) in enumerate(billed, start=1)]
    total, given_back = sum(part.gross_minor for part in invoice), list[Part]()
    for step in [*steps, total]:
        rest = left(invoice, given_back)
        minor = min(step, sum(part.gross_minor for part in rest))
        parts = of_amount(rest, minor)
        assert sum(part.gross_minor for part in parts) == minor
        given_back += parts
    assert all(part == Part(part.position, 0, 0) for part in left(invoice, given_back))


def test_tax_goes_back_where_it_came_from() -> None:
    rates = [TaxShare(Decimal(19), 10_000, 1_900), TaxShare(Decimal(0), 3_333, 0)]
    found = shares(rates, [(Part(1, 5_000, 950), Decimal(19)), (Part(2, 3_333, 0), Decimal(0))])
    assert found == [TaxShare(Decimal(19), 5_000, 950), TaxShare(Decimal(0), 3_333, 0)]


def test_jurisdictions_that_made_a_rate_together_share_what_goes_back() -> None:
    rates = [TaxShare(Decimal("6.25"), 10_000, 625), TaxShare(Decimal("2.00"), 10_000, 200)]
    found = shares(rates, [(Part(1, 5_000, 413), Decimal("8.25"))])
    assert [each.tax_minor for each in found] == [313, 100]
    assert sum(each.tax_minor for each in found) == 413
