"""Tables that the screens of Explore share: invoices, and open amounts by age."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

import pandas as pd
import streamlit as st

from core.reporting.ageing import Ageing
from core.reporting.explained import BUCKET_WORDS
from core.reporting.invoices import STATES, InvoiceRow
from pages.ui import badges, charts, money
from pages.ui.tables import fitting_height, id_grid, untick

_GROUPS_SHOWN, _GROUP_ROWS = 200, 6
_AGE = "Age, days"


def ageing_report(found: Ageing, on_click: Callable[[str], None], *, is_narrowed: bool) -> None:
    """`is_narrowed`: by filters that credits and unapplied cash, which belong to no invoice, do not follow."""
    charts.ageing_bar(
        found.buckets, found.currency, key="invoices_ageing", counts=found.counts, height=200, on_click=on_click
    )
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
    config = {name: badges.amount_column(name, 95) for name in amounts}
    config |= {"Group": badges.text_column("Group", 150), "Currency": badges.text_column("Currency", 65)}
    height = fitting_height(len(rows), _GROUP_ROWS)
    st.dataframe(frame, hide_index=True, height=height, column_config=config, alt="Open amounts by group and age")
    st.caption(" · ".join(_apart(found, is_narrowed=is_narrowed)))


def _apart(found: Ageing, *, is_narrowed: bool) -> Iterator[str]:
    total = money.with_currency(found.total_minor, found.currency)
    yield f"Total {total} of what is open under these filters, at every age"
    if is_narrowed:
        yield "credits and unapplied cash are not told for these filters"
    else:
        yield f"credits apart {money.with_currency(found.credits_minor, found.currency)}"
        yield f"unapplied cash apart {money.with_currency(found.unapplied_minor, found.currency)}"
    if found.left_out:
        yield f"without a rate and left out of the chart: {', '.join(found.left_out)}"


def _frame(rows: Sequence[InvoiceRow], *, has_age: bool) -> pd.DataFrame:
    """What is looked at first stands left: on a small screen the rest is reached by scrolling."""
    age = [_AGE] if has_age else []
    table = [
        (
            row.number,
            row.customer_name,
            badges.cell(row.state),
            row.due_date,
            row.days_late,
            *(row.days_past if row.days_late is not None else None for _ in age),
            money.amount(row.open_minor, row.currency),
            row.currency,
            "Yes" if row.is_disputed else "",
            money.amount(row.total_minor, row.currency),
            row.issue_date,
            row.entity,
        )
        for row in rows
    ]
    columns = ["Invoice", "Customer", "State", "Due", "Days late", *age, "Open", "Currency", "Disputed", "Total"]
    return pd.DataFrame(table, columns=[*columns, "Issued", "Entity"])


def invoice_grid(
    rows: Sequence[InvoiceRow], key: str, *, is_one_customer: bool = False, has_age: bool = False
) -> UUID | None:
    """The invoices of one page; answers the one that was picked, once. `has_age`: also the days since its date."""
    config = {
        "Issued": badges.date_column("Issued"),
        "Due": badges.date_column("Due", 95),
        "Total": badges.amount_column("Total", 100),
        "Open": badges.amount_column("Open", 100),
        "Days late": badges.count_column("Days late", 75, "Since the due date, of what is open"),
        _AGE: badges.count_column(_AGE, 75, "Since the invoice date, of what is open"),
        "State": badges.state_column("State", STATES, width=120),
    }
    ids = [row.id for row in rows]
    frame = _frame(rows, has_age=has_age).drop(columns=["Customer"] if is_one_customer else [])
    picked = id_grid(frame, ids, key=key, column_config=config, selection="single", alt="Invoices")
    if not picked:
        return None
    untick(key)
    return picked[0]
