"""Explore › Invoice: one invoice, its lines, and its way from event to cash."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.kit.errors import NotFound
from core.reporting.invoice_detail import InvoiceDetail, invoice_detail
from core.reporting.paging import row_id
from pages.ui import access, badges, dates, links, money
from pages.ui.act import show_flash
from pages.ui.runtime import runtime

_ICONS = {
    "Issued": "receipt_long",
    "Event": "inbox",
    "Received": "inbox",
    "State": "flag",
    "Exception": "rule",
    "Approval": "approval",
    "Posting": "outbox",
    "Dispute": "balance",
    "Cash": "payments",
}
_LEVELS = {"error": "red", "warning": "orange", "must_fix": "red", "confirm": "orange"}


def _facts(found: InvoiceDetail) -> None:
    row = found.document
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(f"{'Credit memo' if row.kind == 'credit_memo' else 'Invoice'} {row.number}", width="content")
        badges.badge(row.state)
        if row.is_disputed:
            badges.badge("disputed")
    with st.grid(5, min_column_width=150):
        st.metric("Total", money.with_currency(row.total_minor, row.currency), border=True)
        st.metric("Open", money.with_currency(row.open_minor, row.currency), border=True)
        st.metric("Issued", dates.day(row.issue_date), border=True)
        st.metric("Due", dates.day(row.due_date), border=True)
        st.metric("Tax", money.with_currency(row.tax_minor, row.currency), border=True)


def _about(found: InvoiceDetail) -> None:
    row = found.document
    if found.customer is not None:
        links.link("customer", found.customer.name, {"id": str(found.customer.id)}, icon=":material/domain:")
    else:
        st.markdown(row.customer_name)
    period = f"{dates.day(row.period_start)} to {dates.day(row.period_end)}" if row.period_start else None
    facts = {
        "Legal entity": row.entity,
        "Contract": row.contract_number,
        "Period": period,
        "Purchase order": row.po_number,
        "Tax id": row.tax_id,
        "Bill to": row.bill_to,
        "Settled": dates.day(row.settled_on) if row.settled_on else None,
    }
    st.table(
        pd.DataFrame(
            [(name, value or money.NOTHING) for name, value in facts.items()], columns=["Fact", "Value"]
        ).set_index("Fact")
    )
    for place in found.elsewhere:
        if place.url:
            st.link_button(f"Open {place.reference} in {place.system}", place.url, icon=":material/open_in_new:")
        else:
            st.caption(f"In {place.system} as {place.reference}")


def _lines(found: InvoiceDetail) -> None:
    currency = found.document.currency
    rows = [
        (
            line.description,
            f"{line.quantity.normalize():,f}",
            f"{line.unit_price:,.2f}",
            money.amount(line.amount_minor, currency),
            money.amount(line.discount_minor, currency),
            money.amount(line.tax_minor, currency),
        )
        for line in found.lines
    ]
    names = ["Quantity", "Unit price", "Amount", "Discount", "Tax"]
    frame = pd.DataFrame(rows, columns=["Description", *names])
    st.dataframe(
        frame, hide_index=True, column_config={name: badges.amount_column(name, 95) for name in names}, alt="Lines"
    )


def _findings(found: InvoiceDetail) -> None:
    for each in found.findings:
        st.markdown(f":{_LEVELS.get(each.level, 'gray')}-badge[{badges.words(each.level)}] {each.sentence}")
    if found.open_case_id is not None:
        links.link("exception", "Work on the open exception", {"id": str(found.open_case_id)}, icon=":material/rule:")


def _timeline(found: InvoiceDetail) -> None:
    for event in found.timeline:
        when = dates.day(event.at.date()) if event.is_day_only else dates.instant(event.at)
        st.markdown(
            f":material/{_ICONS.get(event.stage, 'circle')}: {event.sentence}  \n:small[:gray[{when} · {event.actor}]]"
        )


person = access.require()
show_flash()
try:
    detail = invoice_detail(runtime(), person, row_id(st.query_params.get("id"), "This invoice"))
except NotFound as missing:
    st.warning(missing.sentence, icon=":material/search_off:")
    st.stop()
_facts(detail)
left, right = st.columns([3, 2], gap="large")
with left:
    _findings(detail)
    st.subheader("Lines")
    _lines(detail)
    _about(detail)
with right:
    st.subheader("From event to cash")
    _timeline(detail)
