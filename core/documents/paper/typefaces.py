"""Fonts that come along, so that accents are right and every machine makes the same bytes; and the styles of a letter.

Their licence stands beside them. What they lack (Chinese, Japanese, Korean) is set in a font of the reader's own.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

PLAIN, BOLD = "Letter", "Letter-Bold"
INK, GREY, RULE, SHADE = (colors.HexColor(code) for code in ("#1f2933", "#65717f", "#c9d1d9", "#f3f5f8"))
_FOLDER = Path(__file__).parent / "fonts"
_ELSEWHERE = "HeiseiKakuGo-W5"


@cache
def register() -> frozenset[int]:
    """Makes the fonts known, once in a process. Answers the characters that they have."""
    plain = TTFont(PLAIN, str(_FOLDER / "DejaVuSansCondensed.ttf"))
    pdfmetrics.registerFont(plain)
    pdfmetrics.registerFont(TTFont(BOLD, str(_FOLDER / "DejaVuSansCondensed-Bold.ttf")))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)
    return frozenset(plain.face.charToGlyph)


@cache
def _register_elsewhere() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(_ELSEWHERE))


@cache
def style(
    size: int = 8, *, is_bold: bool = False, is_right: bool = False, is_quiet: bool = False, is_glued: bool = False
) -> ParagraphStyle:
    """Text of so many points; `is_glued` keeps it on the page of what follows."""
    return ParagraphStyle(
        f"{size}{is_bold}{is_right}{is_quiet}{is_glued}",
        fontName=BOLD if is_bold else PLAIN,
        fontSize=size,
        leading=size * 1.32,
        alignment=TA_RIGHT if is_right else TA_LEFT,
        textColor=GREY if is_quiet else INK,
        keepWithNext=is_glued,
    )


def marked(text: str) -> str:
    """The text as the layout takes it: what would be markup is escaped, and characters that the fonts lack change
    the font. Those that cannot be shown at all are left out."""
    readable = "".join(character for character in text if character.isprintable() or character == "\n")
    parts = ((is_ours, "".join(run)) for is_ours, run in groupby(readable, key=_is_ours))
    return "".join(_part(is_ours, run) for is_ours, run in parts).replace("\n", "<br/>")


def _is_ours(character: str) -> bool:
    return character == "\n" or ord(character) in register()


def _part(is_ours: bool, run: str) -> str:
    if is_ours:
        return escape(run)
    _register_elsewhere()
    return f'<font name="{_ELSEWHERE}">{escape(run)}</font>'
