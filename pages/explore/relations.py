"""What else is known of a customer: contracts, payments, credit memos, promises, disputes, contacts."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core.reporting.customer_money import CustomerMoney
from core.reporting.customers import CustomerDetail
from pages.ui import badges, dates, money
from pages.ui.explore_customer import credit_memos, payments, table
from pages.ui.links import go
from pages.ui.tables import id_grid, untick

_GRID = "customer_contracts"


def relations(found: CustomerDetail, moved: CustomerMoney) -> None:
    shown = {
        "Contracts": partial(_contracts, found),
        "Payments": partial(payments, moved),
        "Credit memos": partial(credit_memos, moved),
        "Promises": partial(_promises, found),
        "Disputes": partial(_disputes, found),
        "Contacts": partial(_contacts, found),
    }
    for tab, show in zip(st.tabs(list(shown)), shown.values(), strict=True):
        with tab:
            show()


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
    table(rows, ["Promised for", "Amount", "State", "Recorded by"], "No promises to pay.")


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
    table(rows, ["Dispute", "Reason", "Amount", "State", "Opened"], "No disputes.")


def _contacts(found: CustomerDetail) -> None:
    rows = [
        (dates.instant(c.at), badges.words(c.kind), badges.words(c.outcome), c.note or "", c.by) for c in found.contacts
    ]
    table(rows, ["When", "How", "Outcome", "Note", "By"], "Nobody has been in touch yet.")
