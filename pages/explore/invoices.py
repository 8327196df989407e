"""Explore › Invoices: everything billed, by age as of any day; a row opens the invoice."""

from __future__ import annotations

from typing import Literal, cast

import pandas as pd
import streamlit as st

from core.reporting.ageing import Ageing, Grouping, ageing
from core.reporting.customers import facets
from core.reporting.explained import BUCKET_WORDS
from core.reporting.invoices import STATES, InvoiceFilters, InvoiceRow, list_invoices
from core.reporting.overview import legal_entities
from core.workflow.actors import Actor
from pages.ui import access, badges, charts, filters, money
from pages.ui.act import show_flash
from pages.ui.links import go
from pages.ui.runtime import runtime
from pages.ui.tables import cursor, id_grid, pager, untick

_GRID, _PAGER = "invoices_grid", "page"
_BASES = {"due": "Due date", "invoice": "Invoice date"}
_GROUPS = {"entity": "Entity", "segment": "Segment", "currency": "Currency", "customer": "Customer"}
_SORTS = {"due_date": "Due first", "-due_date": "Due last", "-issue_date": "Newest", "issue_date": "Oldest"}
_DISPUTED = {"yes": "Disputed", "no": "Not disputed"}
_SHOW = {"open": "Open", "all": "All"}


def _filters(person: Actor) -> InvoiceFilters:
    known = facets(runtime(), person)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = filters.search("Customer or invoice", "q", placeholder="Name, number")
        show = filters.one_of("Show", _SHOW, "show")
        as_of = filters.day("As of", "as_of", default=runtime().today())
        basis = filters.one_of("Age by", _BASES, "basis")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        entity = filters.choice("Entity", legal_entities(runtime(), person), "entity")
        segment = filters.choice("Segment", known.segments, "segment")
        currency = filters.choice("Currency", known.currencies, "currency")
        bucket = filters.choice("Age", BUCKET_WORDS, "bucket")
        state = filters.choice("State", {each: badges.words(each) for each in STATES}, "state")
        disputed = filters.choice("Disputes", _DISPUTED, "disputed")
        sort = filters.choice("Order", _SORTS, "sort", everything=_SORTS["due_date"]) or "due_date"
        overdue = filters.toggle("Overdue only", "overdue")
    return InvoiceFilters(
        as_of=as_of,
        is_open_only=show == "open",
        is_overdue_only=overdue,
        basis=cast(Literal["due", "invoice"], basis),
        bucket=bucket,
        state=state,
        entity=entity,
        currency=currency,
        segment=segment,
        is_disputed={"yes": True, "no": False}.get(disputed or ""),
        search=search,
        sort=cast(Literal["due_date", "issue_date"], sort.lstrip("-")),
        is_descending=sort.startswith("-"),
    )


def _report(found: Ageing) -> None:
    left, right = st.columns([2, 3], gap="medium")
    with left:
        charts.ageing_bar(found.buckets, found.currency, key="invoices_ageing", counts=found.counts)
    rows = [
        (
            row.group,
            row.currency,
            *(money.amount(row.buckets[b], row.currency) for b in BUCKET_WORDS),
            money.amount(row.total_minor, row.currency),
        )
        for row in found.rows[:200]
    ]
    amounts = [*BUCKET_WORDS.values(), "Total"]
    frame = pd.DataFrame(rows, columns=["Group", "Currency", *amounts])
    config = {name: badges.amount_column(name, 100) for name in amounts}
    right.dataframe(frame, hide_index=True, height=245, column_config=config, alt="Open amounts by group and age")
    parts = [f"Total {money.with_currency(found.total_minor, found.currency)}"]
    parts += [f"credits apart {money.with_currency(found.credits_minor, found.currency)}"]
    parts += [f"unapplied cash apart {money.with_currency(found.unapplied_minor, found.currency)}"]
    parts += [f"without a rate and left out of the chart: {', '.join(found.left_out)}"] if found.left_out else []
    st.caption(" · ".join(parts))


def _frame(rows: tuple[InvoiceRow, ...]) -> pd.DataFrame:
    columns = [
        "Invoice",
        "Customer",
        "Entity",
        "Issued",
        "Due",
        "Days late",
        "Total",
        "Open",
        "Currency",
        "State",
        "Note",
    ]
    table = [
        (
            r.number,
            r.customer_name,
            r.entity,
            r.issue_date,
            r.due_date,
            max(r.days_past, 0),
            money.amount(r.total_minor, r.currency),
            money.amount(r.open_minor, r.currency),
            r.currency,
            badges.cell(r.state),
            "Disputed" if r.is_disputed else "",
        )
        for r in rows
    ]
    return pd.DataFrame(table, columns=columns)


person = access.require()
show_flash()
st.title("Invoices")
chosen = _filters(person)
with st.expander(
    "Ageing of what is open", expanded=False, icon=":material/bar_chart:", key="ageing", on_change="rerun"
) as ageing_box:
    if ageing_box.open:
        by = cast(Grouping, filters.one_of("Per", _GROUPS, "by"))
        _report(
            ageing(
                runtime(), person, chosen.as_of or runtime().today(), by=by, basis=chosen.basis, entity=chosen.entity
            )
        )
page = list_invoices(runtime(), person, chosen, cursor(_PAGER, chosen))
config = {
    "Issued": badges.date_column("Issued"),
    "Due": badges.date_column("Due"),
    "Total": badges.amount_column("Total"),
    "Open": badges.amount_column("Open"),
    "Days late": badges.count_column("Days late"),
    "State": badges.state_column("State", STATES, width=130),
}
picked = id_grid(
    _frame(page.rows),
    [row.id for row in page.rows],
    key=_GRID,
    column_config=config,
    selection="single",
    alt="Invoices",
)
pager(page.info, _PAGER, "invoices")
if picked:
    untick(_GRID)
    go("invoice", {"id": str(picked[0])})
