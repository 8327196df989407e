"""Who is signed in, looked up in the store on every run; the door checks permission once more."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.workflow.actors import Actor, Role
from core.workflow.sign_in import person_of_email, person_of_session
from pages.ui.runtime import runtime


def current() -> Actor | None:
    """The signed-in person, or None when the session has ended or the person was deactivated.

    The edge names the session in a trusted header; only tests name an e-mail, since no header is mapped to it.
    """
    session = st.user.get("session")
    if session:
        return person_of_session(runtime(), str(session))
    email = st.user.get("email")
    return person_of_email(runtime(), str(email)) if email else None


def require(*roles: Role) -> Actor:
    """The signed-in person, who has one of `roles` (none named = anyone); else the page ends with a sentence."""
    actor = current()
    if actor is None:
        signed_out()
        st.stop()
    if roles and actor.role not in roles:
        refuse("This page")
        st.stop()
    return actor


def refuse(title: str) -> None:
    """What a person sees at the address of a screen that their role does not have."""
    st.warning(f"{title} is not part of your role. Ask an administrator if you need it.", icon=":material/lock:")


def signed_out() -> None:
    """What a person sees whose session ended while the page was open."""
    st.title("You are signed out")
    st.write("Your session has ended. Sign in again to continue; nothing you saved is lost.")
    door_link("Sign in", "/login")


def door_link(label: str, path: Literal["/login", "/logout"]) -> None:
    """A link to the sign-in edge in the same tab; Streamlit's own link buttons open another one."""
    st.html(f'<a href="{path}" style="color: inherit; font-weight: 500">{label}</a>')
