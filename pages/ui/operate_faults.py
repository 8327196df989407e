"""The switches of one sandbox system, as a form."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from core.kit.errors import Refused
from core.reporting.invoice_detail import system_name
from core.workflow.sandbox_switches import Setting, SystemSwitches
from pages.ui import badges
from pages.ui.act import flash
from pages.ui.plain import plain

# Rates are chosen in percent.
_RATES = {
    "rate_429": "Too many requests (429)",
    "rate_500": "Internal errors (500)",
    "commit_then_disconnect": "Writes done, then cut off",
}
_WEBHOOK_RATES = {"duplicate_webhooks": "Webhooks sent twice", "drop_webhooks": "Webhooks never sent"}
_FLAGS = {
    "outage": "Outage: nothing is answered",
    "token_expired": "Expire the token once",
    "unknown_field": "Add a field nobody announced",
}
_SLOWEST_MS = 5_000


def switched(change: Callable[[], None], done: str) -> None:
    """Carries out a change of switches and draws the page again, or shows why not."""
    try:
        change()
    except Refused as refusal:
        st.error(plain(refusal.sentence), icon=":material/block:")
        return
    flash(done)
    st.rerun()


def signed(sign: Callable[[], str]) -> None:
    """Has a contract signed and says which, or shows why not."""
    try:
        told = sign()
    except Refused as refusal:
        st.error(plain(refusal.sentence), icon=":material/block:")
        return
    flash(f"Signed: {told}")
    st.rerun()


def switches(seen: SystemSwitches) -> Mapping[str, Setting] | None:
    """The form of one system; answers the settings when they were sent."""
    title = system_name(seen.system)
    state, words = ("connected", "As it should be") if seen.is_calm else ("failing", "Disturbed")
    if not seen.answers:
        state, words = "unknown", "Does not answer"
    st.markdown(f"**{title}** {badges.inline(state, words)}")
    if not seen.answers:
        st.caption("The sandbox is not running, or it is starting.")
        return None
    with st.form(f"faults_{seen.system}", border=False):
        chosen = _fields(seen)
        is_sent = st.form_submit_button("Apply", key=f"apply_{seen.system}", icon=":material/check:")
    return chosen if is_sent else None


def _fields(seen: SystemSwitches) -> dict[str, Setting]:
    now, name = seen.settings, seen.system
    has_webhooks = name == "stripe"
    chosen: dict[str, Setting] = {}
    for key, label in {**_FLAGS, **({"shuffle_webhooks": "Webhooks out of order"} if has_webhooks else {})}.items():
        chosen[key] = st.toggle(label, bool(now[key]), key=_key(name, key, now))
    latency = int(now["latency_ms"])
    chosen["latency_ms"] = st.slider("Latency, ms", 0, _SLOWEST_MS, latency, 100, key=_key(name, "latency_ms", now))
    for key, label in {**_RATES, **(_WEBHOOK_RATES if has_webhooks else {})}.items():
        percent = st.slider(f"{label}, %", 0, 100, round(now[key] * 100), 5, key=_key(name, key, now))
        chosen[key] = percent / 100
    return chosen


def _key(system: str, setting: str, now: Mapping[str, Setting]) -> str:
    """Another widget when the switch was moved elsewhere, so that it shows what is, not what was typed before."""
    return f"{system}_{setting}_{now[setting]}"
