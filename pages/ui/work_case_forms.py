"""What people do with exceptions, one or many: each form builds one command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from core.kit.words import counted
from core.reporting.case_actions import CorrectableField
from core.reporting.case_detail import CaseDetail
from core.reporting.cases import QUEUES, CaseSelection
from core.reporting.colleagues import colleagues
from core.workflow import Actor
from core.workflow.command import Command
from core.workflow.commands import AssignCases, CorrectDocument, ResolveCases, RevalidateCases, WaiveCases
from core.workflow.permissions import may
from pages.ui import money
from pages.ui.act import act, as_shown, form_id
from pages.ui.runtime import runtime
from pages.ui.work_cases import GRID
from pages.ui.work_drawer import drawer, finish, targets

Done = Callable[[], None]

# The names of the forms of one exception; each has one button, named after it.
_FORMS = ("correct", "waive", "route", "check", "resolve")

_COMMANDS: dict[str, type[Command]] = {
    "assign": AssignCases,
    "waive": WaiveCases,
    "correct": CorrectDocument,
    "check_again": RevalidateCases,
    "resolve": ResolveCases,
}


def allowed(person: Actor, actions: frozenset[Any]) -> frozenset[str]:
    """Of the actions that the exceptions allow, those of the person's role."""
    return frozenset(name for name in actions if may(person, _COMMANDS[name]))


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be acted on from the page of one exception, at the revisions that the page showed."""

    key: str
    alone: CaseSelection
    together: CaseSelection
    fields: tuple[CorrectableField, ...]

    @property
    def actions(self) -> frozenset[Any]:
        return self.alone.available_actions


def offer(detail: CaseDetail) -> Offer:
    """As the person saw it, in the run of their click; else as it is."""
    now = Offer(f"case_{detail.row.id}", detail.alone, detail.together, detail.fields)
    return as_shown("case", now, lambda seen: (f"{seen.key}_{form}_send" for form in _FORMS))


def preview(chosen: CaseSelection) -> None:
    at_stake = money.with_currency(chosen.stake_minor, chosen.currency)
    st.markdown(f"**{counted(chosen.count, 'exception')}** · {at_stake} at stake")
    if chosen.left_out:
        st.caption(f"{chosen.left_out:,} more match; {chosen.count:,} are changed at once. Repeat for the rest.")


def route(chosen: CaseSelection, key: str, done: Done) -> None:
    people = {each.name: each.id for each in colleagues(runtime()) if each.acts_for(chosen.entities)}
    with st.form(f"{key}_form", border=False):
        queue = st.selectbox("Queue", QUEUES, index=None, placeholder="Unchanged", key=f"{key}_queue")
        who = st.selectbox("Person", list(people), index=None, placeholder="Whoever takes it", key=f"{key}_person")
        note = st.text_input("Note", key=f"{key}_note", placeholder="For whoever takes it over")
        is_sent = st.form_submit_button("Re-route", type="primary", icon=":material/alt_route:", key=f"{key}_send")
    if not is_sent:
        return
    command = AssignCases(
        command_id=form_id(key),
        targets=targets(chosen.targets),
        queue=queue,
        owner_id=people.get(who) if who else None,
        note=note or None,
    )
    if act(command, f"{{n}} re-routed to {who or queue}", looks_again=True):
        done()


def waive(chosen: CaseSelection, key: str, done: Done) -> None:
    with st.form(f"{key}_form", border=False):
        reason = st.text_input("Reason", key=f"{key}_reason", placeholder="Why it may pass as it is")
        st.caption("Only these invoices pass; who waives cannot approve them.")
        is_sent = st.form_submit_button("Waive", type="primary", icon=":material/done_all:", key=f"{key}_send")
    if is_sent:
        command = WaiveCases(command_id=form_id(key), targets=targets(chosen.targets), reason=reason)
        if act(command, "{n} waived", looks_again=True):
            done()


def resolve(chosen: CaseSelection, key: str, done: Done) -> None:
    with st.form(f"{key}_form", border=False):
        what = st.text_input("What was done", key=f"{key}_reason", placeholder="How it was put right")
        is_sent = st.form_submit_button("Resolve", type="primary", icon=":material/check:", key=f"{key}_send")
    if is_sent:
        command = ResolveCases(command_id=form_id(key), targets=targets(chosen.targets), resolution=what)
        if act(command, "{n} resolved", looks_again=True):
            done()


def check_again(chosen: CaseSelection, key: str, done: Done) -> None:
    st.caption("After a fix at the source: what is no longer found is closed by itself.")
    if st.button("Check again", key=f"{key}_send", type="primary", icon=":material/refresh:"):
        command = RevalidateCases(command_id=form_id(key), targets=targets(chosen.targets))
        if act(command, "{n} checked again", looks_again=True):
            done()


def correct(found: Offer, key: str, done: Done) -> None:
    """Fields that settle this kind of exception, filled with what the contract or the CRM says: Enter accepts it."""
    entered: dict[str, str | date | None] = {}
    with st.form(f"{key}_form", border=False):
        for field in found.fields:
            start = field.proposal or field.present
            label = f"{field.words} (proposed)" if field.proposal else field.words
            entered[field.name] = _entry(label, start, f"{key}_{field.name}", is_date=field.is_date)
        note = st.text_input("Note", key=f"{key}_note")
        is_sent = st.form_submit_button("Correct and check", type="primary", icon=":material/edit:", key=f"{key}_send")
    if is_sent:
        present = {field.name: field.present for field in found.fields}
        changes = {name: value for name, value in entered.items() if value and value != present[name]}
        (target,) = targets(found.alone.targets)
        command: Any = CorrectDocument(command_id=form_id(key), case=target, note=note or None, **changes)  # type: ignore[arg-type]
        if act(command, "Corrected and checked again", looks_again=True):
            done()


def _entry(label: str, start: str | date | None, key: str, *, is_date: bool) -> str | date | None:
    if is_date:
        day = st.date_input(label, value=start, key=key, format="YYYY-MM-DD")
        return day if isinstance(day, date) else None
    text = st.text_input(label, value=str(start or ""), key=key)
    return text.strip() or None


@drawer("Re-route exceptions", "alt_route")
def route_many(chosen: CaseSelection) -> None:
    preview(chosen)
    route(chosen, "ex_many_route", lambda: finish(GRID))


@drawer("Waive exceptions", "done_all")
def waive_many(chosen: CaseSelection) -> None:
    preview(chosen)
    waive(chosen, "ex_many_waive", lambda: finish(GRID))


@drawer("Resolve exceptions", "check")
def resolve_many(chosen: CaseSelection) -> None:
    preview(chosen)
    resolve(chosen, "ex_many_resolve", lambda: finish(GRID))


@drawer("Check exceptions again", "refresh")
def check_many(chosen: CaseSelection) -> None:
    preview(chosen)
    check_again(chosen, "ex_many_check", lambda: finish(GRID))
