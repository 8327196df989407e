"""Ways from one screen to another, by URL name; nobody is sent to a screen that their role does not have."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import streamlit as st

from core.workflow.actors import Role
from pages.ui.access import current
from pages.ui.act import flash_refusal
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.site_map import screen, screens_for

Params = Mapping[str, str]


def may_open(name: str, role: Role) -> bool:
    has_sandbox = runtime().settings.sandbox_systems is not None
    return screen(name) in screens_for(role, has_sandbox=has_sandbox)


def go(name: str, params: Params | None = None) -> None:
    """Opens a screen with its parameters; ends this run. Not for callbacks: there, use it on the next run."""
    actor = current()
    if actor is None or not may_open(name, actor.role):
        flash_refusal(f"{screen(name).title} is not part of your role.")
        st.rerun()
    st.switch_page(screen(name).script, query_params=dict(params or {}))


def link(name: str, label: str, params: Params | None = None, *, icon: str | None = None) -> None:
    """A link to a screen, its label read as plain text, or that text alone for those whose role does not have it."""
    actor = current()
    if actor is None or not may_open(name, actor.role):
        st.markdown(plain(label))
        return
    st.page_link(screen(name).script, label=plain(label), icon=icon, query_params=dict(params or {}))


def url(name: str, params: Params | None = None) -> str:
    """The address of a screen within this site, for links in tables."""
    path = "/" if name == "overview" else f"/{name}"
    return f"{path}?{urlencode(dict(params))}" if params else path
