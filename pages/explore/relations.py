"""What else is known of a customer: contracts, promises, disputes, contacts."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.reporting.customers import CustomerDetail
from pages.ui import badges, dates, money
from pages.ui.links import go
from pages.ui.tables import id_grid, untick

_GRID = "customer_contracts"


def _table(rows: Sequence[tuple[object, ...]], columns: list[str], nothing: str) -> None:
    if rows:
        config = {"Amount": badges.amount_column("Amount")} if "Amount" in columns else None
        frame = pd.DataFrame(rows, columns=columns)
        st.dataframe(frame, hide_index=True, column_config=config, alt=", ".join(columns))
    else:
        st.caption(nothing)


def relations(found: CustomerDetail) -> None:
    shown = {"Contracts": _contracts, "Promises": _promises, "Disputes": _disputes, "Contacts": _contacts}
    for tab, show in zip(st.tabs(list(shown)), shown.values(), strict=True):
        with tab:
            show(found)


def _contracts(found: CustomerDetail) -> None:
    if not found.contracts:
        st.caption("No contracts on file.")
        return
    rows = [
        (c.number, badges.words(c.status), dates.day(c.starts_on), dates.day(c.ends_on), c.po_number or money.NOTHING)
        for c in found.contracts
    ]
    columns = ["Contract", "State", "From", "To", "Purchase order"]
    ids = [contract.id for contract in found.contracts]
    picked = id_grid(pd.DataFrame(rows, columns=columns), ids, key=_GRID, selection="single", alt=", ".join(columns))
    if picked:
        untick(_GRID)
        go("contract", {"id": str(picked[0])})


def _promises(found: CustomerDetail) -> None:
    rows = [
        (dates.day(p.promised_on), money.with_currency(p.amount_minor, p.currency), badges.words(p.state), p.made_by)
        for p in found.promises
    ]
    _table(rows, ["Promised for", "Amount", "State", "Recorded by"], "No promises to pay.")


def _disputes(found: CustomerDetail) -> None:
    rows = [
        (
            d.number or money.NOTHING,
            badges.words(d.reason),
            money.with_currency(d.amount_minor, d.currency),
            badges.words(d.state),
            dates.instant(d.opened_at),
        )
        for d in found.disputes
    ]
    _table(rows, ["Dispute", "Reason", "Amount", "State", "Opened"], "No disputes.")


def _contacts(found: CustomerDetail) -> None:
    rows = [
        (dates.instant(c.at), badges.words(c.kind), badges.words(c.outcome), c.note or "", c.by) for c in found.contacts
    ]
    _table(rows, ["When", "How", "Outcome", "Note", "By"], "Nobody has been in touch yet.")
