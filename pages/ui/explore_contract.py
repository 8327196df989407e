"""What stands beside the schedule of a contract: its history, its invoices, and what Stripe bills by itself."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.reporting.contract_detail import ContractDetail, Step
from pages.ui import badges, dates, money
from pages.ui.links import go
from pages.ui.plain import plain
from pages.ui.tables import id_grid, untick

_DOCUMENTS = "contract_documents"
_ICONS = {
    "signed": "draw",
    "amended": "edit_note",
    "terms_changed": "tune",
    "renewed": "autorenew",
    "ended": "event_busy",
}


def timeline(found: ContractDetail) -> None:
    if not found.steps:
        st.caption("Nothing has been recorded yet.")
    for step in found.steps:
        icon = _ICONS.get(step.kind, "circle")
        with st.expander(f"**{dates.day(step.effective_on)}** · {plain(step.sentence)}", icon=f":material/{icon}:"):
            _step(step)


def _step(step: Step) -> None:
    names = [*step.after, *(name for name in step.before if name not in step.after)]
    rows = [(badges.words(name), _shown(step.before.get(name)), _shown(step.after.get(name))) for name in names]
    if rows:
        columns = ["Fact", "Before", "After"]
        frame = pd.DataFrame(rows, columns=columns).drop(columns=[] if step.before else ["Before"])
        st.dataframe(frame, hide_index=True, alt="What changed")
    st.caption(f"{badges.words(step.kind)} · recorded {dates.instant(step.recorded_at)} · {plain(step.by)}")


def _shown(value: Any) -> str:
    match value:
        case None | "" | {}:
            return money.NOTHING
        case bool():
            return "Yes" if value else "No"
        case dict():
            return "; ".join(f"{badges.words(name)}: {_shown(inner)}" for name, inner in value.items())
        case list():
            return ", ".join(_shown(each) for each in value)
        case _:
            return str(value)


def documents(found: ContractDetail) -> None:
    """As wide as the page: beside the history its last columns would be cut off."""
    st.subheader("Invoices")
    if not found.documents:
        st.caption("Nothing has been invoiced yet.")
        return
    rows = [
        (
            row.number,
            "Credit memo" if row.kind == "credit_memo" else "Invoice",
            badges.cell(row.state),
            row.issue_date,
            row.period_start,
            money.with_currency(row.total_minor, row.currency),
            money.with_currency(row.open_minor, row.currency),
        )
        for row in found.documents
    ]
    columns = ["Number", "Kind", "State", "Issued", "Period from", "Total", "Open"]
    config = {
        "Number": badges.text_column("Number", 150),
        "Kind": badges.text_column("Kind", 95),
        "State": badges.state_column("State", dict.fromkeys(row.state for row in found.documents), width=120),
        "Issued": badges.date_column("Issued"),
        "Period from": badges.date_column("Period from"),
        "Total": badges.amount_column("Total", 135),
        "Open": badges.amount_column("Open", 135),
    }
    ids = [row.id for row in found.documents]
    frame = pd.DataFrame(rows, columns=columns)
    picked = id_grid(frame, ids, key=_DOCUMENTS, column_config=config, selection="single", alt="Invoices")
    if picked:
        untick(_DOCUMENTS)
        go("invoice", {"id": str(picked[0])})


def subscription(found: ContractDetail) -> None:
    """What Stripe bills for the contract by itself."""
    if not found.items:
        return
    st.subheader("Subscription in Stripe")
    rows = [
        (
            item.product_code or money.NOTHING,
            f"{item.quantity.normalize():,f}",
            money.unit_price(item.unit_price),
            "month" if item.interval_months == 1 else f"{item.interval_months} months",
            badges.cell(item.status),
        )
        for item in found.items
    ]
    frame = pd.DataFrame(rows, columns=["Product", "Quantity", "Unit price", "Per", "State"])
    config = {
        "Quantity": badges.amount_column("Quantity", 80),
        "Unit price": badges.amount_column("Unit price", 90),
        "State": badges.state_column("State", dict.fromkeys(item.status for item in found.items)),
    }
    st.dataframe(frame, hide_index=True, column_config=config, alt="Subscription in Stripe")
