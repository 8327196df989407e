"""Work › Exception: what failed, contract beside invoice beside ledger, and what to do about it; then the next one."""

from __future__ import annotations

import streamlit as st

from core.kit.errors import NotFound
from core.reporting.case_detail import CaseNeighbours, case_detail, neighbours
from core.reporting.paging import row_id
from pages.ui import access, links, work_case_view, work_cases
from pages.ui import work_case_forms as forms
from pages.ui.act import show_flash, show_outdated
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.site_map import screen

_TABS = {
    "correct": "Correct",
    "waive": "Waive",
    "assign": "Re-route",
    "check_again": "Check again",
    "resolve": "Resolve",
}


def _move_on() -> None:
    """What is settled or handed over makes room for the next of the same filter; what still stands stays."""
    following = _neighbours().next_id
    if following is None:
        links.go("exceptions", work_cases.carried())
    work_case_view.step_to(following)
    st.rerun()


def _neighbours() -> CaseNeighbours:
    """As they are now: an action may have settled several of them at once."""
    return neighbours(runtime(), person, work_cases.from_link(person), detail.row.id, person.label)


def _checked() -> None:
    """After a correction or a check: on to the next only if the exception is settled by it."""
    if case_detail(runtime(), person, detail.row.id).row.available_actions:
        st.rerun()
    _move_on()


def _forms(found: forms.Offer) -> None:
    may = forms.allowed(person, found.actions)
    names = [name for name in _TABS if name in may]
    if not names:
        st.caption("There is nothing for you to do here.")
        return
    key, chosen = found.key, found.alone
    if found.together.count > 1:
        is_all = st.toggle(f"Select all {found.together.count} with the same cause", key=f"{key}_all")
        chosen = found.together if is_all else found.alone
    for name, tab in zip(names, st.tabs([_TABS[name] for name in names]), strict=True):
        with tab:
            if name != "correct":
                forms.preview(chosen)
            match name:
                case "correct":
                    forms.correct(found, f"{key}_correct", _checked)
                case "waive":
                    forms.waive(chosen, f"{key}_waive", _move_on)
                case "assign":
                    forms.route(chosen, f"{key}_route", _move_on)
                case "check_again":
                    forms.check_again(chosen, f"{key}_check", _checked)
                case "resolve":
                    forms.resolve(chosen, f"{key}_resolve", _move_on)


person = access.require(*screen("exception").roles)
show_flash()
try:
    detail = case_detail(runtime(), person, row_id(st.query_params.get("id"), "This exception"))
except NotFound as missing:
    st.title("Exception")
    st.warning(plain(missing.sentence), icon=":material/search_off:")
    st.stop()
work_case_view.navigation(_neighbours())
work_case_view.heading(detail)
left, right = st.columns([7, 4], gap="medium")
with left:
    work_case_view.document(detail)
    work_case_view.related(detail)
with right.container(border=True):
    # A container of its own: what comes and goes here must not change the tab that is open below.
    with st.container():
        show_outdated()
    _forms(forms.offer(detail))
