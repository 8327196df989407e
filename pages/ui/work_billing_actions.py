"""What may be done with a billing run, each with a question before it is done."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.kit.words import counted
from core.reporting.billing_runs import RunDetail
from core.workflow.billing_commands import CancelRun, ReleaseRun, ResumeRun
from core.workflow.command import Target
from pages.ui import work_drawer
from pages.ui.act import act, form_id

_RELEASE, _CANCEL, _RESUME = "br_release", "br_cancel", "br_resume"


def bar(run: RunDetail) -> None:
    with st.container(horizontal=True):
        if run.can_release:
            work_drawer.action("Release", _RELEASE, "send", is_off=not run.drafts_left, is_primary=True)
        if run.can_resume:
            work_drawer.action("Resume", _RESUME, "restart_alt", is_off=False)
        if run.can_cancel:
            work_drawer.action("Cancel", _CANCEL, "cancel", is_off=False)


def confirm_if_asked(run: RunDetail) -> None:
    drawers = {_RELEASE: (run.can_release, _release), _RESUME: (run.can_resume, _resume)}
    drawers[_CANCEL] = (run.can_cancel, _cancel)
    is_possible, opened = drawers.get(work_drawer.asked() or "", (False, _release))
    if is_possible:
        opened(run)


def _target(run: RunDetail) -> Target:
    return Target(run.row.id, run.row.revision)


@work_drawer.drawer("Release the run", "send")
def _release(run: RunDetail) -> None:
    st.markdown(
        f"**{counted(run.drafts_left, 'draft')}** will be checked once more. What is clean gets its number and goes to "
        "its customer; the rest becomes exceptions and approvals."
    )
    if run.in_grace:
        st.caption(f"{counted(run.in_grace, 'draft')} of them wait for late usage first.")
    _sure("Release", lambda: act(ReleaseRun(command_id=form_id(_RELEASE), run=_target(run)), "Drafts released: {n}"))


@work_drawer.drawer("Resume the run", "restart_alt")
def _resume(run: RunDetail) -> None:
    st.markdown(f"{counted(run.row.failed, 'failed contract')} will be tried again, and what was left is gone on with.")
    _sure("Resume", lambda: act(ResumeRun(command_id=form_id(_RESUME), run=_target(run)), "The run goes on"))


@work_drawer.drawer("Cancel the run", "cancel")
def _cancel(run: RunDetail) -> None:
    st.markdown(
        f"**{counted(run.drafts_left, 'draft')}** will be void, and what they billed is due again. Invoices that have "
        "gone out stay."
    )
    reason = st.text_input("Why", key="br_cancel_reason")
    command = CancelRun(command_id=form_id(_CANCEL), run=_target(run), reason=reason or "")
    _sure("Cancel the run", lambda: act(command, "Cancelled; drafts that are void: {n}"))


def _sure(label: str, do: Callable[[], bool]) -> None:
    if st.button(label, key="br_sure", type="primary") and do():
        work_drawer.close()
        st.rerun()
