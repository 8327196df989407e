"""Parts of the invoice page: whom and what it bills."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st

from core.reporting.invoice_detail import InvoiceDetail, Line
from pages.ui import badges, dates, links, money
from pages.ui.plain import plain


def about(found: InvoiceDetail) -> None:
    row = found.document
    if found.customer is not None:
        links.link("customer", found.customer.name, {"id": str(found.customer.id)}, icon=":material/domain:")
    else:
        st.markdown(plain(row.customer_name))
    period = dates.period(row.period_start, row.period_end) if row.period_start else None
    facts = {
        "Legal entity": row.entity,
        "Contract": row.contract_number,
        "Period": period,
        "Purchase order": row.po_number,
        "Tax id": row.tax_id,
        "Bill to": row.bill_to,
        "Settled": dates.day(row.settled_on) if row.settled_on else None,
    }
    st.table(
        pd.DataFrame([(name, plain(value)) for name, value in facts.items()], columns=["Fact", "Value"]).set_index(
            "Fact"
        ),
        hide_header=True,
    )
    for place in found.elsewhere:
        if place.url:
            st.link_button(f"Open {plain(place.reference)} in {place.system}", place.url, icon=":material/open_in_new:")
        else:
            st.caption(f"In {place.system} as {plain(place.reference)}")


def _told(line: Line, times: int) -> str:
    """Lines of the same name are told apart by their days."""
    is_told = times > 1 and line.period_start is not None
    return f"{line.description}, {dates.period(line.period_start, line.period_end)}" if is_told else line.description


def lines(found: InvoiceDetail) -> None:
    currency = found.document.currency
    often = Counter(line.description for line in found.lines)
    rows = [
        (
            _told(line, often[line.description]),
            f"{line.quantity.normalize():,f}",
            money.unit_price(line.unit_price),
            money.amount(line.amount_minor, currency),
            money.amount(line.discount_minor, currency),
            money.amount(line.tax_minor, currency),
        )
        for line in found.lines
    ]
    names = ["Quantity", "Unit price", "Amount", "Discount", "Tax"]
    frame = pd.DataFrame(rows, columns=["Description", *names])
    if not any(line.discount_minor for line in found.lines):
        frame = frame.drop(columns="Discount")
    config = {name: badges.amount_column(name, 78) for name in names}
    st.dataframe(frame, hide_index=True, column_config=config, alt="Lines")
