"""Which characters a cell of a ledger file may hold: those that people can see on one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

# What is left of a byte that is no character in the file's encoding.
UNREADABLE = "\ufffd"
# Line breaks of all kinds, other control characters (those that move a terminal's cursor among them), marks that turn
# the direction of writing around, and halves of characters.
_BREAKS = re.compile("[\n\v\f\r\x85\u2028\u2029]")
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(text: str) -> str:
    """The text with a mark in the place of everything that cannot be seen."""
    return _HIDDEN.sub(UNREADABLE, text)


def hidden(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(column, sentence) of each cell that holds more than visible text on one line."""
    for column, text in cells.items():
        named = column.replace("_", " ")
        if UNREADABLE in text:
            yield column, f"The {named} has a character that is not readable. Save the file as UTF-8 again."
        elif _BREAKS.search(text):
            yield column, f"The {named} has a line break in it."
        elif _HIDDEN.search(text):
            yield column, f"The {named} has a character in it that cannot be seen."
