"""What the ASGI app is made of: routes, middleware from the outside in, and its life."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
import pandas as pd
import plotly.express as px
import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route

from core.runtime import shared_runtime
from web import customer_view, health, login, usage, webhooks
from web.edge import SignInEdge
from web.headers import SecurityHeaders

routes = [
    Route("/login", login.show, methods=["GET"]),
    Route("/login", login.submit, methods=["POST"]),
    Route("/login/{asset}", login.asset, methods=["GET"]),
    Route("/logout", login.leave, methods=["GET"]),
    Route("/healthz", health.healthz, methods=["GET"]),
    Route("/webhooks/stripe", webhooks.stripe, methods=["POST"]),
    Route("/webhooks/mail", webhooks.mail, methods=["POST"]),
    Route("/i/{token}", customer_view.show, methods=["GET"]),
    Route(usage.PATH, usage.receive, methods=["POST"]),
]

middleware = [Middleware(SecurityHeaders), Middleware(SignInEdge)]


def _warm_up() -> None:
    """Opens the store and builds one chart, so that the first person does not wait for imports."""
    shared_runtime()
    px.bar(pd.DataFrame({"x": ["a"], "y": [1]}), x="x", y="y").to_json()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, object]]:
    """Freezes what was loaded: Streamlit collects garbage after each run, and would walk through all of it."""
    await anyio.to_thread.run_sync(_warm_up)
    gc.collect()
    gc.freeze()
    yield {}
    shared_runtime().engine.dispose()
