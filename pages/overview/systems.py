"""How the outside systems do, on Overview: kept up to date while people look at it."""

from __future__ import annotations

import streamlit as st

from core.kit.words import counted
from core.reporting.sync_health import sync_health
from pages.ui import badges, dates
from pages.ui.plain import plain
from pages.ui.runtime import runtime


@st.fragment(run_every="5s")
def first_sync() -> None:
    """Says that the figures are not whole yet, as long as that is so."""
    running = [system for system in sync_health(runtime()) if system.is_first_sync]
    if running:
        names, read = ", ".join(system.title for system in running), sum(system.records for system in running)
        st.info(
            f"The first synchronisation is running: {counted(read, 'record')} from {names} so far. "
            "You can work meanwhile; the figures grow until it is done.",
            icon=":material/sync:",
        )


@st.fragment(run_every="5s")
def systems() -> None:
    st.markdown("**Outside systems**")
    now, found = runtime().now(), sync_health(runtime())
    if not found:
        st.caption("Nothing has been read yet.")
    for system in found:
        left = f", {dates.span(system.remaining)} left" if system.remaining else ""
        words = (
            f"{counted(system.records, 'record')} read{left}"
            if system.is_first_sync
            else dates.ago(system.succeeded_at, now)
        )
        is_reading = system.is_first_sync and system.state == "connected"
        state = ":blue-badge[Synchronising]" if is_reading else badges.inline(system.state)
        st.markdown(f"{system.title} {state} :small[{words}]")
        if system.is_first_sync and system.share is not None:
            st.progress(system.share)
        elif system.problem:
            st.caption(plain(system.problem))
