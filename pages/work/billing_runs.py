"""Work › Billing runs: what is due, a preview of it, a new run, and the runs so far."""

from __future__ import annotations

import streamlit as st

from core.reporting.billing_runs import STATE_WORDS, list_billing_runs
from pages.ui import access, filters, work_billing, work_billing_start
from pages.ui.act import show_flash
from pages.ui.links import go
from pages.ui.runtime import runtime
from pages.ui.site_map import EXCEPTIONS
from pages.ui.tables import cursor, id_grid, pager

_GRID, _PAGER = "runs_of_billing", "br_page"

person = access.require(*EXCEPTIONS)
show_flash()
st.title("Billing runs")
work_billing_start.new_run(person)
state = filters.choice("State", STATE_WORDS, "br_state")
page = list_billing_runs(runtime(), person, state, cursor(_PAGER, state))
if not page.rows:
    nothing = "No billing runs yet. What is due today is billed by the clock every few minutes, or start one above."
    st.info("No billing run is in this state." if state else nothing)
    st.stop()
ticked = id_grid(
    work_billing.runs_frame(page.rows),
    [row.id for row in page.rows],
    key=_GRID,
    column_config=work_billing.run_columns(page.rows),
    selection="single",
    alt="Billing runs",
)
pager(page.info, _PAGER, "run")
if ticked:
    go("billing_run", {"id": str(ticked[0])})
