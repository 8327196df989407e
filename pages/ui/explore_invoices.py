"""What the list of invoices is narrowed to, as its address says it."""

from __future__ import annotations

from typing import Literal, cast
from uuid import UUID

import streamlit as st

from core.kit.errors import NotFound
from core.reporting.customers import customer_name, facets
from core.reporting.explained import BUCKET_WORDS, COUNTED_BY
from core.reporting.invoices import STATES, InvoiceFilters
from core.reporting.overview import legal_entities
from core.reporting.paging import row_id
from core.workflow.actors import Actor
from pages.ui import badges, filters
from pages.ui.links import link
from pages.ui.plain import plain
from pages.ui.runtime import runtime

_BASES = {"due": "Due date", "invoice": "Invoice date"}
_SORTS = {"due_date": "Due first", "-due_date": "Due last", "-issue_date": "Newest", "issue_date": "Oldest"}
_DISPUTED = {"yes": "Disputed", "no": "Not disputed"}
_SHOW = {"open": "Open", "all": "All"}


def _customer(person: Actor) -> UUID | None:
    """The one that the link names, with the way back to all of them."""
    named = st.query_params.get("customer")
    if named is None:
        return None
    try:
        id = row_id(named, "This customer")
        name = customer_name(runtime(), person, id)
    except NotFound as missing:
        st.warning(plain(missing.sentence), icon=":material/search_off:")
        st.stop()
    with st.container(horizontal=True, vertical_alignment="center"):
        link("customer", name, {"id": str(id)}, icon=":material/domain:")
        st.button("All customers", icon=":material/close:", type="tertiary", on_click=_forget, args=("customer",))
    return id


def _figure() -> str | None:
    """The figure whose invoices the link asks for, with the way back to all of them."""
    key = st.query_params.get("figure")
    if key not in COUNTED_BY:
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/function: Only the invoices that “{COUNTED_BY[key]}” counts.")
        st.button("All invoices", icon=":material/close:", type="tertiary", on_click=_forget, args=("figure",))
    return key


def _forget(name: str) -> None:
    st.query_params.pop(name, None)


def invoice_filters(person: Actor) -> InvoiceFilters:
    customer, counted_in = _customer(person), _figure()
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
        customer_id=customer,
        counted_in=counted_in,
        sort=cast(Literal["due_date", "issue_date"], sort.lstrip("-")),
        is_descending=sort.startswith("-"),
    )


def is_narrowed(chosen: InvoiceFilters) -> bool:
    """By something that says which invoices are meant, rather than of which entity, how old or in which order."""
    texts = (chosen.state, chosen.currency, chosen.segment, chosen.search, chosen.customer_id, chosen.counted_in)
    return chosen.is_overdue_only or chosen.is_disputed is not None or any(texts)
