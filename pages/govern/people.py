"""Govern › People: who may sign in, as what, for which entities, and up to which amount."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.kit.errors import Refused
from core.kit.money import format_minor, parse_minor
from core.reporting.staff import StaffMember, entity_names, staff
from core.workflow.actors import Role
from core.workflow.commands import SaveUser
from core.workflow.passwords import hash_password, password_findings
from pages.ui import access, badges, dates, money
from pages.ui.act import act, form_id, show_flash
from pages.ui.runtime import runtime
from pages.ui.tables import id_grid, untick

_ROLES = [role.value for role in Role if role is not Role.JOB]
_DRAWER_WIDTH = 480


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


@dataclass(frozen=True, slots=True)
class _Entries:
    """What was typed into the form."""

    email: str
    name: str
    role: str
    entities: tuple[str, ...]
    limit: str
    password: str
    is_active: bool

    def findings(self, *, is_new: bool) -> tuple[str, ...]:
        """What is missing or wrong, in sentences."""
        if not self.name.strip() or "@" not in self.email:
            return ("A name and an e-mail address are needed.",)
        if is_new and not self.password:
            return ("A new person needs a password.",)
        return password_findings(self.password, self.email) if self.password else ()

    def command(self, currency: str) -> SaveUser:
        """Raises Refused when the limit is not an amount."""
        return SaveUser(
            command_id=form_id("person"),
            email=self.email,
            name=self.name.strip(),
            role=self.role,
            entities=self.entities or None,
            approval_limit_minor=parse_minor(self.limit.replace(",", ""), currency),
            password_hash=hash_password(self.password) if self.password else None,
            is_active=self.is_active,
        )


def _entries(person: StaffMember | None, currency: str) -> _Entries:
    """The fields, filled with what is known of the person."""
    scope = (person.entities or ()) if person else ()
    names = {**dict.fromkeys(scope, ""), **entity_names(runtime())}
    limit = format_minor(person.approval_limit_minor, currency) if person else "0"
    return _Entries(
        email=st.text_input("E-mail", person.email if person else "", disabled=person is not None),
        name=st.text_input("Name", person.name if person else ""),
        role=st.selectbox("Role", _ROLES, _ROLES.index(person.role) if person else 0, format_func=str.capitalize),
        entities=tuple(
            st.multiselect(
                "Legal entities",
                sorted(names),
                scope,
                format_func=lambda code: f"{code} · {names[code]}" if names[code] else code,
                placeholder="All entities",
            )
        ),
        limit=st.text_input(f"Approval limit in {currency}", limit, help="0: this person approves nothing."),
        password=st.text_input(
            "New password",
            type="password",
            placeholder="Unchanged" if person else "At least 12 characters",
            autocomplete="new-password",
        ),
        is_active=st.toggle("May sign in", person.is_active if person else True),
    )


@st.dialog("Person", width=_DRAWER_WIDTH, position="right", icon=":material/person:")
def _edit(person: StaffMember | None) -> None:
    currency = runtime().settings.reporting_currency
    with st.form("person", border=False):
        entries = _entries(person, currency)
        is_sent = st.form_submit_button("Save", type="primary", icon=":material/check:")
    if is_sent and _save(entries, currency, is_new=person is None):
        untick("people")
        st.rerun()


def _save(entries: _Entries, currency: str, *, is_new: bool) -> bool:
    findings = entries.findings(is_new=is_new)
    if findings:
        st.error(" ".join(findings), icon=":material/error:")
        return False
    try:
        command = entries.command(currency)
    except Refused as refusal:
        st.error(refusal.sentence, icon=":material/error:")
        return False
    return act(command, f"{command.name} was saved")


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
chosen = next((each for each in people if each.id in ticked), None)
with bar:
    is_change = st.button("Change", icon=":material/edit:", disabled=chosen is None, key="people_change")
    is_new = st.button("Add person", icon=":material/person_add:", key="people_add")
    st.caption(f"{sum(each.is_active for each in people)} people may sign in")
if is_change or is_new:
    _edit(None if is_new else chosen)
