"""What a ledger file would bring, or what is wrong with it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.workflow.imports import ParsedLedger, report_csv
from pages.ui import badges, dates, money

_SHOWN = 200
_PREVIEW = 8


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
    st.dataframe(
        pd.DataFrame(rows, columns=columns),
        hide_index=True,
        alt="First rows",
        column_config={"Amount": badges.amount_column("Amount")},
    )


def bad_rows(parsed: ParsedLedger) -> None:
    st.error(f"{parsed.verdict}. Nothing is kept until all can.", icon=":material/block:")
    rows = [(bad.row, bad.column, bad.value, bad.sentence) for bad in parsed.bad_rows[:_SHOWN]]
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
