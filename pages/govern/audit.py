"""Govern › Audit: who did what, when, and whether the trail is whole."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from core.reporting.audit import AuditFilters, AuditRow, command_words, list_audit, people_in_trail
from core.reporting.audit_file import EXPORT_CAP, export
from core.reporting.paging import CountCapped
from core.workflow.actors import Actor
from core.workflow.permissions import ALLOWED
from core.workflow.trail import verify
from pages.ui import access, dates, filters, money, operate_drawer
from pages.ui.act import show_flash
from pages.ui.operate_trail import ABOUT, LOOKED_AT, days_in_order, drawer
from pages.ui.runtime import runtime
from pages.ui.site_map import TRAIL
from pages.ui.tables import cursor, id_grid, pager, untick

_GRID, _PAGER = "audit_grid", "page"
_DAYS = {"today": 0, "week": 6, "month": 29}
_WHEN = {"today": "Today", "week": "Last 7 days", "month": "Last 30 days", "days": "Between two days"}


def _filters() -> AuditFilters:
    today = runtime().today()
    first = last = None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = filters.search("Sentence", "words", placeholder="Part of it")
        subject = filters.search("About", "about", placeholder="Invoice, customer, person, system", help=ABOUT)
        actor = filters.choice("Who", people_in_trail(runtime()), "who")
        commands = sorted(each.__name__ for each in ALLOWED)
        command = filters.choice("Action", {name: command_words(name) for name in commands}, "action")
        when = filters.choice("When", _WHEN, "when", everything="Always")
        if when == "days":
            first = filters.day("From", "from", default=today - timedelta(days=6))
            last = filters.day("To", "to", default=today)
        elif when is not None:
            first = today - timedelta(days=_DAYS[when])
    return AuditFilters(actor=actor, command=command, subject=subject, text=text, first=first, last=last)


def _frame(rows: tuple[AuditRow, ...]) -> pd.DataFrame:
    table = [
        (dates.instant(row.at), row.actor, row.command, row.subject or money.NOTHING, row.sentence) for row in rows
    ]
    return pd.DataFrame(table, columns=["When", "Who", "Action", "About", "What happened"])


def _verify() -> None:
    if not st.button("Verify the trail", icon=":material/verified_user:", key="audit_verify"):
        return
    with st.spinner("Checking every entry"):
        is_whole, sentence = verify(runtime())
    if is_whole:
        st.success(sentence, icon=":material/check_circle:")
    else:
        st.error(sentence, icon=":material/gpp_bad:")


def _download(person: Actor, chosen: AuditFilters, count: CountCapped) -> None:
    st.download_button(
        "CSV",
        data=lambda: export(runtime(), person, chosen),
        file_name=f"trail-{runtime().today().isoformat()}.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
    if count.is_capped:
        st.caption(f"The file holds at most the newest {EXPORT_CAP:,} of these entries; choose days for the others.")


person = access.require(*TRAIL)
show_flash()
st.title("Audit")
chosen = _filters()
days_in_order(chosen)
bar = st.container(horizontal=True, vertical_alignment="center")
page = list_audit(runtime(), person, chosen, cursor(_PAGER, chosen))
with bar:
    _download(person, chosen, page.count)
    _verify()
picked = id_grid(_frame(page.rows), [row.seq for row in page.rows], key=_GRID, selection="single", alt="The trail")
pager(page.info, _PAGER, "entry")
if picked:
    untick(_GRID)
    operate_drawer.look_at(LOOKED_AT, picked[0])
entry = operate_drawer.looked_at(LOOKED_AT)
if entry:
    drawer(person, entry)
