"""Operate › Sandbox faults: make the imitated systems misbehave, and see the house cope."""

from __future__ import annotations

import streamlit as st

from core.kit.errors import Refused
from core.workflow.actors import Actor, Role
from core.workflow.sandbox_switches import (
    PRESETS,
    Bench,
    Pace,
    apply_preset,
    look,
    set_faults,
    set_pace,
    sign_contract,
)
from pages.ui import access
from pages.ui.act import show_flash
from pages.ui.operate_faults import signed, switched, switches
from pages.ui.plain import plain
from pages.ui.runtime import runtime

_FASTEST = 600


def _presets(person: Actor) -> None:
    with st.grid(len(PRESETS), min_column_width=240, gap="small"):
        for name, preset in PRESETS.items():
            with st.container(border=True, height="stretch"):
                st.markdown(f"**{preset.title}**")
                st.caption(preset.sentence)
                if st.button("Start", key=f"preset_{name}", icon=":material/bolt:"):
                    switched(lambda name=name: apply_preset(runtime(), person, name), f"{preset.title}: started")  # type: ignore[misc]


def _pace(person: Actor, pace: Pace) -> None:
    with st.form("pace", border=True), st.container(horizontal=True, vertical_alignment="bottom"):
        events = st.slider("Events per minute in the company", 0, _FASTEST, min(_FASTEST, pace.events_per_minute), 10)
        is_paused = st.toggle("Company paused", pace.is_paused)
        is_sent = st.form_submit_button("Apply", key="apply_pace", icon=":material/check:")
    if is_sent:
        switched(lambda: set_pace(runtime(), person, Pace(events, is_paused)), "The company's pace was changed")


def _sales(person: Actor) -> None:
    with st.container(border=True):
        st.markdown("**Sell something**")
        st.caption(
            "A new customer signs a contract in Salesforce that Quittance bills. Within a minute or two it is a "
            "schedule; what is due of it is billed with the next run."
        )
        if st.button("Sign a contract now", key="sign_contract", icon=":material/ink_pen:"):
            signed(lambda: sign_contract(runtime(), person))


def _systems(person: Actor, bench: Bench) -> None:
    with st.grid(len(bench.systems), min_column_width=260, gap="small"):
        for seen in bench.systems:
            with st.container(border=True, height="stretch"):
                chosen = switches(seen)
                if chosen is not None:
                    settings, system = dict(chosen), seen.system
                    switched(lambda: set_faults(runtime(), person, system, settings), "The switches were moved")  # noqa: B023


person = access.require(Role.ADMINISTRATOR)
show_flash()
st.title("Sandbox faults")
st.caption("For the imitated systems of this installation only. Nothing here touches a real system.")
try:
    bench = look(runtime())
except Refused as refusal:
    st.warning(plain(refusal.sentence), icon=":material/science:")
    st.stop()
_presets(person)
if bench.pace is not None:
    _pace(person, bench.pace)
    _sales(person)
_systems(person, bench)
