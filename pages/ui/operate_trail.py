"""The drawer of one entry of the trail, and what its search says."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.kit.errors import Refused
from core.reporting.audit import AuditDetail, AuditFilters, audit_detail
from core.workflow.actors import Actor
from pages.ui import dates, operate_drawer
from pages.ui.links import link
from pages.ui.plain import plain
from pages.ui.runtime import runtime

LOOKED_AT = "entry"
ABOUT = (
    "The number of an invoice, the name or number of a customer, a person, a system or a policy. An invoice brings "
    "along its exceptions, and the entries about many invoices at once by which it was imported, recorded or decided."
)


def days_in_order(chosen: AuditFilters) -> None:
    """Stops the page with a sentence when no day lies between the two."""
    if chosen.first and chosen.last and chosen.first > chosen.last:
        first, last = dates.day(chosen.first), dates.day(chosen.last)
        st.warning(f"“From” ({first}) is after “To” ({last}): no day lies between them.", icon=":material/event_busy:")
        st.stop()


@st.dialog("Entry", width=operate_drawer.WIDTH, position="right", on_dismiss=lambda: operate_drawer.close(LOOKED_AT))
def drawer(person: Actor, seq: str) -> None:
    """Who did what, with before and after. Only one dialog can be open in a run."""
    try:
        detail = audit_detail(runtime(), person, int(seq) if seq.isdecimal() else 0)
    except Refused as refusal:
        st.warning(plain(refusal.sentence), icon=":material/info:")
        return
    row = detail.row
    st.markdown(f"**{plain(row.sentence)}**")
    operate_drawer.facts(
        [
            ("When", dates.instant(row.at)),
            ("Who", row.actor),
            ("Action", row.command),
            ("About", row.subject or "the house"),
            *([("Written together with", f"{detail.together - 1:,} more")] if detail.together > 1 else []),
        ]
    )
    if detail.screen is not None:
        link(detail.screen, "Open it", {"id": detail.screen_id or ""}, icon=":material/arrow_forward:")
    _content(detail)
    with st.expander(f"Entry {row.seq:,} in the chain", icon=":material/link:"):
        st.code(f"this entry   {detail.hash}\nthe one before {detail.previous_hash}", language=None, wrap_lines=True)


def _content(detail: AuditDetail) -> None:
    if detail.changes:
        st.markdown("**Before and after**")
        rows = [(plain(each.field), plain(each.before), plain(each.after)) for each in detail.changes]
        st.table(pd.DataFrame(rows, columns=["Field", "Before", "After"]).set_index("Field"))
    if detail.facts:
        st.markdown("**Detail**")
        operate_drawer.facts(list(detail.facts))
    if not detail.changes and not detail.facts:
        st.caption("The sentence says it all.")
