"""One billing run: progress, totals, failures, its invoices with what was found, and what may be done with it."""

from __future__ import annotations

import streamlit as st

from core.kit.errors import NotFound
from core.reporting.billing_runs import run_detail
from core.reporting.paging import row_id
from pages.ui import access, dates, work_billing, work_billing_actions, work_billing_lists
from pages.ui.act import show_flash
from pages.ui.links import link
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.site_map import EXCEPTIONS

person = access.require(*EXCEPTIONS)
show_flash()
link("billing_runs", "All billing runs", icon=":material/arrow_back:")
try:
    run = run_detail(runtime(), person, row_id(st.query_params.get("id"), "This billing run"))
except NotFound as missing:
    st.warning(plain(missing.sentence))
    st.stop()
row = run.row
st.title(plain(row.name))
entities = ", ".join(row.entities) if row.entities is not None else "all legal entities"
st.caption(
    f"Everything due on or before {dates.day(row.through)}, {entities} · {work_billing.mode_words(row.mode)} · "
    f"started by {plain(row.started_by)}, {dates.instant(row.created_at)}"
)
work_billing.progress(person, row.id)
work_billing_actions.bar(run)
work_billing.totals(run)
if row.failed:
    work_billing_lists.failures(person, run)
work_billing_lists.invoices(person, run)
work_billing_actions.confirm_if_asked(run)
