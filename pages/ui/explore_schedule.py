"""The schedule of a contract: periods down, charges across, and one period in full."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pandas as pd
import streamlit as st

from core.kit.errors import NotFound
from core.reporting.contract_detail import Cell, ContractDetail
from core.reporting.contract_items import ScheduledItem, scheduled_items
from core.workflow.actors import Actor
from pages.ui import badges, dates, links, money
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.tables import id_grid, untick

_SCHEDULE, _DRAWER_WIDTH = "contract_schedule", 560
_MARKS = {"billed": "billed", "dropped": "dropped"}
_COLOURS = {"open": "orange", "billed": "green", "dropped": "gray"}


def schedule(found: ContractDetail, person: Actor) -> None:
    """Periods down, charges across; a row opens what makes up its amounts."""
    if not found.periods:
        who = "Stripe bills this contract." if found.contract.billed_by == "stripe" else "Nothing is scheduled here."
        st.caption(who)
        return
    frame, config = _schedule_frame(found)
    ids = [tuple(cell.id for cell in period.cells) for period in found.periods]
    picked = id_grid(frame, ids, key=_SCHEDULE, column_config=config, selection="single", alt="Schedule")
    more = " The list goes on: choose what to show." if found.is_cut else ""
    st.caption(f"Amounts before tax, in {found.contract.currency}; corrections stand beside what they correct.{more}")
    if picked:
        untick(_SCHEDULE)
        period = found.periods[ids.index(picked[0])]
        _open_period(f"{dates.day(period.starts_on)} to {dates.day(period.last_day)}", picked[0], person)


def _schedule_frame(found: ContractDetail) -> tuple[pd.DataFrame, dict[str, Any]]:
    currency = found.contract.currency
    columns: dict[str, list[Any]] = {
        "From": [period.starts_on for period in found.periods],
        "To": [period.last_day for period in found.periods],
        "Bill day": [min(cell.bill_on for cell in period.cells) for period in found.periods],
    }
    config: dict[str, Any] = {name: badges.date_column(name) for name in columns}
    for charge in found.charges:
        cells = [[cell for cell in period.cells if cell.charge_key == charge.key] for period in found.periods]
        columns[charge.title] = [[_words(cell, currency) for cell in group] for group in cells]
        config[charge.title] = _chips(charge.title, charge.pricing, (c for group in cells for c in group), currency)
    return pd.DataFrame(columns), config


def _words(cell: Cell, currency: str) -> str:
    amount = "by usage" if cell.minor is None else money.amount(cell.minor, currency)
    parts = ["correction" if cell.kind == "adjustment" else "", amount, _MARKS.get(cell.state, "")]
    return " ".join(part for part in parts if part)


def _chips(title: str, pricing: str, cells: Iterable[Cell], currency: str) -> Any:
    colours = {_words(cell, currency): _COLOURS[cell.state] for cell in cells}
    return st.column_config.MultiselectColumn(
        title, options=list(colours), color=list(colours.values()), help=pricing, width=135
    )


@st.dialog("Scheduled for this period", width=_DRAWER_WIDTH, position="right", icon=":material/event:")
def _open_period(period: str, ids: tuple[UUID, ...], person: Actor) -> None:
    st.markdown(f"**{period}**")
    try:
        items = scheduled_items(runtime(), person, ids)
    except NotFound as missing:
        st.warning(plain(missing.sentence), icon=":material/search_off:")
        return
    for item in items:
        _item(item)


def _item(item: ScheduledItem) -> None:
    with st.container(border=True):
        kind = "Correction" if item.kind == "adjustment" else badges.words(item.kind)
        st.markdown(f"**{plain(item.title)}** {badges.inline(item.state)}")
        amount = "decided by usage" if item.minor is None else money.with_currency(item.minor, item.currency)
        st.markdown(f"{amount}  \n:small[:gray[{kind} · to be billed on {dates.day(item.bill_on)}]]")
        for line in item.lines:
            st.markdown(f":small[{money.with_currency(line.net_minor, item.currency)}: {plain(line.arithmetic)}]")
        if item.document_id is not None:
            label = f"Invoice {item.document_number}" if item.document_number else "Its invoice"
            links.link("invoice", label, {"id": str(item.document_id)}, icon=":material/receipt_long:")
