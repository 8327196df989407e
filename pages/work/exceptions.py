"""Work › Exceptions: the queue by type, age and money at stake; open one, or act on many."""

from __future__ import annotations

import streamlit as st

from core.reporting.cases import CaseSelection, case_summary, list_cases, select_matching, selection
from pages.ui import access, work_cases, work_drawer
from pages.ui import work_case_forms as forms
from pages.ui.act import show_flash
from pages.ui.runtime import runtime
from pages.ui.site_map import EXCEPTIONS
from pages.ui.tables import cursor, id_grid, pager

_DRAWERS = {
    "ex_assign": forms.route_many,
    "ex_waive": forms.waive_many,
    "ex_check": forms.check_many,
    "ex_resolve": forms.resolve_many,
}


def _bar(chosen: CaseSelection) -> None:
    """What can be done with the chosen ones."""
    may = forms.allowed(person, chosen.available_actions)
    work_drawer.action("Re-route", "ex_assign", "alt_route", is_off="assign" not in may)
    work_drawer.action("Waive", "ex_waive", "done_all", is_off="waive" not in may)
    work_drawer.action("Check again", "ex_check", "refresh", is_off="check_again" not in may)
    work_drawer.action("Resolve", "ex_resolve", "check", is_off="resolve" not in may)
    if chosen.count:
        forms.preview(chosen)
    else:
        st.caption("Tick rows to act on them together.")


person = access.require(*EXCEPTIONS)
show_flash()
work_cases.open_pending()
st.title("Exceptions")
summary = case_summary(runtime(), person)
work_cases.strip(summary)
work_cases.matrix(person, summary.currency)
filters = work_cases.controls(person)
page = list_cases(runtime(), person, filters, cursor(work_cases.PAGER, filters))
told = st.container()
bar = st.container(horizontal=True, vertical_alignment="center")
ticked = set(
    id_grid(
        work_cases.frame(page.rows, is_open=filters.is_open),
        [(row.id, row.revision) for row in page.rows],
        key=work_cases.GRID,
        column_config=work_cases.columns(),
        alt="Exceptions",
    )
)
pager(page.info, work_cases.PAGER, "exception")
with bar:
    is_all = work_drawer.all_that_match(work_cases.GRID, str(page.count))
    if is_all:
        chosen = select_matching(runtime(), person, filters)
    else:
        chosen = selection((row for row in page.rows if (row.id, row.revision) in ticked), summary.currency)
    is_open = st.button("Open", key="ex_open", icon=":material/open_in_full:", disabled=chosen.count != 1)
    _bar(chosen)
if is_open:
    work_cases.open_case(chosen.targets[0][0])
with told:
    work_drawer.open_asked(_DRAWERS, chosen, is_any=chosen.count > 0)
