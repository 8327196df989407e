"""Explore › Usage: what customers used per day, what stands out, who is beyond what is included, and what waits."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from core.reporting.overview import legal_entities
from core.reporting.usage import (
    CustomerUsage,
    MeterChoice,
    UsageFilters,
    meter_choices,
    one_customer,
    sent_usage,
    unplaced_usage,
    usage_by_customer,
    usage_by_day,
)
from core.workflow.actors import Actor
from core.workflow.billing_commands import CorrectUsage
from core.workflow.permissions import may
from pages.explore import usage_parts
from pages.explore.usage_correction import correction
from pages.ui import access, badges, filters
from pages.ui.act import show_flash
from pages.ui.links import go
from pages.ui.runtime import runtime
from pages.ui.tables import cursor, id_grid, pager, untick

_GRID, _PAGER = "usage_grid", "page"
_DAYS = 30


def _filters(person: Actor, meters: dict[str, MeterChoice]) -> UsageFilters:
    today = runtime().today()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = {code: meter.name for code, meter in meters.items()}
        meter = filters.choice("Meter", names, "meter", everything=next(iter(names.values())))
        search = filters.search("Customer", "who", placeholder="Name, number")
        entity = filters.choice("Entity", legal_entities(runtime(), person), "entity")
        since = filters.day("From", "since", default=today - timedelta(days=_DAYS - 1))
        until = filters.day("To", "until", default=today)
    return UsageFilters(meter or next(iter(names)), min(since, until), max(since, until), search, entity)


def _list(person: Actor, chosen: UsageFilters, meter: MeterChoice) -> None:
    page = usage_by_customer(runtime(), person, chosen, cursor(_PAGER, chosen))
    rows: dict[object, CustomerUsage] = {row.id: row for row in page.rows}
    config = {
        "Used": badges.amount_column(f"Used ({meter.measure})", 160),
        "Included": badges.amount_column("Included now", 110),
        "Of it used": badges.state_column("Of it used", ("within", "over"), {"over": "red", "within": "green"}, 90),
    }
    st.subheader("Customers")
    frame = usage_parts.customers(page.rows)
    picked = id_grid(frame, list(rows), key=_GRID, column_config=config, selection="single", alt="Usage by customer")
    pager(page.info, _PAGER, "customer")
    if picked:
        untick(_GRID)
        go("customer", {"id": str(picked[0])})


person = access.require()
show_flash()
st.title("Usage")
meters = {meter.code: meter for meter in meter_choices(runtime())}
if waiting := unplaced_usage(runtime(), person):
    usage_parts.show_unplaced(waiting)
if not meters:
    st.info("No meters are set up yet. They come from the payment platform or with the contracts.")
    st.stop()
chosen = _filters(person, meters)
meter = meters[chosen.meter]
days = usage_by_day(runtime(), person, chosen)
usage_parts.show_figures(days, sent_usage(runtime(), chosen), meter)
usage_parts.show_chart(days, meter)
customer = one_customer(runtime(), person, chosen)
if customer is not None:
    correction(customer, meter, chosen, is_allowed=may(person, CorrectUsage))
_list(person, chosen, meter)
