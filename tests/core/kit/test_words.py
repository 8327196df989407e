"""Counts read as people say them."""

import pytest

from core.kit.words import counted, of_number, told


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [
        (0, "invoice", "0 invoices"),
        (1, "invoice", "1 invoice"),
        (-1, "day", "-1 day"),
        (2, "day", "2 days"),
        (1, "delivery", "1 delivery"),
        (1204, "delivery", "1,204 deliveries"),
        (3, "batch", "3 batches"),
        (2, "open item", "2 open items"),
        (1, "person", "1 person"),
        (2, "person", "2 people"),
        (2, "bad row", "2 bad rows"),
    ],
)
def test_a_count_and_its_noun_agree(count: int, noun: str, words: str) -> None:
    assert counted(count, noun) == words


def test_the_noun_is_to_be_had_without_its_count() -> None:
    assert [of_number(count, "entry") for count in (0, 1, 2)] == ["entries", "entry", "entries"]


def test_counts_by_name_are_told_in_the_right_number() -> None:
    assert told({"new_invoices": 1, "released": 1, "already_in_ledger": 0}) == (
        "1 new invoice, 1 released, 0 already in ledger"
    )
    assert told({"new_credit_memos": 1_200}) == "1,200 new credit memos"
