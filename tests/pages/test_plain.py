from __future__ import annotations

import pytest

from pages.ui import money
from pages.ui.plain import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[Pay here](http://evil.example/x)", "\\[Pay here\\](http\u2060\\://evil.example/x)"),
        ("www.evil.example", "www\u2060.evil.example"),
        ("![x](y)", "!\\[x\\](y)"),
        ("# Heading", "\\# Heading"),
        ("1. One", "1\\. One"),
        ("- one\n- two", "\\- one - two"),
        (":red[stop] <b>$x$", "\\:red\\[stop\\] \\<b>\\$x\\$"),
        ("**bold** `code` ~gone~", "\\*\\*bold\\*\\* \\`code\\` \\~gone\\~"),
    ],
)
def test_nothing_in_a_text_acts(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_ordinary_sentences_stay_as_they_are() -> None:
    sentence = "Stripe: re-sent 1,234.50 (EUR) at 10 %, as agreed."
    assert plain(sentence) == sentence


def test_nothing_is_a_dash() -> None:
    assert plain(None) == plain(" ") == money.NOTHING
