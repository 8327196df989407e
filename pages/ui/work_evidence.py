"""Evidence beside a decision: contract, invoice and ledger side by side, lines, and lists of what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.reporting.case_comparison import Compared
from core.reporting.invoice_detail import Line
from pages.ui import badges, dates, money
from pages.ui.plain import plain

_COLOURS = {"must_fix": "red", "confirm": "orange", "waived": "orange"}
_WORDS = {"must_fix": "Must be fixed", "confirm": "Please confirm", "waived": "Waived"}


def side_by_side(rows: Iterable[Compared]) -> None:
    """The differing field is marked: red must be fixed, orange is to be confirmed or was waived."""
    shown = [
        (
            plain(row.field),
            _cell(row.agreed, row),
            _cell(row.invoiced, row, "missing"),
            _cell(row.ledger, row),
            _mark(row),
        )
        for row in rows
    ]
    frame = pd.DataFrame(shown, columns=["Field", "Contract and CRM", "Invoice", "Ledger", ""])
    st.table(frame, border="horizontal", hide_index=True, alt="Contract, invoice and ledger side by side")


def _cell(text: str | None, row: Compared, nothing: str | None = None) -> str:
    """A marked row colours what it compares; `nothing` stands for a value that should be there."""
    shown = text or (nothing if row.mark else None)
    words = plain(shown)
    return f":{_COLOURS[row.mark]}-background[{words}]" if row.mark and shown else words


def _mark(row: Compared) -> str:
    return f":{_COLOURS[row.mark]}-badge[{_WORDS[row.mark]}]" if row.mark else ""


def lines(found: Sequence[Line], currency: str) -> None:
    rows = [
        (
            line.description,
            f"{line.quantity.normalize():f}",
            f"{line.unit_price.normalize():f}",
            money.amount(line.amount_minor, currency),
            money.amount(line.discount_minor, currency) if line.discount_minor else money.NOTHING,
            money.amount(line.tax_minor, currency),
            dates.period(line.period_start, line.period_end),
        )
        for line in found
    ]
    names = ["Line", "Quantity", "Price", "Amount", "Discount", "Tax", "Period"]
    right = {name: badges.amount_column(name, 95) for name in names[1:6]}
    listed(rows, names, "No lines.", right)


def listed(
    rows: Sequence[tuple[object, ...]], names: list[str], nothing: str, config: dict[str, Any] | None = None
) -> None:
    """A small list to look at, or a sentence when there is nothing."""
    if not rows:
        st.caption(nothing)
        return
    height = 37 + 34 * min(len(rows), 8)
    st.dataframe(
        pd.DataFrame(rows, columns=names),
        hide_index=True,
        height=height,
        row_height=34,
        column_config=config,
        alt=", ".join(names),
    )
