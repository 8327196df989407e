"""Overview: where the money and the work stand, on one screen."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.reporting import overview
from core.reporting.explained import BUCKET_WORDS, explained
from core.reporting.figure import Figure
from core.reporting.figures import Figures, figures
from pages.overview import panels, systems
from pages.ui import access, charts, dates, filters, money
from pages.ui.act import show_flash
from pages.ui.figure_card import explain, figure_card, shown
from pages.ui.links import go
from pages.ui.runtime import runtime

_CARDS = (
    "dso_countback",
    "dso_best_possible",
    "overdue_share",
    "billing_accuracy",
    "straight_through_rate",
    "cycle_time",
)
_PANEL = 305


def _cards(found: Figures, made: Mapping[str, Figure]) -> None:
    details = {
        "dso_countback": f"simple {found.dso_simple:,.1f}" if found.dso_simple is not None else None,
        "dso_best_possible": "if all paid on time",
        "overdue_share": f"of {money.short_decimal(found.open_total)} open",
        "billing_accuracy": "last 90 days",
        "straight_through_rate": "last 30 days",
        "cycle_time": _slowest(found),
    }
    with st.grid(len(_CARDS), min_column_width=128, gap="small"):
        for key in _CARDS:
            figure_card(made[key], detail=details[key])
    for note in found.notes:
        st.caption(f":material/info: {note}")


def _slowest(found: Figures) -> str:
    slowest = found.measured.cycle.p90
    return "last 30 days" if slowest is None else f"nine of ten in {shown(slowest, 'hours')}"


def _ageing(found: Figures, total: Figure) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        words = f"**Open receivables** · {found.currency} {money.short_decimal(found.open_total)}"
        st.markdown(words, width="content")
        explain(total)
    if not found.open_total:
        st.caption(":material/check_circle: Nothing is open.")
        return
    minors = {bucket: found.measured.bucket_minor(bucket) for bucket in BUCKET_WORDS}
    counts = {bucket: found.measured.bucket_count(bucket) for bucket in BUCKET_WORDS}
    clicked = charts.ageing_bar(minors, found.currency, key="overview_ageing", counts=counts)
    if clicked:
        st.session_state.pop("overview_ageing", None)
        chosen = {"as_of": found.as_of.isoformat(), "bucket": BUCKET_WORDS[clicked]}
        go("invoices", chosen | ({"entity": found.measured.scope.entity} if found.measured.scope.entity else {}))


person = access.require()
show_flash()
with st.container(horizontal=True, vertical_alignment="bottom"):
    st.title("Overview", width="stretch")
    with st.container(width=170):
        entity = filters.choice("Entity", overview.legal_entities(runtime(), person), "ov_entity")
    with st.container(width=170):
        as_of = filters.day("As of", "ov_as_of", default=runtime().today(), help="Figures at the close of this day")
systems.first_sync()
found = figures(runtime(), as_of, entity, person)
made, currency = explained(found), runtime().settings.reporting_currency
_cards(found, made)
if as_of != runtime().today():
    st.caption(f":material/info: The figures and the receivables are as of {dates.day(as_of)}; the rest is of now.")
left, right = st.columns([5, 6], gap="small")
with left.container(border=True, height=_PANEL):
    _ageing(found, made["open_total"])
with right.container(border=True, height=_PANEL):
    panels.exceptions(person, entity, currency, made["open_cases"])
first, second, third = st.columns([6, 6, 5], gap="small")
with first.container(border=True, height="stretch"):
    panels.approvals(person, entity, currency, made["pending_approvals"])
with second.container(border=True, height="stretch"):
    panels.rejects(person, entity)
with third.container(border=True, height="stretch"):
    systems.systems()
