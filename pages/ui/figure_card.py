"""A figure as a card that opens how it is made: formula, settings, the two parts and the rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import streamlit as st

from core.kit.money import exponent
from core.reporting.figure import Cell, Figure, Part
from pages.ui import dates, money
from pages.ui.links import go

_DRAWER_WIDTH = 620


def figure_card(figure: Figure, *, detail: str | None = None) -> None:
    """The value with its name; `detail` is a few words below it. The button opens the working in a drawer."""
    with st.container(border=True, height="stretch", gap="xsmall"):
        # The name has the whole width: a metric would cut it off beside the button.
        st.caption(figure.name, help=figure.note)
        with st.container(horizontal=True, wrap=False, horizontal_alignment="distribute", gap="xsmall"):
            value = shown(figure.value, figure.unit, is_short=True)
            st.metric(figure.name, value, label_visibility="collapsed")
            explain(figure)
        st.caption(detail or (figure.unit if figure.unit.isupper() else "\u00a0"))


def explain(figure: Figure) -> None:
    """The button that opens how the figure beside it is made."""
    key, words = f"figure_{figure.key}", f"How “{figure.name}” is made"
    if st.button("", key=key, icon=":material/function:", type="tertiary", help=words):
        open_working(figure)


@st.dialog("How this figure is made", width=_DRAWER_WIDTH, position="right", icon=":material/function:")
def open_working(figure: Figure) -> None:
    """The drawer; only one dialog can be open in a run."""
    st.metric(figure.name, shown(figure.value, figure.unit), border=True)
    if figure.note:
        st.caption(figure.note)
    st.markdown("**Formula**")
    with st.container(border=True):
        st.text(figure.formula)
    for part in (figure.numerator, figure.denominator):
        if part is not None:
            st.markdown(f"{part.label}: **{_part(part)}**")
    if figure.settings:
        st.markdown("**Settings**")
        st.table(pd.DataFrame(figure.settings, columns=["Setting", "Value"]).set_index("Setting"))
    st.markdown("**Rows that add up to it**")
    _working(figure)
    _records(figure)


def shown(value: Decimal | int | None, unit: str, *, is_short: bool = False) -> str:
    """A figure's value in words: "41.3 days", "12.4 %", "1.2 m", "1,234"; a dash when it is undefined."""
    if value is None:
        return money.NOTHING
    match unit:
        case "days":
            return f"{value:,.1f} {'d' if is_short else 'days'}"
        case "hours":
            return _hours(Decimal(value))
        case "percent":
            return f"{value:,.1f} %"
        case "count":
            return f"{value:,}"
        case currency:
            amount = Decimal(value)
            return money.short_decimal(amount) if is_short else f"{currency} {amount:,.{exponent(currency)}f}"


def _hours(value: Decimal) -> str:
    minutes = round(value * 60)
    if minutes < 60:
        return f"{minutes} min" if minutes else "< 1 min"
    return f"{value:,.1f} h"


def _part(part: Part) -> str:
    return shown(part.value, part.unit)


def _cell(value: Cell) -> str:
    match value:
        case None:
            return money.NOTHING
        case bool() | str():
            return str(value)
        case date():
            return dates.day(value)
        case int():
            return f"{value:,}"
        case Decimal():
            return f"{value:,.2f}"


def _working(figure: Figure) -> None:
    columns, rows = figure.working.columns, figure.working.rows
    numeric = {name for at, name in enumerate(columns) if any(isinstance(row[at], int | Decimal) for row in rows)}
    frame = pd.DataFrame([[_cell(each) for each in row] for row in rows], columns=list(columns))
    config = {name: st.column_config.TextColumn(alignment="right") for name in numeric}
    st.dataframe(frame, hide_index=True, column_config=config, alt=f"Working of {figure.name}")


def _records(figure: Figure) -> None:
    if figure.drill is not None and st.button("Open the records", icon=":material/arrow_forward:", type="primary"):
        go(figure.drill.page, dict(figure.drill.params))
