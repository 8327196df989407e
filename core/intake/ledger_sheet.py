"""A CSV file as text cells: encodings, separators, the header."""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.intake.ledger_columns import fitting_formats
from core.intake.ledger_text import UNREADABLE, shown
from core.kit.errors import Refused

_ASCII_AND_BAD = re.compile(rf"[\x00-\x7f{UNREADABLE}]*")
_DATES = ("invoice_date", "due_date", "settled_date")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as text: the header and the rows by their number in the file."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def column(self, name: str) -> Iterator[str]:
        at = self.header.index(name)
        return (cells[at] for _, cells in self.rows if at < len(cells))


def read_sheet(content: bytes) -> Sheet:
    """Splits a file into cells. Raises Refused when it is empty, no text, or has no usable header."""
    text = _decoded(content)
    if "\0" in text:
        raise Refused("import.unreadable", "This is not a text file. Save the ledger as CSV first.")
    if not text.strip():
        raise Refused("import.empty", "The file is empty.")
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True))
    except csv.Error as fault:
        raise Refused("import.unreadable", f"The file is not readable as CSV: {fault}.") from None
    header = tuple(shown(" ".join(cell.split())) for cell in lines[0])
    doubles = [name for name, count in Counter(header).items() if count > 1 and name]
    if doubles:
        raise Refused("import.header", f"The header names “{doubles[0]}” twice.")
    rows = ((number, tuple(cells)) for number, cells in enumerate(lines[1:], start=2) if any(map(str.strip, cells)))
    return Sheet(header, tuple(rows))


def _decoded(content: bytes) -> str:
    """The text; what no character can be made of becomes UNREADABLE, so that its cell can be named.

    One letter outside ASCII that is right in UTF-8 does not come about by chance: the file is UTF-8, and a bad byte in
    it is a bad byte, not a sign of another encoding.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    text = content.decode("utf-8-sig", errors="replace")
    if UNREADABLE not in text or content.startswith(BOM_UTF8) or not _ASCII_AND_BAD.fullmatch(text):
        return text
    return content.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    first = text.lstrip().splitlines()[0]
    return max(",;\t|", key=first.count)


def suggested_formats(sheet: Sheet, mapping: Mapping[str, str]) -> tuple[str, ...]:
    """Date formats that read all date columns of the file."""
    present = [mapping[name] for name in _DATES if mapping.get(name) in sheet.header]
    return fitting_formats(value for name in present for value in sheet.column(name))
