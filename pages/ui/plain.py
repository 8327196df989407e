"""Text that came from outside, on its way into what Streamlit reads as Markdown."""

from __future__ import annotations

import re

from pages.ui import money

# What acts wherever it stands, and what acts at the beginning only: headings, lists, quotations.
_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$<&]|:(?=\S)|^[#+>=-]|(?<=^\d)[.)])")
# Bare addresses become links after Markdown was read, where a backslash is of no use; an invisible joiner is.
_ADDRESS = re.compile(r"(https?|www)(?=[:.])", re.IGNORECASE)
_JOINER = "\u2060"


def plain(text: str | None) -> str:
    """Text of a record, with nothing in it that Markdown would act on; one line."""
    words = " ".join((text or "").split())
    return _SPECIAL.sub(r"\\\1", _ADDRESS.sub(rf"\1{_JOINER}", words)) if words else money.NOTHING
