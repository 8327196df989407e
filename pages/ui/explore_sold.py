"""What was sold: the deals and quotes behind a contract, each beside the contract's own value."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import streamlit as st

from core.reporting.contract_sales import ContractSales, Deal, Offer
from pages.ui import badges, dates, money
from pages.ui.plain import plain

_NAMES = ["Fact", "Sold", "Contract"]


def sold(found: ContractSales) -> None:
    """Nothing is shown of a contract whose deal is not known."""
    if not found.deals:
        return
    st.subheader("What was sold")
    for deal in found.deals:
        rows = [(name, plain(ours), plain(theirs)) for name, ours, theirs in _rows(deal, found)]
        st.table(pd.DataFrame(rows, columns=_NAMES).set_index("Fact"), alt=f"What was sold with {deal.name}")
        with st.container(horizontal=True):
            _open(f"Opportunity in {deal.system}", deal.address)
            if deal.quote is not None:
                _open(f"Quote {deal.quote.number} in {deal.system}", deal.quote.address)


def _open(label: str, address: str | None) -> None:
    if address is not None:
        st.link_button(plain(label), address, icon=":material/open_in_new:")


def _rows(deal: Deal, found: ContractSales) -> Iterator[tuple[str, str, str]]:
    contract, worth = found.contract, _worth(found)
    yield "Opportunity", deal.name, f"Contract {contract.number}"
    yield "Stage", deal.stage, badges.words(contract.status)
    yield "Closed", dates.day(deal.closes_on), f"Begins {dates.day(contract.starts_on)}"
    yield "Amount", money.with_currency(deal.amount_minor, deal.currency), worth
    if deal.quote is not None:
        yield from _quote(deal.quote, worth, contract.po_number)


def _quote(quote: Offer, worth: str, po_number: str | None) -> Iterator[tuple[str, str, str]]:
    yield f"Quote {quote.number}", money.with_currency(quote.total_minor, quote.currency), worth
    yield "Purchase order", quote.po_number or money.NOTHING, po_number or money.NOTHING
    yield "Quote expires", dates.day(quote.expires_on), money.NOTHING


def _worth(found: ContractSales) -> str:
    """Over the term, without tax and usage; what was agreed since stands beside what was signed."""
    if not found.worth:
        return "No value: it has no last day, or cannot be priced"
    currency = found.contract.currency
    told = [f"{money.with_currency(each.net_minor, currency)} {each.words}" for each in found.worth]
    return ", ".join(told)
