"""Counts read as people say them."""

import pytest

from core.kit.words import counted, of_number


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
