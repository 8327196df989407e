"""The report of bad rows as a file that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from core.intake.ledger_file import BadRow

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(text: str) -> str:
    """Text that a spreadsheet takes for text, whatever it begins with."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def report_csv(bad_rows: Iterable[BadRow]) -> str:
    """Row, column, value and sentence of each bad row; begins with a byte order mark for spreadsheets."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["row", "column", "value", "what is wrong"])
    for bad in bad_rows:
        writer.writerow([bad.row, bad.column, safe_cell(bad.value), safe_cell(bad.sentence)])
    return "\ufeff" + out.getvalue()
