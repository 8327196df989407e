"""Work › Approvals: what waits for agreement, the evidence beside it, and the decision, one by one or together."""

from __future__ import annotations

import streamlit as st

from core.kit.errors import NotFound
from core.reporting.approval_evidence import approval_evidence
from core.reporting.approvals import ApprovalRow, approval_summary, list_approvals, select_matching, selection
from pages.ui import access, work_approvals, work_drawer, work_rejected
from pages.ui import work_approval_forms as forms
from pages.ui.act import as_shown, show_flash
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.site_map import APPROVALS
from pages.ui.tables import cursor, fitting_height, id_grid, pager
from pages.ui.work_approvals import GRID, PAGER

_ROWS_SHOWN = 8
_DRAWERS = {"ap_approve": forms.approve_many, "ap_reject": forms.reject_many, "ap_reroute": forms.reroute_many}


def _evidence(row: ApprovalRow) -> None:
    """Beside the decision: everything it rests on."""
    try:
        found = approval_evidence(runtime(), person, row.id)
    except NotFound as missing:
        st.warning(plain(missing.sentence))
        return
    left, right = st.columns([8, 3], gap="medium")
    with left.container(border=True):
        work_approvals.evidence(found)
    with right.container(border=True):
        forms.inline(row, lambda: work_drawer.finish(GRID))


person = access.require(*APPROVALS)
show_flash()
st.title("Approvals")
summary = approval_summary(runtime(), person)
work_approvals.strip(summary)
filters = work_approvals.controls(person)
page = list_approvals(runtime(), person, filters, cursor(PAGER, filters))
told = st.container()
bar = st.container(horizontal=True, vertical_alignment="center")
ticked = set(
    id_grid(
        work_approvals.frame(page.rows),
        [(row.id, row.revision) for row in page.rows],
        key=GRID,
        column_config=work_approvals.columns(),
        height=fitting_height(len(page.rows), _ROWS_SHOWN),
        alt="Approvals that wait",
    )
)
pager(page.info, PAGER, "approval")
rows = tuple(row for row in page.rows if (row.id, row.revision) in ticked)
with bar:
    is_all = work_drawer.all_that_match(GRID, str(page.count))
    chosen = select_matching(runtime(), person, filters) if is_all else selection(rows, summary.currency)
    is_off = not chosen.matching
    work_drawer.action("Approve", "ap_approve", "check", is_off=is_off, is_primary=True)
    work_drawer.action("Reject", "ap_reject", "close", is_off=is_off)
    work_drawer.action("Re-route", "ap_reroute", "alt_route", is_off=not rows or is_all)
    if is_off:
        st.caption("Tick rows to decide them together, or one to see its evidence.")
    else:
        st.caption(f"{chosen.matching:,} chosen, {chosen.count:,} of them yours to decide")
with told:
    work_drawer.open_asked(_DRAWERS, chosen, rows, is_any=chosen.matching > 0)
alone = as_shown("ap_alone", rows if len(rows) == 1 and not is_all else (), forms.inline_buttons)
if alone:
    _evidence(alone[0])
elif rows and not is_all:
    st.info(
        f"{len(rows)} are ticked: the buttons above decide them together. Leave one ticked to see its evidence.",
        icon=":material/checklist:",
    )
work_rejected.rejected(person)
