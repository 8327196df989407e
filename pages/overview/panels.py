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

_TABLE_HEIGHT = 205


def exceptions(person: Actor, entity: str | None, currency: str) -> None:
    cells = overview.exceptions_by_age(runtime(), person, entity)
    st.markdown(f"**Exceptions by age** · {currency} at stake")
    rows = overview.exception_rows(cells)
    table = pd.DataFrame(
        [
            (
                badges.words(row.type),
                *(row.counts[age] for age in overview.AGES),
                money.short(row.stake_minor, currency),
            )
            for row in rows
        ],
        columns=["Type", *overview.AGES, "At stake"],
    )
    config = {age: badges.count_column(age, 78) for age in overview.AGES} | {
        "At stake": badges.amount_column("At stake", 80)
    }
    st.dataframe(table, hide_index=True, height=_TABLE_HEIGHT, column_config=config, alt="Exceptions by type and age")
    if st.button("Open the queue", icon=":material/arrow_forward:", type="tertiary"):
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
