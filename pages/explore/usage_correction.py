"""Correcting a customer's usage where it is seen: add, replace or take out, with what it means for invoices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID

import pandas as pd
import streamlit as st

from core.reporting.usage import MadeCorrection, MeterChoice, UsageFilters, billed_spans, corrections_of
from core.workflow.billing_commands import CorrectUsage
from pages.explore.usage_parts import quantity
from pages.ui import dates
from pages.ui.act import act, form_id
from pages.ui.plain import plain
from pages.ui.runtime import runtime

_KINDS = {"Replace": "replace", "Add": "add", "Take out": "take_out"}
_WORDS = {value: words for words, value in _KINDS.items()}


def correction(customer: tuple[UUID, str], meter: MeterChoice, chosen: UsageFilters, *, is_allowed: bool) -> None:
    """The form for whoever may correct, and the corrections made before for everybody."""
    made = corrections_of(runtime(), customer[0], meter.code)
    if is_allowed:
        with st.expander(f"Correct the usage of {plain(customer[1])}", icon=":material/edit:"):
            _form(customer, meter, chosen)
    if made:
        _show_made(made)


def _form(customer: tuple[UUID, str], meter: MeterChoice, chosen: UsageFilters) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        how = st.segmented_control("What", list(_KINDS), default="Replace", required=True, key="uc_kind") or "Replace"
        since = st.date_input("First day", chosen.until, key="uc_since", format="YYYY-MM-DD")
        until = st.date_input("Last day", chosen.until, key="uc_until", format="YYYY-MM-DD")
        amount = st.text_input(f"Quantity ({plain(meter.measure)})", key="uc_quantity", disabled=how == "Take out")
    reason = st.text_input("Reason", key="uc_reason")
    if not isinstance(since, date) or not isinstance(until, date):
        return
    for span in billed_spans(runtime(), customer[0], replace(chosen, meter=meter.code, since=since, until=until)):
        st.warning(f"Billed already: {plain(span)}. The invoice stays as it is; the correction opens an exception.")
    if not st.button("Correct", type="primary", icon=":material/check:", key="uc_send"):
        return
    value = None if how == "Take out" else _number(amount)
    if how != "Take out" and value is None:
        st.error(f"“{amount}” is not a quantity.")
        return
    command = CorrectUsage(
        command_id=form_id("usage_correction"),
        customer_id=customer[0],
        meter=meter.code,
        kind=_KINDS[how],  # type: ignore[arg-type]
        since=_start(since),
        until=_start(until) + timedelta(days=1),
        quantity=value,
        reason=reason,
    )
    if act(command, f"The usage of {plain(customer[1])} was corrected"):
        st.rerun()


def _show_made(made: tuple[MadeCorrection, ...]) -> None:
    rows = [
        (
            _WORDS[each.kind],
            dates.day(each.since.date()),
            dates.day((each.until - timedelta(microseconds=1)).date()),
            quantity(each.quantity),
            f"{each.archived:,}",
            each.reason,
            each.made_by,
            dates.day(each.made_at.date()),
        )
        for each in made
    ]
    names = ["What", "First day", "Last day", "Quantity", "Events archived", "Reason", "By", "On"]
    st.dataframe(pd.DataFrame(rows, columns=names), hide_index=True, key="uc_made")


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text.replace(",", "").strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
