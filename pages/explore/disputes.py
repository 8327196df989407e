"""Explore › Disputes: what customers and card holders object to; a row opens the invoice."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.reporting.disputes import STATES, DisputeFilters, DisputeRow, dispute_summary, list_disputes
from core.reporting.overview import legal_entities
from core.workflow.actors import Actor
from pages.ui import access, badges, dates, filters, money
from pages.ui.act import show_flash
from pages.ui.links import go
from pages.ui.runtime import runtime
from pages.ui.tables import cursor, id_grid, pager, untick

_GRID, _PAGER = "disputes_grid", "page"
_SHOW = {"open": "Open", "all": "All", "upheld": "Upheld", "rejected": "Rejected", "withdrawn": "Withdrawn"}
_KINDS = {"customer": "By the customer", "card": "By the card holder"}


def _filters(person: Actor) -> DisputeFilters:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = filters.search("Customer", "who", placeholder="Name, number")
        show = filters.one_of("Show", _SHOW, "stage")
        kind = filters.choice("Raised", _KINDS, "kind")
        entity = filters.choice("Entity", legal_entities(runtime(), person), "entity")
    return DisputeFilters(state=None if show == "all" else show, kind=kind, entity=entity, search=search)


def _frame(rows: tuple[DisputeRow, ...]) -> pd.DataFrame:
    now = runtime().now()
    table = [
        (
            row.number or money.NOTHING,
            row.customer_name,
            row.document_number or money.NOTHING,
            badges.words(row.reason),
            money.amount(row.amount_minor, row.currency),
            row.currency,
            badges.cell(row.state),
            dates.ago(row.opened_at, now),
            dates.day(row.closed_at.date()) if row.closed_at else dates.in_words(row.due_at, now),
            row.sentence or "",
        )
        for row in rows
    ]
    columns = [
        "Dispute",
        "Customer",
        "Invoice",
        "Reason",
        "Amount",
        "Currency",
        "State",
        "Opened",
        "Due or closed",
        "What was said",
    ]
    return pd.DataFrame(table, columns=columns)


person = access.require()
show_flash()
st.title("Disputes")
chosen = _filters(person)
summary = dispute_summary(runtime(), person, chosen.entity)
with st.grid(3, min_column_width=190):
    st.metric("Open", f"{summary.open_count:,}", border=True)
    st.metric(
        f"Open value, {summary.currency}",
        money.amount(summary.open_minor, summary.currency),
        border=True,
        help="What open disputes are about, paid or not. An invoice counts once, with its total at most, however many "
        "disputes are about it.",
    )
    st.metric("Past their deadline", f"{summary.overdue_count:,}", border=True)
if summary.left_out:
    st.caption(f"Without an exchange rate and left out of the value: {', '.join(summary.left_out)}")
page = list_disputes(runtime(), person, chosen, cursor(_PAGER, chosen))
config = {
    "Reason": badges.text_column("Reason", 150),
    "Amount": badges.amount_column("Amount", 95),
    "State": badges.state_column("State", STATES, {"upheld": "red", "rejected": "gray"}, width=85),
}
picked = id_grid(
    _frame(page.rows),
    [row.id for row in page.rows],
    key=_GRID,
    column_config=config,
    selection="single",
    alt="Disputes",
)
pager(page.info, _PAGER, "dispute")
if picked:
    untick(_GRID)
    documents = {row.id: row.document_id for row in page.rows}
    go("invoice", {"id": str(documents[picked[0]] or "")})
