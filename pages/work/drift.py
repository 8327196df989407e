"""Work › Drift: contracts against schedule, invoices, subscription and ledger, the dearest difference first."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.kit.errors import NotFound
from core.reporting.drift import KINDS, DriftFilters, DriftRow, drift_detail, drift_sums, leakage, list_drift
from core.reporting.overview import legal_entities
from core.reporting.paging import row_id
from pages.ui import access, badges, dates, filters, money, work_drift
from pages.ui.act import show_flash
from pages.ui.figure_card import figure_card
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.site_map import EXCEPTIONS
from pages.ui.tables import cursor, id_grid, pager, untick

_GRID, _PAGER = "drift_grid", "page"
_DIRECTIONS = {"under": "Too little", "over": "Too much"}


def _frame(rows: tuple[DriftRow, ...]) -> pd.DataFrame:
    table = [
        (
            KINDS.get(row.kind, row.kind),
            row.contract,
            row.customer_name or money.NOTHING,
            row.sentence,
            money.amount(row.effect_minor, row.currency),
            row.currency,
            "By command" if row.has_fix else "By hand",
            dates.ago(row.opened_at, runtime().now()),
        )
        for row in rows
    ]
    names = ["Kind", "Contract", "Customer", "Difference", "Effect", "Currency", "Fix", "Found"]
    return pd.DataFrame(table, columns=names)


person = access.require(*EXCEPTIONS)
show_flash()
st.title("Drift")
with st.container(horizontal=True, vertical_alignment="bottom"):
    kind = filters.choice("Kind", KINDS, "kind")
    direction = filters.choice("Billed", _DIRECTIONS, "direction")
    entity = filters.choice("Entity", legal_entities(runtime(), person), "entity")
chosen = DriftFilters(kind, direction, entity)
left, right = st.columns([3, 7], gap="medium")
with left:
    figure_card(leakage(runtime(), person, entity))
with right:
    work_drift.matrix(drift_sums(runtime(), person, entity), runtime().settings.reporting_currency)
page = list_drift(runtime(), person, chosen, cursor(_PAGER, chosen))
picked = id_grid(
    _frame(page.rows),
    [row.id for row in page.rows],
    key=_GRID,
    column_config={"Effect": badges.amount_column("Effect", 100), "Difference": badges.text_column("Difference", 420)},
    selection="single",
    alt="Differences",
)
pager(page.info, _PAGER, "difference")
if not page.rows:
    st.caption(":material/check_circle: No differences here. Contracts, invoices and ledger are compared every night.")
if picked:
    untick(_GRID)
    st.query_params["id"] = str(picked[0])
    st.rerun()
if wanted := st.query_params.get("id"):
    try:
        following = [row.id for row in page.rows if str(row.id) != wanted]
        work_drift.show(drift_detail(runtime(), person, row_id(wanted, "This difference")), person, following)
    except NotFound as missing:
        st.warning(plain(missing.sentence), icon=":material/search_off:")
