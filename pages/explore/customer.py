"""Explore › Customer: balance, ageing, open items, contracts, promises, disputes, and what was said."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.kit.errors import NotFound
from core.reporting.customers import CustomerDetail, customer_detail
from core.reporting.explained import BUCKET_WORDS
from core.reporting.invoices import InvoiceFilters, list_invoices
from core.reporting.paging import row_id
from pages.ui import access, badges, charts, dates, links, money
from pages.ui.act import show_flash
from pages.ui.runtime import runtime
from pages.ui.tables import cursor, id_grid, pager, untick

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
            )


def _open_items(found: CustomerDetail) -> None:
    chosen = InvoiceFilters(customer_id=found.customer.id, as_of=found.as_of)
    page = list_invoices(runtime(), person, chosen, cursor(_PAGER, chosen), size=20)
    rows = [
        (
            r.number,
            r.issue_date,
            r.due_date,
            max(r.days_past, 0),
            money.amount(r.open_minor, r.currency),
            r.currency,
            badges.cell("disputed" if r.is_disputed else r.state),
        )
        for r in page.rows
    ]
    frame = pd.DataFrame(rows, columns=["Invoice", "Issued", "Due", "Days late", "Open", "Currency", "State"])
    config = {
        "Issued": badges.date_column("Issued"),
        "Due": badges.date_column("Due"),
        "Open": badges.amount_column("Open"),
        "State": badges.state_column("State", ["disputed", *{r.state for r in page.rows}]),
    }
    picked = id_grid(
        frame, [r.id for r in page.rows], key=_GRID, column_config=config, selection="single", alt="Open items"
    )
    pager(page.info, _PAGER, "open items")
    if picked:
        untick(_GRID)
        links.go("invoice", {"id": str(picked[0])})


def _table(rows: list[tuple[object, ...]], columns: list[str], nothing: str) -> None:
    if rows:
        st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True, alt=", ".join(columns))
    else:
        st.caption(nothing)


def _relations(found: CustomerDetail) -> None:
    contracts, promises, disputes, contacts = st.tabs(["Contracts", "Promises", "Disputes", "Contacts"])
    with contracts:
        _table(
            [
                (
                    c.number,
                    badges.words(c.status),
                    dates.day(c.starts_on),
                    dates.day(c.ends_on),
                    c.po_number or money.NOTHING,
                )
                for c in found.contracts
            ],
            ["Contract", "State", "From", "To", "Purchase order"],
            "No contracts on file.",
        )
    with promises:
        _table(
            [
                (
                    dates.day(p.promised_on),
                    money.with_currency(p.amount_minor, p.currency),
                    badges.words(p.state),
                    p.made_by,
                )
                for p in found.promises
            ],
            ["Promised for", "Amount", "State", "Recorded by"],
            "No promises to pay.",
        )
    with disputes:
        _table(
            [
                (
                    d.number or money.NOTHING,
                    badges.words(d.reason),
                    money.with_currency(d.amount_minor, d.currency),
                    badges.words(d.state),
                    dates.instant(d.opened_at),
                )
                for d in found.disputes
            ],
            ["Dispute", "Reason", "Amount", "State", "Opened"],
            "No disputes.",
        )
    with contacts:
        _table(
            [
                (dates.instant(c.at), badges.words(c.kind), badges.words(c.outcome), c.note or "", c.by)
                for c in found.contacts
            ],
            ["When", "How", "Outcome", "Note", "By"],
            "Nobody has been in touch yet.",
        )


person = access.require()
show_flash()
try:
    detail = customer_detail(runtime(), person, row_id(st.query_params.get("id"), "This customer"))
except NotFound as missing:
    st.warning(missing.sentence, icon=":material/search_off:")
    st.stop()
who = detail.customer
st.title(who.name)
terms = f"{who.terms_days} days" if who.terms_days is not None else None
facts = (
    who.number,
    who.entity,
    who.segment,
    who.country,
    who.email,
    terms,
    f"owner {who.owner}" if who.owner else None,
)
st.caption(" · ".join(str(fact) for fact in facts if fact))
_balances(detail)
st.subheader("Open items")
_open_items(detail)
_relations(detail)
