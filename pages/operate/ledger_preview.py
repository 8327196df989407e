"""How a ledger file is read, what it would bring, or what is wrong with it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.kit.errors import Refused
from core.kit.words import counted
from core.workflow.actors import Actor
from core.workflow.commands import ImportLedger
from core.workflow.imports import News, ParsedLedger, format_of, format_words, news_for, report_csv, told
from pages.ui import badges, dates, money
from pages.ui.plain import plain
from pages.ui.runtime import runtime

_SHOWN = 200
_PREVIEW = 8


def date_format(fitting: list[str], key: str) -> str:
    """One of the formats, each told by an example, or one that the person writes."""
    chosen = st.selectbox(
        "Date format",
        fitting,
        key=key,
        accept_new_options=True,
        format_func=format_words,
        width=300,
        help="Another one is written as DD-MM-YYYY.",
    )
    return format_of(chosen or fitting[0])


def _amounts(sums: dict[str, int]) -> str:
    return " + ".join(money.with_currency(minor, currency) for currency, minor in sums.items()) or money.NOTHING


def preview(parsed: ParsedLedger) -> None:
    with st.grid(4, min_column_width=170):
        st.metric("Customers", f"{len(parsed.customers):,}", border=True)
        st.metric("Invoices", f"{len(parsed.invoices):,}", border=True)
        st.metric("Payments", f"{len(parsed.payments):,}", border=True)
        st.metric("Disputes", f"{len(parsed.disputes):,}", border=True)
    st.caption(f"Billed {_amounts(parsed.billed)} · paid {_amounts(parsed.paid)}")
    rows = [
        (
            each.number,
            each.customer_name,
            dates.day(each.issue_date),
            dates.day(each.due_date),
            money.amount(each.total_minor, each.currency),
            each.currency,
            badges.words(each.status),
        )
        for each in parsed.invoices[:_PREVIEW]
    ]
    columns = ["Invoice", "Customer", "Issued", "Due", "Amount", "Currency", "State"]
    frame, config = pd.DataFrame(rows, columns=columns), {"Amount": badges.amount_column("Amount")}
    st.dataframe(frame, hide_index=True, alt="First rows", column_config=config)


def news(command: ImportLedger, person: Actor) -> News | None:
    """What of the file is not here yet, said in a line; None when the file says something else of what is here."""
    try:
        found = news_for(runtime(), person, command)
    except Refused as refusal:
        st.error(plain(refusal.sentence), icon=":material/block:")
        return None
    if not any(found.counts.values()):
        st.info("All of this was imported before; there is nothing to do.", icon=":material/done_all:")
    elif len(found.invoices) < len(command.invoices):
        st.info(f"Some of this is here already. New: {told(found.counts)}.", icon=":material/info:")
    return found


def done(found: News) -> str:
    """What was imported, once it is."""
    if found.invoices:
        return f"{counted(len(found.invoices), 'invoice')} imported"
    return f"Imported {told({what: count for what, count in found.counts.items() if count})}"


def bad_rows(parsed: ParsedLedger) -> None:
    st.error(f"{parsed.verdict}. Nothing is kept until all can.", icon=":material/block:")
    rows = [(bad.row, badges.words(bad.column), bad.value, bad.sentence) for bad in parsed.bad_rows[:_SHOWN]]
    st.dataframe(
        pd.DataFrame(rows, columns=["Row", "Column", "Value", "What is wrong"]), hide_index=True, alt="Bad rows"
    )
    st.download_button(
        "Download the whole report",
        lambda: report_csv(parsed.bad_rows),
        "bad-rows.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
