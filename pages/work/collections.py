"""Work › Collections: whom to contact now, best first, and whom to leave alone today and why."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from core.kit.errors import NotFound
from core.reporting.collections import account_owners, customer_work, work_list
from pages.ui import access, work_collections, work_contacts, work_drawer
from pages.ui.act import show_flash
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.site_map import COLLECTIONS
from pages.ui.tables import cursor, fitting_height, id_grid, pager
from pages.ui.work_collections import GRID, PAGER

_ROWS_SHOWN = 9
_DRAWERS = {
    "co_log_contact": work_contacts.log_contact,
    "co_promise": work_contacts.promise,
    "co_dispute": work_contacts.dispute,
}


def _customer(id: UUID) -> None:
    try:
        found = customer_work(runtime(), person, id)
    except NotFound as missing:
        st.warning(plain(missing.sentence))
        return
    left, right = st.columns([5, 7], gap="medium")
    with left.container(border=True):
        work_collections.customer(found)
    with right.container(border=True):
        work_contacts.bar(person, found)
        work_collections.related(found)
    asked = _DRAWERS.get(work_drawer.asked() or "")
    if asked is not None:
        asked(found)


person = access.require(*COLLECTIONS)
show_flash()
st.title("Collections")
figures = st.container()
filters = work_collections.controls(person, account_owners(runtime(), person))
found = work_list(runtime(), person, filters, cursor(PAGER, filters))
with figures:
    work_collections.strip(found.summary)
rows = found.page.rows
ticked = id_grid(
    work_collections.frame(rows),
    [row.customer_id for row in rows],
    key=GRID,
    column_config=work_collections.columns(found.summary.currency),
    height=fitting_height(len(rows), _ROWS_SHOWN),
    selection="single",
    alt="Customers by expected benefit of a contact",
)
pager(found.page.info, PAGER, "customer")
if ticked:
    _customer(ticked[0])
else:
    st.caption("Tick a customer to see what is open and to record what was said.")
