"""Operate › Integrations: how the outside systems do, what came in, what goes out, and what ran."""

from __future__ import annotations

import streamlit as st

from pages.ui import access, filters, operate_deliveries, operate_inbox, operate_runs, operate_systems
from pages.ui.act import show_flash
from pages.ui.site_map import OPERATORS

_VIEWS = {"deliveries": "Deliveries", "inbox": "Inbox", "streams": "Streams", "runs": "Runs"}

person = access.require(*OPERATORS)
show_flash()
st.title("Integrations")
operate_systems.cards(person)
match filters.one_of("Look at", _VIEWS, "view"):
    case "inbox":
        operate_inbox.inbox(person)
    case "streams":
        operate_systems.streams(person)
    case "runs":
        operate_runs.runs()
    case _:
        operate_deliveries.deliveries(person)
operate_systems.switch_if_asked()
