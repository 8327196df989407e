"""What a customer paid and was given back, as tables; and the table that the other facts of a customer use."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.kit.systems import title_of
from core.reporting.customer_money import CustomerMoney
from core.reporting.invoices import STATES
from pages.ui import badges, money
from pages.ui.links import go
from pages.ui.tables import id_grid, untick

_CREDITS = "customer_credits"
_CONFIG = {name: badges.amount_column(name) for name in ("Amount", "Unapplied", "Unused")} | {
    name: badges.date_column(name) for name in ("Received", "Issued")
}


def table(rows: Sequence[tuple[object, ...]], columns: list[str], nothing: str) -> None:
    if rows:
        frame = pd.DataFrame(rows, columns=columns)
        st.dataframe(frame, hide_index=True, column_config=_CONFIG, alt=", ".join(columns))
    else:
        st.caption(nothing)


def payments(moved: CustomerMoney) -> None:
    rows = [
        (
            p.received_on,
            money.amount(p.amount_minor, p.currency),
            money.amount(p.unapplied_minor, p.currency),
            p.currency,
            badges.words(p.method),
            title_of(p.source),
        )
        for p in moved.payments
    ]
    table(rows, ["Received", "Amount", "Unapplied", "Currency", "By", "Told by"], "No payment yet.")


def credit_memos(moved: CustomerMoney) -> None:
    if not moved.credits:
        st.caption("No credit memos.")
        return
    rows = [
        (
            c.number,
            c.issue_date,
            money.amount(c.total_minor, c.currency),
            money.amount(c.open_minor, c.currency),
            c.currency,
            badges.cell(c.state),
            c.reason or "",
        )
        for c in moved.credits
    ]
    frame = pd.DataFrame(rows, columns=["Credit memo", "Issued", "Amount", "Unused", "Currency", "State", "Reason"])
    config = _CONFIG | {"State": badges.state_column("State", STATES, width=120)}
    ids = [memo.id for memo in moved.credits]
    picked = id_grid(frame, ids, key=_CREDITS, column_config=config, selection="single", alt="Credit memos")
    if picked:
        untick(_CREDITS)
        go("invoice", {"id": str(picked[0])})
