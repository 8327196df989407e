"""The panels of Overview below the figures: exceptions, approvals, rejects, outside systems."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.reporting import overview
from core.reporting.sync_health import sync_health
from core.workflow.actors import Actor
from pages.ui import badges, dates, money
from pages.ui.links import go
from pages.ui.runtime import runtime

_TABLE_HEIGHT = 225


def exceptions(person: Actor, entity: str | None, currency: str) -> None:
    found = overview.exceptions_by_age(runtime(), person, entity)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{sum(cell.count for cell in found):,} exceptions** · {currency} at stake", width="content")
        opened = st.button("Open the queue", icon=":material/arrow_forward:", type="tertiary")
    rows = overview.exception_rows(found)
    cells = [
        (badges.words(row.type), *(row.counts[age] for age in overview.AGES), money.short(row.stake_minor, currency))
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
    _table(pd.DataFrame(rows, columns=["Person", "Count", currency, "Oldest"]), "Nothing waits.", "Approvals by person")


def rejects(person: Actor, entity: str | None) -> None:
    st.markdown("**Rejected by the ledger**")
    rows = [(each.cause, each.count) for each in overview.ledger_rejects(runtime(), person, entity)]
    _table(pd.DataFrame(rows, columns=["Cause", "Count"]), "The ledger took everything.", "Ledger rejects by cause")


def _table(frame: pd.DataFrame, nothing: str, alt: str) -> None:
    if frame.empty:
        st.caption(f":material/check_circle: {nothing}")
    else:
        st.dataframe(frame, hide_index=True, height=min(170, 40 + 34 * len(frame)), row_height=34, alt=alt)


@st.fragment(run_every="5s")
def systems() -> None:
    st.markdown("**Outside systems**")
    now = runtime().now()
    for system in sync_health(runtime()):
        left = f", about {dates.span(system.remaining)} left" if system.remaining else ""
        words = (
            f"{system.records:,} records read{left}" if system.is_first_sync else dates.ago(system.succeeded_at, now)
        )
        st.markdown(f"{system.title} {badges.inline(system.state)} :small[{words}]")
        if system.is_first_sync:
            st.progress(system.share or 0.0)
        elif system.problem:
            st.caption(system.problem)
