"""Explore › Invoices: everything billed, by age as of any day; a row opens the invoice."""

from __future__ import annotations

from typing import Literal, cast

import streamlit as st

from core.reporting.ageing import Grouping, ageing
from core.reporting.customers import facets
from core.reporting.explained import BUCKET_WORDS
from core.reporting.invoices import STATES, InvoiceFilters, list_invoices
from core.reporting.overview import legal_entities
from core.workflow.actors import Actor
from pages.explore.tables import ageing_report, invoice_grid
from pages.ui import access, badges, filters
from pages.ui.act import show_flash
from pages.ui.links import go
from pages.ui.runtime import runtime
from pages.ui.tables import cursor, pager

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
        with st.container(width=150):
            as_of = filters.day("As of", "as_of", default=runtime().today())
        basis = filters.one_of("Age by", _BASES, "basis")
        overdue = filters.toggle("Overdue only", "overdue")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        entity = filters.choice("Entity", legal_entities(runtime(), person), "entity")
        segment = filters.choice("Segment", known.segments, "segment")
        currency = filters.choice("Currency", known.currencies, "currency")
        bucket = filters.choice("Age", BUCKET_WORDS, "bucket")
        state = filters.choice("State", {each: badges.words(each) for each in STATES}, "state")
        disputed = filters.choice("Disputes", _DISPUTED, "disputed")
        sort = filters.choice("Order", _SORTS, "sort", everything=_SORTS["due_date"]) or "due_date"
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


person = access.require()
show_flash()
st.title("Invoices")
chosen = _filters(person)
with st.expander(
    "Ageing of what is open", expanded=False, icon=":material/bar_chart:", key="ageing", on_change="rerun"
) as ageing_box:
    if ageing_box.open:
        by = cast(Grouping, filters.one_of("Per", _GROUPS, "by"))
        ageing_report(
            ageing(
                runtime(), person, chosen.as_of or runtime().today(), by=by, basis=chosen.basis, entity=chosen.entity
            )
        )
page = list_invoices(runtime(), person, chosen, cursor(_PAGER, chosen))
opened = invoice_grid(page.rows, _GRID)
pager(page.info, _PAGER, "invoice")
if opened:
    go("invoice", {"id": str(opened)})
