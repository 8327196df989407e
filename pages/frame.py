"""The frame around every screen: who is signed in, which screens their role has, and the sidebar's foot."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.reporting.integrations import banner
from core.workflow.actors import Actor
from pages.ui import access, links
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.site_map import PAGES, Screen, screens_beyond, screens_for

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


def _refusal(screen: Screen) -> st.Page:
    """What stands at the address of a screen that is not the person's."""
    return st.Page(partial(access.refuse, screen.title), title=screen.title, url_path=screen.name, visibility="hidden")


def _sections(actor: Actor) -> dict[str, list[st.Page]]:
    has_sandbox = runtime().settings.sandbox_systems is not None
    sections: dict[str, list[st.Page]] = {}
    for screen in screens_for(actor.role, has_sandbox=has_sandbox):
        sections.setdefault(screen.section, []).append(_page(screen))
    sections[""] += map(_refusal, screens_beyond(actor.role, has_sandbox=has_sandbox))
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
theme = "dark" if st.context.theme.type == "dark" else "light"
st.logo(str(_ASSETS / f"wordmark-{theme}.png"), size="large", icon_image=str(_ASSETS / "icon.png"))
chosen = st.navigation(_sections(person), expanded=True)
_foot(person)
if trouble := banner(runtime()):
    st.warning(plain(trouble), icon=":material/link_off:")
links.arrive(chosen.url_path)
chosen.run()
