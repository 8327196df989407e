"""Deciding approvals, one or many: the preview says how many and how much, and who is left out by which policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from core.kit.words import counted
from core.reporting.approvals import ApprovalRow, ApprovalSelection
from core.reporting.approvers import candidates
from core.workflow.command import Target
from core.workflow.commands import DecideApprovals, RerouteApprovals
from pages.ui import money
from pages.ui.act import act, form_id
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.work_approvals import GRID
from pages.ui.work_drawer import drawer, finish, targets

Verdict = Literal["approve", "reject"]
_DONE = {"approve": "{n} approved", "reject": "{n} rejected"}


def preview(chosen: ApprovalSelection) -> None:
    sums = ", ".join(money.with_currency(minor, currency) for currency, minor in chosen.totals) or "nothing"
    st.markdown(f"**{counted(chosen.count, 'approval')}** · {sums}")
    for sentence, count in chosen.refusals:
        st.warning(f"{count:,} left out. {plain(sentence)}", icon=":material/policy:")
    if chosen.beyond:
        st.caption(f"{chosen.beyond:,} more match than fit into one action. Repeat for the rest.")


def _decide(chosen: tuple[Target, ...], verdict: Verdict, note: str, key: str) -> bool:
    command = DecideApprovals(command_id=form_id(key), targets=chosen, verdict=verdict, note=note or None)
    return act(command, _DONE[verdict], looks_again=True)


def _many(chosen: ApprovalSelection, verdict: Verdict, label: str, icon: str) -> None:
    preview(chosen)
    with st.form(f"ap_many_{verdict}_form", border=False):
        hint = "Optional" if verdict == "approve" else "Whoever fixes it will read it"
        note = st.text_input("Note", key=f"ap_many_{verdict}_note", placeholder=hint)
        is_sent = st.form_submit_button(
            label, type="primary", icon=icon, key=f"ap_many_{verdict}_send", disabled=not chosen.count
        )
    if is_sent and _decide(targets(chosen.targets), verdict, note, f"ap_many_{verdict}"):
        finish(GRID)


@drawer("Approve", "check_circle")
def approve_many(chosen: ApprovalSelection, _rows: tuple[ApprovalRow, ...]) -> None:
    _many(chosen, "approve", f"Approve {chosen.count:,}", ":material/check:")


@drawer("Reject", "cancel")
def reject_many(chosen: ApprovalSelection, _rows: tuple[ApprovalRow, ...]) -> None:
    _many(chosen, "reject", f"Reject {chosen.count:,}", ":material/close:")


@drawer("Re-route approvals", "alt_route")
def reroute_many(_chosen: ApprovalSelection, rows: tuple[ApprovalRow, ...]) -> None:
    """Anybody who may decide all of them; four eyes, limits and entities are considered."""
    reroute(rows, "ap_many_reroute", lambda: finish(GRID))


def reroute(rows: tuple[ApprovalRow, ...], key: str, done: Callable[[], None]) -> None:
    able = {each.name: each for each in candidates(runtime(), [row.id for row in rows])}
    st.caption(f"{len(rows):,} to hand over. Listed are those who may decide all of them, least busy first.")
    with st.form(f"{key}_form", border=False):
        name = st.selectbox(
            "To",
            list(able),
            index=None,
            key=f"{key}_to",
            placeholder="Choose a person" if able else "Nobody may decide all of these",
            format_func=lambda each: f"{each} ({able[each].role}, {able[each].waiting:,} waiting)",
        )
        note = st.text_input("Note", key=f"{key}_note")
        is_sent = st.form_submit_button("Re-route", type="primary", key=f"{key}_send", disabled=not able)
    if is_sent and name is None:
        st.error("Choose a person.")
    elif is_sent and name is not None:
        chosen = tuple(Target(row.id, row.revision) for row in rows)
        command = RerouteApprovals(
            command_id=form_id(key), targets=chosen, assignee_id=able[name].id, note=note or None
        )
        if act(command, f"{{n}} re-routed to {name}", looks_again=True):
            done()


def inline_buttons(rows: tuple[ApprovalRow, ...]) -> tuple[str, ...]:
    """The keys of the buttons that `inline` draws for the first of these."""
    return tuple(f"ap_{rows[0].id}_{name}" for name in ("approve", "reject", "reroute_send")) if rows else ()


def inline(row: ApprovalRow, done: Callable[[], None]) -> None:
    """Decide the one whose evidence is shown; a refusal names its policy."""
    key = f"ap_{row.id}"
    st.markdown(f"**Decide {plain(row.number)}**")
    if row.why_not is not None:
        st.warning(plain(row.why_not), icon=":material/policy:")
    with st.form(f"{key}_form", border=False):
        note = st.text_input("Note", key=f"{key}_note", placeholder="Needed for a rejection")
        with st.container(horizontal=True):
            is_approved = st.form_submit_button(
                "Approve", type="primary", icon=":material/check:", key=f"{key}_approve", disabled=not row.can_approve
            )
            is_rejected = st.form_submit_button(
                "Reject", icon=":material/close:", key=f"{key}_reject", disabled=not row.can_approve
            )
    one = (Target(row.id, row.revision),)
    if is_approved and _decide(one, "approve", note, key):
        done()
    if is_rejected and _decide(one, "reject", note, key):
        done()
    with st.expander("Re-route", icon=":material/alt_route:"):
        reroute((row,), f"{key}_reroute", done)
