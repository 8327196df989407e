"""Govern › API keys: which machines may send usage."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.kit.errors import Refused
from core.reporting.api_keys import KeyRow, api_keys
from core.workflow.actors import Actor, Role
from core.workflow.api_keys import make_api_key
from core.workflow.billing_commands import RevokeApiKey
from pages.ui import access, badges, dates
from pages.ui.act import act, form_id, show_flash
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.tables import id_grid, untick

_MADE = "api_keys.made"
_COMMAS = "Several with commas between them; nothing means any."


def _frame(keys: tuple[KeyRow, ...]) -> pd.DataFrame:
    now = runtime().now()
    rows = [
        (
            each.name,
            f"{each.prefix}…",
            badges.cell("revoked" if each.revoked_at else "active"),
            ", ".join(each.sources) or "Any",
            ", ".join(each.customers) or "Any",
            each.created_by,
            dates.day(each.created_at.date()),
            dates.ago(each.last_used_at, now),
        )
        for each in keys
    ]
    names = ["Sender", "Begins with", "State", "Sources", "Customers", "Made by", "Made on", "Last used"]
    return pd.DataFrame(rows, columns=names)


def _make(actor: Actor) -> None:
    with (
        st.form("api_key", border=False, clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input("Sender", key="api_key_name", placeholder="Product telemetry")
        sources = st.text_input("Only sources that begin with", key="api_key_sources", placeholder="Any", help=_COMMAS)
        customers = st.text_input(
            "Only customers", key="api_key_customers", placeholder="Any, or numbers", help=_COMMAS
        )
        is_sent = st.form_submit_button("Make a key", type="primary", icon=":material/key:", key="api_key_make")
    if not is_sent:
        return
    try:
        st.session_state[_MADE] = make_api_key(
            runtime(), name, actor, sources=sources.split(","), customers=customers.split(",")
        )
    except Refused as refusal:
        st.error(plain(refusal.sentence), icon=":material/block:")
        return
    st.rerun()


person = access.require(Role.ADMINISTRATOR)
show_flash()
st.title("API keys")
st.caption(
    "With a key a machine may send usage, and nothing else. Events that it was not made for are refused one by one. "
    "A revoked key is refused from the next request on."
)
_make(person)
if secret := st.session_state.pop(_MADE, None):
    st.success("Copy the key now: only its hash is kept, so it cannot be shown again.")
    st.code(secret, language=None)
keys = api_keys(runtime())
ticked = id_grid(
    _frame(keys),
    [each.id for each in keys],
    key="api_keys",
    selection="single",
    alt="API keys",
    column_config={"State": badges.state_column("State", ("active", "revoked"), {"revoked": "gray"}, 90)},
)
is_on = any(each.id in ticked and each.revoked_at is None for each in keys)
if st.button("Revoke", icon=":material/key_off:", disabled=not is_on, key="api_key_revoke"):
    name = next(each.name for each in keys if each.id in ticked)
    if act(
        RevokeApiKey(command_id=form_id("api_key_revoke"), key_id=ticked[0]), f"The key of {plain(name)} was revoked"
    ):
        untick("api_keys")
        st.rerun()
