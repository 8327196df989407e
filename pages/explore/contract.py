"""Explore › Contract: what was agreed and how it changed, beside what is scheduled, and what was invoiced."""

from __future__ import annotations

from typing import cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.kit.errors import NotFound
from core.reporting.contract_detail import ContractDetail, Show, contract_detail
from core.reporting.contract_sales import contract_sales
from core.reporting.paging import row_id
from pages.ui import access, badges, dates, filters, links, money
from pages.ui.act import show_flash
from pages.ui.explore_contract import documents, subscription, timeline
from pages.ui.explore_contracts import BILLERS
from pages.ui.explore_schedule import schedule
from pages.ui.explore_sold import sold
from pages.ui.plain import plain
from pages.ui.runtime import runtime

_SHOW = {"near": "Around today", "open": "Open", "billed": "Billed", "all": "All"}


def _facts(found: ContractDetail) -> None:
    row = found.contract
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(f"Contract {plain(row.number)}", width="content")
        badges.badge(row.status)
        if row.auto_renews:
            badges.badge("renews", "Renews by itself")
    if found.customer is not None:
        links.link("customer", plain(found.customer.name), {"id": str(found.customer.id)}, icon=":material/domain:")
    discount = f"{row.discount_percent.normalize():f} %" if row.discount_percent else money.NOTHING
    if row.discount_percent and row.discount_ends_on:
        discount += f" to {dates.day(row.discount_ends_on)}"
    with st.grid(5, min_column_width=150):
        st.metric("From", dates.day(row.starts_on), border=True)
        st.metric("To", dates.day(row.ends_on) if row.ends_on else "No last day", border=True)
        st.metric("Billed", f"{badges.words(row.billing_frequency or 'monthly')}, {row.currency}", border=True)
        st.metric("By", BILLERS[row.billed_by], border=True)
        st.metric("Discount", discount, border=True)
    more = (
        f"purchase order {plain(row.po_number)}" if row.po_number else None,
        f"{row.terms_days} days to pay" if row.terms_days is not None else None,
        f"periods begin on day {row.anchor_day}" if row.anchor_day else None,
        f"prices rise by {row.uplift_percent.normalize():f} % at renewal" if row.uplift_percent else None,
        f"planned to {dates.day(found.planned_until)}" if found.planned_until else None,
    )
    told = " · ".join(part for part in more if part)
    st.caption(told[:1].upper() + told[1:])


def _problem(found: ContractDetail) -> None:
    if found.problem is None:
        return
    st.error(f"{plain(found.problem)} Nothing of it is billed until this is put right.", icon=":material/block:")
    if found.case_id is not None:
        links.link("exception", "Work on the open exception", {"id": str(found.case_id)}, icon=":material/rule:")


def _choose(place: DeltaGenerator) -> str:
    """Which part of the schedule is shown; the choice stands where the schedule will."""
    with place.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Schedule", width="content")
        return filters.one_of("Show", _SHOW, "show")


person = access.require()
show_flash()
head = st.container()
left, right = st.columns([13, 7], gap="medium")
choice = left.empty()
try:
    wanted = row_id(st.query_params.get("id"), "This contract")
    show = _choose(choice)
    detail = contract_detail(runtime(), person, wanted, cast(Show, show))
except NotFound as missing:
    choice.empty()
    head.warning(plain(missing.sentence), icon=":material/search_off:")
    st.stop()
with head:
    _facts(detail)
    _problem(detail)
with left:
    schedule(detail, person)
    subscription(detail)
with right:
    sold(contract_sales(runtime(), person, wanted))
    st.subheader("What was agreed, and how it changed")
    timeline(detail)
documents(detail)
