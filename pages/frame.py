"""The frame around every screen: who is signed in, which screens their role has, and the sidebar's foot."""

from __future__ import annotations

import streamlit as st

from core.reporting.integrations import banner
from core.workflow.actors import Actor
from pages.ui import access
from pages.ui.act import flash_refusal
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.site_map import PAGES, Screen, astray, screens_for

_ARRIVED = "frame.arrived"
_ASSETS = PAGES / "ui" / "assets"


def _page(screen: Screen) -> st.Page:
    return st.Page(
        screen.script,
        title=screen.title,
        icon=f":material/{screen.icon}:",
        url_path=screen.name,
        default=screen.name == "overview",
        visibility="hidden" if screen.is_hidden else "visible",
    )


def _sections(actor: Actor) -> dict[str, list[st.Page]]:
    sections: dict[str, list[st.Page]] = {}
    for screen in screens_for(actor.role, has_sandbox=runtime().settings.sandbox_systems is not None):
        sections.setdefault(screen.section, []).append(_page(screen))
    return sections


def _foot(actor: Actor) -> None:
    entities = "All entities" if actor.entities is None else ", ".join(sorted(actor.entities)) or "No entities"
    with st.sidebar, st.container(key="sidebar_foot", gap="xsmall"):
        st.markdown(f"**{plain(actor.name)}**")
        st.caption(f"{actor.role.capitalize()} · {entities}")
        access.door_link("Sign out", "/logout")


st.set_page_config(
    page_title="Quittance", page_icon=str(_ASSETS / "icon.png"), layout="wide", initial_sidebar_state=232
)
person = access.current()
if person is None:
    st.navigation([st.Page(access.signed_out, title="Signed out")], position="hidden").run()
    st.stop()
# Streamlit opens the first screen for an address that it does not know, and says nothing.
if not st.session_state.setdefault(_ARRIVED, False):
    st.session_state[_ARRIVED] = True
    has_sandbox = runtime().settings.sandbox_systems is not None
    if lost := astray(st.context.url, person.role, has_sandbox=has_sandbox):
        flash_refusal(lost)
theme = "dark" if st.context.theme.type == "dark" else "light"
st.logo(str(_ASSETS / f"wordmark-{theme}.png"), size="large", icon_image=str(_ASSETS / "icon.png"))
chosen = st.navigation(_sections(person), expanded=True)
_foot(person)
if trouble := banner(runtime()):
    st.warning(plain(trouble), icon=":material/link_off:")
chosen.run()
