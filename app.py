"""The ASGI entry: `streamlit run app.py` serves sign-in, webhooks and pages together."""

from __future__ import annotations

import streamlit as st

from pages.ui.mishap import show_mishap
from web import lifespan, middleware, routes

app = st.App(
    "pages/frame.py",
    routes=routes,
    middleware=middleware,
    lifespan=lifespan,
    on_script_error=show_mishap,
)
