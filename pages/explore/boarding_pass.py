"""The boarding pass of an invoice: how each line came about, station by station."""

from __future__ import annotations

import streamlit as st

from core.reporting.boarding_pass import PassLine, Station, boarding_pass
from core.reporting.invoice_detail import InvoiceDetail
from core.workflow.actors import Actor
from pages.ui import links
from pages.ui.plain import plain
from pages.ui.runtime import runtime

_SIGNS = {"green": "check_circle", "orange": "help", "red": "error", "gray": "remove_circle"}
_MOST_OPEN = 3


def boarding(found: InvoiceDetail, person: Actor) -> None:
    """A drawer a line; those that need a look are open."""
    lines = boarding_pass(runtime(), person, found.document.id)
    if not lines:
        return
    st.subheader("Boarding pass")
    for line in lines:
        sign = f":{line.light}[:material/{_SIGNS[line.light]}:]"
        is_open = line.light == "red" or len(lines) <= _MOST_OPEN
        with st.expander(f"{sign} {line.position}. {plain(line.description)}", expanded=is_open):
            _stations(line)


def _stations(line: PassLine) -> None:
    for station in line.stations:
        _station(station)


def _station(station: Station) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        sign = f":{station.light}[:material/{_SIGNS[station.light]}:]"
        st.markdown(f"{sign} **{plain(station.name)}** {plain(station.says)}", width="stretch")
        if station.page is not None:
            links.link(station.page, "Open", dict(station.params), icon=":material/open_in_new:")
