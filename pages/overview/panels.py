"""The panels of Overview below the figures: exceptions, approvals, rejects."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.kit.words import counted
from core.reporting import overview
from core.reporting.cases import TYPE_TITLES
from core.workflow.actors import Actor
from pages.ui import badges, dates, money
from pages.ui.links import go, may_open
from pages.ui.runtime import runtime
from pages.ui.tables import ROW_HEIGHT, fitting_height

_TABLE_HEIGHT = 225


def exceptions(person: Actor, entity: str | None, currency: str) -> None:
    found = overview.exceptions_by_age(runtime(), person, entity)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f"**{counted(sum(cell.count for cell in found), 'exception')}** · {currency} at stake", width="content"
        )
        may = may_open("exceptions", person.role)
        opened = may and st.button("Open the queue", icon=":material/arrow_forward:", type="tertiary")
    if not found:
        st.caption(":material/check_circle: No exception is open.")
        return
    rows = overview.exception_rows(found)
    cells = [
        (
            TYPE_TITLES.get(row.type, badges.words(row.type)),
            *(row.counts[age] for age in overview.AGES),
            money.short(row.stake_minor, currency),
        )
        for row in rows
    ]
    frame = pd.DataFrame(cells, columns=["Type", *overview.AGES, "At stake"])
    config = {age: badges.count_column(age, 68) for age in overview.AGES}
    config |= {"Type": badges.text_column("Type", 105), "At stake": badges.amount_column("At stake", 72)}
    st.dataframe(frame, hide_index=True, height=_TABLE_HEIGHT, column_config=config, alt="Exceptions by type and age")
    if opened:
        go("exceptions")


def approvals(person: Actor, entity: str | None, currency: str) -> None:
    st.markdown("**Approvals waiting**")
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
    st.markdown("**Rejected by the ledger**")
    rows = [(each.count, each.cause) for each in overview.ledger_rejects(runtime(), person, entity)]
    config = {"Count": badges.count_column("Count", 55)}
    frame = pd.DataFrame(rows, columns=["Count", "Cause"])
    _table(frame, "The ledger took everything.", "Ledger rejects by cause", config)


def _table(frame: pd.DataFrame, nothing: str, alt: str, config: dict[str, Any]) -> None:
    if frame.empty:
        st.caption(f":material/check_circle: {nothing}")
    else:
        height = fitting_height(len(frame), 4)
        st.dataframe(frame, hide_index=True, height=height, row_height=ROW_HEIGHT, column_config=config, alt=alt)
