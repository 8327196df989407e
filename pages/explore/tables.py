"""Tables that the screens of Explore share: invoices, and open amounts by age."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pandas as pd
import streamlit as st

from core.reporting.ageing import Ageing
from core.reporting.explained import BUCKET_WORDS
from core.reporting.invoices import STATES, InvoiceRow
from pages.ui import badges, charts, money
from pages.ui.tables import id_grid, untick

_GROUPS_SHOWN = 200


def ageing_report(found: Ageing) -> None:
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
        for row in found.rows[:_GROUPS_SHOWN]
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


def _frame(rows: Sequence[InvoiceRow]) -> pd.DataFrame:
    """What is looked at first stands left: on a small screen the rest is reached by scrolling."""
    table = [
        (
            row.number,
            row.customer_name,
            badges.cell(row.state),
            row.due_date,
            max(row.days_past, 0),
            money.amount(row.open_minor, row.currency),
            row.currency,
            "Yes" if row.is_disputed else "",
            money.amount(row.total_minor, row.currency),
            row.issue_date,
            row.entity,
        )
        for row in rows
    ]
    columns = ["Invoice", "Customer", "State", "Due", "Days late", "Open", "Currency", "Disputed", "Total", "Issued"]
    return pd.DataFrame(table, columns=[*columns, "Entity"])


def invoice_grid(rows: Sequence[InvoiceRow], key: str, *, is_one_customer: bool = False) -> UUID | None:
    """The invoices of one page; answers the one that was picked, once."""
    config = {
        "Issued": badges.date_column("Issued"),
        "Due": badges.date_column("Due", 95),
        "Total": badges.amount_column("Total", 100),
        "Open": badges.amount_column("Open", 100),
        "Days late": badges.count_column("Days late", 75),
        "State": badges.state_column("State", STATES, width=120),
    }
    ids = [row.id for row in rows]
    frame = _frame(rows).drop(columns=["Customer"] if is_one_customer else [])
    picked = id_grid(frame, ids, key=key, column_config=config, selection="single", alt="Invoices")
    if not picked:
        return None
    untick(key)
    return picked[0]
