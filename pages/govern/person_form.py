"""The fields of a person, and the command that they make."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.kit.errors import Refused
from core.kit.money import format_minor, parse_grouped
from core.reporting.staff import StaffMember, entity_names
from core.workflow.actors import Role
from core.workflow.command import Target
from core.workflow.commands import SaveUser
from core.workflow.passwords import hash_password, password_findings
from pages.ui.act import act, form_id
from pages.ui.plain import plain
from pages.ui.runtime import runtime

_ROLES = [role.value for role in Role if role is not Role.JOB]


@dataclass(frozen=True, slots=True)
class Entries:
    """What was typed into the form."""

    email: str
    name: str
    role: str
    entities: tuple[str, ...]
    limit: str
    password: str
    is_active: bool

    def findings(self, *, is_new: bool) -> tuple[str, ...]:
        """What is missing or wrong, in sentences, as far as the door cannot tell it."""
        if not self.name.strip() or not self.email.strip():
            return ("A name and an e-mail address are needed.",)
        if is_new and not self.password:
            return ("A new person needs a password.",)
        return password_findings(self.password, self.email) if self.password else ()

    def command(self, person: StaffMember | None, currency: str) -> SaveUser:
        """Raises Refused when the limit is not an amount."""
        return SaveUser(
            command_id=form_id(f"person:{person.id}" if person else "person"),
            person=Target(person.id, person.revision) if person else None,
            email=self.email,
            name=self.name.strip(),
            role=self.role,
            entities=self.entities or None,
            approval_limit_minor=parse_grouped(self.limit, currency),
            password_hash=hash_password(self.password) if self.password else None,
            is_active=self.is_active,
        )


def entries(person: StaffMember | None, currency: str) -> Entries:
    """The fields, filled with what is known of the person."""
    scope = (person.entities or ()) if person else ()
    names = {**dict.fromkeys(scope, ""), **entity_names(runtime())}
    limit = format_minor(person.approval_limit_minor, currency) if person else "0"
    return Entries(
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


def save(entries: Entries, person: StaffMember | None, currency: str) -> bool:
    """`person`: as they stood when the form was drawn; None adds somebody."""
    findings = entries.findings(is_new=person is None)
    if findings:
        st.error(" ".join(findings), icon=":material/error:")
        return False
    try:
        command = entries.command(person, currency)
    except Refused as refusal:
        st.error(plain(refusal.sentence), icon=":material/error:")
        return False
    return act(command, f"{command.name} was saved")
