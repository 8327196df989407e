"""Govern › People: who may sign in, as what, for which entities, and up to which amount."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import pandas as pd
import streamlit as st

from core.kit.words import counted
from core.reporting.staff import StaffMember, staff
from core.workflow.actors import Role
from pages.govern.person_form import entries, save
from pages.ui import access, badges, dates, money
from pages.ui.act import show_flash
from pages.ui.runtime import runtime
from pages.ui.tables import id_grid, untick

_DRAWER_WIDTH = 480
_OPEN = "people.open"


def _frame(people: tuple[StaffMember, ...], currency: str) -> pd.DataFrame:
    now = runtime().now()
    rows = [
        (
            each.name,
            each.email,
            each.role.capitalize(),
            "All" if each.entities is None else ", ".join(each.entities),
            money.amount(each.approval_limit_minor, currency) if each.approval_limit_minor else money.NOTHING,
            badges.cell("active" if each.is_active else "inactive"),
            dates.ago(each.last_seen_at, now),
        )
        for each in people
    ]
    return pd.DataFrame(rows, columns=["Name", "E-mail", "Role", "Entities", "Limit", "State", "Last seen"])


def _open(whom: UUID | Literal["new"] | None) -> None:
    """Opens the drawer on the next run: for a person, for a new one, or closes it."""
    st.session_state[_OPEN] = whom


@st.dialog("Person", width=_DRAWER_WIDTH, position="right", icon=":material/person:", on_dismiss=lambda: _open(None))
def _edit(person: StaffMember | None) -> None:
    currency = runtime().settings.reporting_currency
    with st.form("person", border=False):
        typed = entries(person, currency)
        is_sent = st.form_submit_button("Save", type="primary", icon=":material/check:")
    if is_sent and save(typed, person, currency):
        untick("people")
        _open(None)
        st.rerun()


access.require(Role.ADMINISTRATOR)
show_flash()
st.title("People")
currency = runtime().settings.reporting_currency
people = staff(runtime())
bar = st.container(horizontal=True, vertical_alignment="center")
ticked = id_grid(
    _frame(people, currency),
    [each.id for each in people],
    key="people",
    selection="single",
    alt="People who may sign in",
    column_config={
        "Limit": badges.amount_column(f"Limit ({currency})", 130),
        "State": badges.state_column("State", ("active", "inactive"), width=90),
    },
)
with bar:
    st.button(
        "Change",
        icon=":material/edit:",
        disabled=not ticked,
        key="people_change",
        on_click=_open,
        args=(ticked[0] if ticked else None,),
    )
    st.button("Add person", icon=":material/person_add:", key="people_add", on_click=_open, args=("new",))
    st.caption(f"{counted(sum(each.is_active for each in people), 'person')} may sign in")
if (whom := st.session_state.get(_OPEN)) is not None:
    _edit(next((each for each in people if each.id == whom), None))
