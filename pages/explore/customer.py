"""Explore › Customer: balance, ageing, open items, contracts, money and credits, promises, disputes, what was said."""

from __future__ import annotations

import streamlit as st

from core.kit.errors import NotFound
from core.kit.words import counted
from core.reporting.customer_money import CustomerMoney, customer_money
from core.reporting.customers import CustomerDetail, customer_detail
from core.reporting.explained import BUCKET_WORDS
from core.reporting.invoices import InvoiceFilters, list_invoices
from core.reporting.paging import row_id
from pages.explore.relations import relations
from pages.explore.tables import invoice_grid
from pages.ui import access, charts, money
from pages.ui.act import show_flash
from pages.ui.links import go, link
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.tables import cursor, pager

_GRID, _PAGER = "customer_grid", "page"


def _balances(found: CustomerDetail) -> None:
    if not found.balances:
        st.success("Nothing is open.", icon=":material/check_circle:")
    for balance in found.balances:
        left, right = st.columns([1, 3], gap="medium")
        left.metric("Open", money.with_currency(balance.total_minor, balance.currency), border=True)
        left.metric("Overdue", money.with_currency(balance.overdue_minor, balance.currency), border=True)
        with right:
            charts.ageing_bar(
                {b: balance.buckets[b] for b in BUCKET_WORDS},
                balance.currency,
                key=f"customer_ageing_{balance.currency}",
                height=190,
                on_click="ignore",
            )


def _unused(moved: CustomerMoney) -> None:
    """What is the customer's and not put against an invoice yet."""
    kinds = (("received and unapplied", moved.unapplied), ("in unused credit memos", moved.unused_credits))
    told = [f"{money.with_currency(minor, currency)} {words}" for words, sums in kinds for currency, minor in sums]
    if told:
        st.caption(f":material/savings: Not put against an invoice yet: {', '.join(told)}")


def _open_items(found: CustomerDetail) -> None:
    chosen = InvoiceFilters(customer_id=found.customer.id, as_of=found.as_of)
    page = list_invoices(runtime(), person, chosen, cursor(_PAGER, chosen), size=20)
    opened = invoice_grid(page.rows, _GRID, is_one_customer=True)
    pager(page.info, _PAGER, "open item")
    if opened:
        go("invoice", {"id": str(opened)})


person = access.require()
show_flash()
try:
    detail = customer_detail(runtime(), person, row_id(st.query_params.get("id"), "This customer"))
except NotFound as missing:
    st.warning(plain(missing.sentence), icon=":material/search_off:")
    st.stop()
who = detail.customer
st.title(plain(who.name))
facts = (
    who.number,
    who.segment,
    f"billed by {who.entity}" if who.entity else None,
    f"in {who.country}" if who.country else None,
    f"terms {counted(who.terms_days, 'day')}" if who.terms_days is not None else None,
    who.email,
    f"owner {who.owner}" if who.owner else None,
)
st.caption(" · ".join(plain(fact) for fact in facts if fact))
_balances(detail)
moved = customer_money(runtime(), person, who.id)
_unused(moved)
with st.container(horizontal=True, vertical_alignment="center"):
    st.subheader("Open items", width="content")
    link("invoices", "All invoices", {"customer": str(who.id), "show": "All"}, icon=":material/receipt_long:")
_open_items(detail)
relations(detail, moved)
