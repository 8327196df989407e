"""The panels of Overview below the figures: exceptions, approvals, rejects."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.kit.words import counted
from core.reporting import overview
from core.reporting.cases import TYPE_TITLES
from core.reporting.figure import Figure
from core.workflow.actors import Actor
from pages.ui import badges, dates, money
from pages.ui.figure_card import explain
from pages.ui.links import go, may_open
from pages.ui.runtime import runtime
from pages.ui.tables import ROW_HEIGHT, fitting_height, id_grid

_MOST_TYPES, _MOST_ROWS = 5, 4


def exceptions(person: Actor, entity: str | None, currency: str, figure: Figure) -> None:
    """By type and age; a row opens the queue of its type."""
    found = overview.exceptions_by_age(runtime(), person, entity)
    rows = overview.exception_rows(found)
    count = counted(sum(cell.count for cell in found), "exception")
    may = may_open("exceptions", person.role)
    is_asked = _head(f"**{count}** · {currency} at stake", "Open the queue", may=may, figure=figure)
    if not found:
        st.caption(":material/check_circle: No exception is open.")
        return
    titles = [TYPE_TITLES.get(row.type, badges.words(row.type)) for row in rows]
    cells = [
        (title, *(row.counts[age] for age in overview.AGES), money.short(row.stake_minor, currency))
        for title, row in zip(titles, rows, strict=True)
    ]
    config = {age: badges.count_column(age, 62) for age in overview.AGES}
    config |= {"Type": badges.text_column("Type", 105), "At stake": badges.amount_column("At stake", 70)}
    picked = id_grid(
        pd.DataFrame(cells, columns=["Type", *overview.AGES, "At stake"]),
        titles,
        key="overview_exceptions",
        column_config=config,
        height=fitting_height(len(cells), _MOST_TYPES),
        selection="single" if may else "none",
        alt="Exceptions by type and age",
    )
    if is_asked or picked:
        chosen = {"ex_type": picked[0]} if picked else {}
        go("exceptions", chosen | ({"ex_entity": entity} if entity else {}))


def approvals(person: Actor, entity: str | None, currency: str, figure: Figure) -> None:
    """By the person who is asked."""
    may = may_open("approvals", person.role)
    if _head("**Approvals waiting**", "Open the backlog", may=may, figure=figure):
        go("approvals", {"ap_show": "All"} | ({"ap_entity": entity} if entity else {}))
    loads = overview.approvals_by_person(runtime(), person, entity)
    now = runtime().now()
    rows = [
        (each.person, each.count, money.short(each.amount_minor, currency), dates.ago(each.oldest_at, now))
        for each in loads
    ]
    frame = pd.DataFrame(rows, columns=["Person", "Count", currency, "Oldest"])
    config = {"Count": badges.count_column("Count", 50), currency: badges.amount_column(currency, 60)}
    _table(frame, "Nothing waits.", "Approvals by person", config)


def rejects(person: Actor, entity: str | None) -> None:
    """By cause."""
    if _head("**Rejected by the ledger**", "Open them", may=may_open("integrations", person.role)):
        go("integrations", {"posting_state": badges.words("refused")})
    rows = [(each.count, each.cause) for each in overview.ledger_rejects(runtime(), person, entity)]
    config = {"Count": badges.count_column("Count", 55)}
    frame = pd.DataFrame(rows, columns=["Count", "Cause"])
    _table(frame, "The ledger took everything.", "Ledger rejects by cause", config)


def _head(words: str, label: str, *, may: bool, figure: Figure | None = None) -> bool:
    """A panel's title, how its figure is made, and the way to what is counted: whether that was asked for."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(words, width="stretch")
        if figure is not None:
            explain(figure)
        return may and st.button(label, icon=":material/arrow_forward:", type="tertiary")


def _table(frame: pd.DataFrame, nothing: str, alt: str, config: dict[str, Any]) -> None:
    if frame.empty:
        st.caption(f":material/check_circle: {nothing}")
    else:
        height = fitting_height(len(frame), _MOST_ROWS)
        st.dataframe(frame, hide_index=True, height=height, row_height=ROW_HEIGHT, column_config=config, alt=alt)
