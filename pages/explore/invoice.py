"""Explore › Invoice: one invoice, its lines, and its way from event to cash."""

from __future__ import annotations

import streamlit as st

from core.kit.errors import NotFound
from core.reporting.invoice_detail import InvoiceDetail, invoice_detail
from core.reporting.paging import row_id
from pages.explore.boarding_pass import boarding
from pages.explore.invoice_letter import letter
from pages.explore.invoice_parts import about, lines
from pages.ui import access, badges, dates, links, money
from pages.ui.act import show_flash
from pages.ui.explore_correction import credit
from pages.ui.plain import plain
from pages.ui.runtime import runtime

_ICONS = {
    "Issued": "receipt_long",
    "Event": "inbox",
    "Received": "inbox",
    "State": "flag",
    "Exception": "rule",
    "Approval": "approval",
    "Posting": "outbox",
    "Message": "mail",
    "Dispute": "balance",
    "Cash": "payments",
}
_LEVELS = {"error": "red", "warning": "orange", "must_fix": "red", "confirm": "orange"}


def _facts(found: InvoiceDetail) -> None:
    row = found.document
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(f"{'Credit memo' if row.kind == 'credit_memo' else 'Invoice'} {plain(row.number)}", width="content")
        badges.badge(row.state)
        if row.is_disputed:
            badges.badge("disputed")
    with st.grid(5, min_column_width=150):
        st.metric("Total", money.with_currency(row.total_minor, row.currency), border=True)
        st.metric("Open", money.with_currency(row.open_minor, row.currency), border=True)
        st.metric("Issued", dates.day(row.issue_date), border=True)
        st.metric("Due", dates.day(row.due_date), border=True)
        st.metric("Tax", money.with_currency(row.tax_minor, row.currency), border=True)


def _findings(found: InvoiceDetail) -> None:
    for each in found.findings:
        st.markdown(f":{_LEVELS.get(each.level, 'gray')}-badge[{badges.words(each.level)}] {plain(each.sentence)}")
    if found.open_case_id is not None:
        links.link("exception", "Work on the open exception", {"id": str(found.open_case_id)}, icon=":material/rule:")


def _timeline(found: InvoiceDetail) -> None:
    for event in found.timeline:
        when = dates.day(event.at.date()) if event.is_day_only else dates.instant(event.at)
        st.markdown(
            f":material/{_ICONS.get(event.stage, 'circle')}: {plain(event.sentence)}"
            f"  \n:small[:gray[{when} · {plain(event.actor)}]]"
        )


person = access.require()
show_flash()
try:
    detail = invoice_detail(runtime(), person, row_id(st.query_params.get("id"), "This invoice"))
except NotFound as missing:
    st.warning(plain(missing.sentence), icon=":material/search_off:")
    st.stop()
_facts(detail)
left, right = st.columns([13, 7], gap="medium")
with left:
    _findings(detail)
    letter(detail, person)
    st.subheader("Lines")
    lines(detail)
    credit(detail, person)
    boarding(detail, person)
    about(detail)
with right:
    st.subheader("From event to cash")
    _timeline(detail)
