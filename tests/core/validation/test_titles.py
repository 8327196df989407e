"""Every finding can be told in words."""

from __future__ import annotations

from core.validation.model import TYPES
from core.validation.titles import FINDING_TITLES


def test_every_finding_code_has_words_of_its_own_and_no_words_stand_for_nothing() -> None:
    assert FINDING_TITLES.keys() == TYPES.keys()
    assert len(set(FINDING_TITLES.values())) == len(TYPES)
    assert all("." not in words and "_" not in words for words in FINDING_TITLES.values())
