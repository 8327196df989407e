"""What the usage page is made of: figures, the chart with its spikes, customers, and names without customer."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import streamlit as st

from core.kit.words import counted
from core.reporting.usage import SPIKE_RULE, CustomerUsage, DayOfUsage, MeterChoice, SentUsage, UnplacedUsage
from pages.ui import badges, charts, dates, money
from pages.ui.plain import plain
from pages.ui.runtime import runtime


def show_figures(days: tuple[DayOfUsage, ...], sent: SentUsage, meter: MeterChoice) -> None:
    events, late = sum(day.events for day in days), sum(day.late for day in days)
    share = f" ({late / events:.1%})" if late else ""
    with st.grid(4, min_column_width=170):
        st.metric(
            f"Used, {plain(meter.measure)}", quantity(sum((day.quantity for day in days), Decimal(0))), border=True
        )
        st.metric("Events", f"{events:,}", border=True)
        st.metric("Late", f"{late:,}{share}", border=True, help="Later than the meter allows; counted all the same.")
        help = f"Sent in these days with all meters; {sent.refused:,} events were refused."
        st.metric("Sent twice", f"{sent.duplicates:,}", border=True, help=help)


def show_chart(days: tuple[DayOfUsage, ...], meter: MeterChoice) -> None:
    if not any(day.events or day.quantity for day in days):
        st.info(f"No usage of {plain(meter.name)} in these days.")
        return
    frame = pd.DataFrame(
        {
            "day": [day.day for day in days],
            "quantity": [float(day.quantity) for day in days],
            "is_spike": [day.limit is not None for day in days],
        }
    )
    alt, unit = f"{meter.name} per day", meter.measure
    charts.daily(frame, day="day", value="quantity", marked="is_spike", key="usage_chart", y_title=unit, alt=alt)
    for spike in [day for day in days if day.limit is not None]:
        told = f"{dates.day(spike.day)}: {quantity(spike.quantity)}, where up to {quantity(spike.limit)} is usual"
        st.badge(f"Spike on {told}", icon=":material/trending_up:", color="orange")
    st.caption(SPIKE_RULE)


def customers(rows: tuple[CustomerUsage, ...]) -> pd.DataFrame:
    table = [
        (
            row.name,
            row.number,
            row.entity or money.NOTHING,
            quantity(row.quantity),
            f"{row.events:,}",
            f"{row.late:,}" if row.late else money.NOTHING,
            quantity(row.included),
            badges.cell("over" if row.is_over else "within") if row.included is not None else None,
        )
        for row in rows
    ]
    names = ["Customer", "Number", "Entity", "Used", "Events", "Late", "Included", "Of it used"]
    return pd.DataFrame(table, columns=names)


def show_unplaced(waiting: tuple[UnplacedUsage, ...]) -> None:
    now = runtime().now()
    count = sum(each.events for each in waiting)
    label = f"{counted(count, 'event')} for names that are none of our customers"
    with st.expander(label, icon=":material/person_search:"):
        st.caption("They are kept and not billed. As soon as a customer has the number or id, they count.")
        rows = [
            (each.subject, each.meter, each.events, dates.day(each.first_at.date()), dates.ago(each.received_at, now))
            for each in waiting
        ]
        names = ["Name sent", "Meter", "Events", "Since", "Last came"]
        st.dataframe(pd.DataFrame(rows, columns=names), hide_index=True)


def quantity(value: Decimal | None) -> str:
    """Up to six digits after the point, none of them without need."""
    if value is None:
        return money.NOTHING
    return f"{value.normalize():,f}" if value else "0"
