"""Ways from one screen to another, by URL name; nobody is sent to a screen that their role does not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.workflow.actors import Role
from pages.ui.access import current
from pages.ui.act import flash_refusal
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.site_map import screen, screens_for

Params = Mapping[str, str]

_HERE, _LEFT = "links.here", "links.left"


def may_open(name: str, role: Role) -> bool:
    has_sandbox = runtime().settings.sandbox_systems is not None
    return screen(name) in screens_for(role, has_sandbox=has_sandbox)


def go(name: str, params: Params | None = None) -> None:
    """Opens a screen with its parameters; ends this run. Not for callbacks: there, use it on the next run."""
    actor = current()
    if actor is None or not may_open(name, actor.role):
        flash_refusal(f"{screen(name).title} is not part of your role.")
        st.rerun()
    target = dict(params or {})
    _remember(target)
    st.switch_page(screen(name).script, query_params=target)


@dataclass(frozen=True, slots=True)
class _Left:
    """How a screen stood when it was left for `target`."""

    target: dict[str, str]
    address: dict[str, list[str]]
    chosen: dict[str, Any]  # of the inputs that stand in the address


def _remember(target: dict[str, str]) -> None:
    address = {key: st.query_params.get_all(key) for key in st.query_params}
    chosen = {key: st.session_state[key] for key in address if key in st.session_state}
    st.session_state.setdefault(_LEFT, {})[st.session_state[_HERE]] = _Left(target, address, chosen)


def arrive(name: str) -> None:
    """Where the person is now; the frame says so before the screen is drawn.

    Before it leaves, Streamlit writes the next screen's parameters into the address of this one. Whoever comes back to
    that address with the browser's button finds the screen as it stood.
    """
    st.session_state[_HERE] = name
    all_left: dict[str, _Left] = st.session_state.setdefault(_LEFT, {})
    left = all_left.get(name)
    if left and left.target and st.query_params.to_dict() == left.target:
        del all_left[name]
        st.query_params.from_dict(left.address)
        st.session_state.update(left.chosen)
        # In a run that the browser's button began, inputs take their values from the address as it came.
        st.rerun()


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
