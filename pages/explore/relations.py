"""What else is known of a customer: contracts, promises, disputes, contacts."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.reporting.customers import CustomerDetail
from pages.ui import badges, dates, money


def _table(rows: list[tuple[object, ...]], columns: list[str], nothing: str) -> None:
    if rows:
        st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True, alt=", ".join(columns))
    else:
        st.caption(nothing)


def relations(found: CustomerDetail) -> None:
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
