"""Explore › Invoices: everything billed, by age as of any day; a row opens the invoice."""

from __future__ import annotations

from typing import cast

import streamlit as st

from core.reporting.ageing import Grouping, ageing
from core.reporting.explained import BUCKET_WORDS
from core.reporting.invoices import list_invoices
from pages.explore.tables import ageing_report, invoice_grid
from pages.ui import access, filters
from pages.ui.act import show_flash
from pages.ui.explore_invoices import invoice_filters, is_narrowed
from pages.ui.links import go
from pages.ui.runtime import runtime
from pages.ui.tables import cursor, pager

_GRID, _PAGER = "invoices_grid", "page"
_GROUPS = {"entity": "Entity", "segment": "Segment", "currency": "Currency", "customer": "Customer"}


def _choose_age(bucket: str) -> None:
    st.session_state["bucket"] = BUCKET_WORDS[bucket]


person = access.require()
show_flash()
st.title("Invoices")
chosen = invoice_filters(person)
with st.expander(
    "Ageing of what is open", expanded=False, icon=":material/bar_chart:", key="ageing", on_change="rerun"
) as ageing_box:
    if ageing_box.open:
        by = cast(Grouping, filters.one_of("Per", _GROUPS, "by"))
        report = ageing(runtime(), person, chosen.as_of or runtime().today(), by=by, filters=chosen)
        ageing_report(report, _choose_age, is_narrowed=is_narrowed(chosen))
page = list_invoices(runtime(), person, chosen, cursor(_PAGER, chosen))
opened = invoice_grid(page.rows, _GRID, has_age=chosen.basis == "invoice")
pager(page.info, _PAGER, "invoice")
if opened:
    go("invoice", {"id": str(opened)})
