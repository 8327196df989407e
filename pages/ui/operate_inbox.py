"""The list of received records, the drawer of one, and what people do with those that could not be read."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import streamlit as st

from core.kit.errors import Refused
from core.kit.words import counted
from core.reporting import inbox as read
from core.reporting.inbox import InboxDetail, InboxFilters, InboxRow
from core.reporting.integrations import KNOWN
from core.reporting.invoice_detail import system_name
from core.reporting.paging import row_id
from core.workflow.actors import Actor
from core.workflow.commands import RetryInboxItems, SetAsideInboxItems
from pages.ui import badges, dates, filters, money, operate_drawer
from pages.ui.act import act, form_id
from pages.ui.links import link
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.tables import cursor, id_grid, pager, untick

_GRID, _PAGER, _LOOKED_AT = "inbox_grid", "record_page", "record"
_COLOURS: dict[str, badges.Colour] = {"set_aside": "gray", "new": "orange"}
_SHOW = {**{state: badges.words(state) for state in read.STATES}, "all": "All"}
_VERBS: dict[Literal["retry", "set_aside"], str] = {"retry": "Try again", "set_aside": "Set aside"}


def inbox(person: Actor) -> None:
    """Filters, one page of rows, actions."""
    chosen = _filters()
    bar = st.container(horizontal=True, vertical_alignment="center")
    page = read.list_inbox(runtime(), chosen, cursor(_PAGER, chosen))
    ticked = id_grid(
        _frame(page.rows),
        [(row.id, row.state) for row in page.rows],
        key=_GRID,
        alt="Received records",
        column_config={
            "State": badges.state_column("State", read.STATES, _COLOURS, width=100),
            "Tries": badges.count_column("Tries", 60),
        },
    )
    pager(page.info, _PAGER, "record")
    picked = {id for id, _ in ticked}
    with bar:
        _actions(tuple(row for row in page.rows if row.id in picked))
    looked_at = operate_drawer.looked_at(_LOOKED_AT)
    if looked_at:
        _drawer(person, looked_at)


def _filters() -> InboxFilters:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = filters.search("Record", "record_id", placeholder="Its id at the source")
        state = filters.choice("State", _SHOW, "record_state", everything="Failed")
        source = filters.choice("From", {name: system_name(name) for name in KNOWN}, "record_source")
        is_newest_first = filters.toggle("Newest first", "record_newest")
    chosen = {None: "failed", "all": None}.get(state, state)
    return InboxFilters(state=chosen, source=source, search=search, is_oldest_first=not is_newest_first)


def _frame(rows: tuple[InboxRow, ...]) -> pd.DataFrame:
    now = runtime().now()
    table = [
        (
            row.system,
            row.kind,
            row.reference,
            badges.cell(row.state),
            dates.ago(row.received_at, now),
            row.attempts,
            row.error or "",
        )
        for row in rows
    ]
    return pd.DataFrame(table, columns=["From", "Kind", "Its id there", "State", "Received", "Tries", "Why"])


def _actions(picked: tuple[InboxRow, ...]) -> None:
    if st.button("Open", key="record_open", icon=":material/open_in_new:", disabled=len(picked) != 1):
        operate_drawer.look_at(_LOOKED_AT, picked[0].id)
    for verb, words in _VERBS.items():
        if st.button(words, key=f"inbox_{verb}", disabled=not picked):
            operate_drawer.close(_LOOKED_AT)
            _confirm(picked, verb)


@st.dialog("Received records", icon=":material/inbox:")
def _confirm(picked: tuple[InboxRow, ...], verb: Literal["retry", "set_aside"]) -> None:
    rows = tuple(row for row in picked if (row.can_retry if verb == "retry" else row.can_set_aside))
    st.write(f"**{_VERBS[verb]}: {counted(len(rows), 'record')}**")
    if len(rows) < len(picked):
        st.caption(f"{len(picked) - len(rows):,} of those chosen stay as they are.")
    if rows and _form(rows, verb):
        untick(_GRID)
        st.rerun()


def _form(rows: tuple[InboxRow, ...], verb: Literal["retry", "set_aside"]) -> bool:
    """The last question before it is done; says whether it was."""
    ids = tuple(row.id for row in rows)
    reason = operate_drawer.stopped_form("inbox", verb, _VERBS[verb])
    if reason is None:
        return False
    if verb == "retry":
        return act(RetryInboxItems(command_id=form_id("retry_inbox"), inbox_ids=ids), "{n} tried again")
    command = SetAsideInboxItems(command_id=form_id("set_aside_inbox"), inbox_ids=ids, reason=reason)
    return act(command, "{n} set aside")


@st.dialog(
    "Received record", width=operate_drawer.WIDTH, position="right", on_dismiss=lambda: operate_drawer.close(_LOOKED_AT)
)
def _drawer(person: Actor, id: str) -> None:
    try:
        detail = read.inbox_detail(runtime(), person, row_id(id, "This record"))
    except Refused as refusal:
        st.warning(plain(refusal.sentence), icon=":material/info:")
        return
    row = detail.row
    st.markdown(f"**{row.kind}** {badges.inline(row.state)}")
    if row.error:
        st.error(plain(row.error), icon=":material/error:")
    _facts(detail)
    if detail.open_case_id is not None:
        link("exception", "Open its exception", {"id": str(detail.open_case_id)}, icon=":material/rule:")
    _offer(row)
    st.markdown("**As it came**")
    if detail.payload is None:
        st.caption("Shown only to people who may see all legal entities: nobody knows yet whose record this is.")
    else:
        st.json(detail.payload, expanded=2)


def _facts(detail: InboxDetail) -> None:
    row = detail.row
    operate_drawer.facts(
        [
            ("From", row.system),
            ("Its id there", row.reference),
            ("Version", detail.version),
            ("Received", dates.instant(row.received_at)),
            ("Dealt with", dates.instant(row.handled_at)),
            ("Tries", f"{row.attempts:,}" if row.attempts else money.NOTHING),
        ]
    )


def _offer(row: InboxRow) -> None:
    able: dict[Literal["retry", "set_aside"], bool] = {"retry": row.can_retry, "set_aside": row.can_set_aside}
    for verb, is_able in able.items():
        if is_able and _form((row,), verb):
            operate_drawer.close(_LOOKED_AT)
            st.rerun()
