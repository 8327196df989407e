from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.documents.numbers import format_number, take, take_all
from core.runtime import Runtime


class Abandoned(Exception):
    """What a transaction is rolled back by."""


def test_a_sequence_begins_at_one_and_goes_on_where_it_was(runtime: Runtime) -> None:
    for expected in ([1, 2, 3], [4]):
        with runtime.transaction() as session:
            assert take(session, "UK", "invoice", 2026, len(expected)) == expected


def test_each_entity_kind_and_year_counts_for_itself(runtime: Runtime) -> None:
    sequences = [("UK", "invoice", 2026), ("UK", "credit_memo", 2026), ("UK", "invoice", 2027), ("DE", "invoice", 2026)]
    with runtime.transaction() as session:
        taken = take_all(session, Counter(dict.fromkeys(sequences, 2)))
    assert taken == {sequence: [1, 2] for sequence in sequences}


def test_nothing_wanted_takes_nothing(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        assert take(session, "UK", "invoice", 2026, 0) == []
        assert take(session, "UK", "invoice", 2026, 1) == [1]


def test_what_a_rolled_back_transaction_took_is_given_again(runtime: Runtime) -> None:
    with pytest.raises(Abandoned), runtime.transaction() as session:
        assert take(session, "UK", "invoice", 2026, 5) == [1, 2, 3, 4, 5]
        raise Abandoned
    with runtime.transaction() as session:
        assert take(session, "UK", "invoice", 2026, 1) == [1]


def test_a_second_transaction_waits_for_the_first_and_fills_the_gap_that_it_leaves(runtime: Runtime) -> None:
    """The first has taken numbers and is rolled back while the second wants some: no gap, no double."""
    has_taken, may_end = threading.Event(), threading.Event()

    def first() -> None:
        with runtime.transaction() as session:
            take(session, "UK", "invoice", 2026, 3)
            has_taken.set()
            assert may_end.wait(20)
            raise Abandoned

    def second() -> list[int]:
        assert has_taken.wait(20)
        with runtime.transaction() as session:
            threading.Timer(0.3, may_end.set).start()
            return take(session, "UK", "invoice", 2026, 2)

    with ThreadPoolExecutor(2) as pool:
        abandoned, taken = pool.submit(first), pool.submit(second)
        assert taken.result(20) == [1, 2]
        with pytest.raises(Abandoned):
            abandoned.result(20)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=st.lists(st.tuples(st.integers(1, 7), st.booleans()), min_size=2, max_size=12))
def test_whatever_is_rolled_back_the_numbers_kept_are_one_to_n(runtime: Runtime, plan: list[tuple[int, bool]]) -> None:
    entity = f"E{abs(hash(tuple(plan)))}"

    def release(step: tuple[int, bool]) -> list[int]:
        n, is_kept = step
        try:
            with runtime.transaction() as session:
                taken = take(session, entity, "invoice", 2026, n)
                if not is_kept:
                    raise Abandoned
        except Abandoned:
            return []
        return taken

    with runtime.transaction() as session:
        before = take(session, entity, "invoice", 2026, 1)[0]
    with ThreadPoolExecutor(4) as pool:
        kept = sorted(number for taken in pool.map(release, plan) for number in taken)
    assert kept == list(range(before + 1, before + 1 + sum(n for n, is_kept in plan if is_kept)))


def test_releases_of_several_entities_at_once_lock_them_in_one_order(runtime: Runtime) -> None:
    orders = [["UK", "DE", "FR"], ["FR", "DE", "UK"]] * 6

    def release(order: list[str]) -> None:
        with runtime.transaction() as session:
            take_all(session, {(entity, "invoice", 2026): 1 for entity in order})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(release, orders))
    with runtime.transaction() as session:
        assert take(session, "FR", "invoice", 2026, 1) == [13]


@pytest.mark.parametrize(
    ("entity", "kind", "number", "written"),
    [("UK", "invoice", 123, "UK-2026-000123"), ("UK", "credit_memo", 4, "UK-CM-2026-000004")],
)
def test_a_number_is_written_with_its_entity_and_year(entity: str, kind: str, number: int, written: str) -> None:
    assert format_number(entity, kind, 2026, number) == written
