"""What a collector records of a customer: a contact, a promise, a dispute."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import streamlit as st

from core.kit.money import NotAnAmount, parse_grouped, to_decimal
from core.reporting.collections import CONTACT_OUTCOMES, DISPUTE_REASONS, CustomerWork
from core.workflow import Actor
from core.workflow.command import Command, Target
from core.workflow.commands import LogContact, OpenDispute, RecordPromise
from core.workflow.permissions import may
from pages.ui import money
from pages.ui.act import act, form_id
from pages.ui.plain import plain
from pages.ui.runtime import runtime
from pages.ui.work_drawer import action, close, drawer

_KINDS = {"Call": "call", "E-mail": "email", "Note": "note"}
_COMMANDS: dict[str, type[Command]] = {"log_contact": LogContact, "promise": RecordPromise, "dispute": OpenDispute}
_BUTTONS = (
    ("log_contact", "Log a contact", "call"),
    ("promise", "Promise to pay", "handshake"),
    ("dispute", "Dispute", "balance"),
)


def bar(person: Actor, found: CustomerWork) -> None:
    """The actions that the customer's state and the person's role allow."""
    with st.container(horizontal=True):
        for name, label, icon in _BUTTONS:
            is_on = name in found.available_actions and may(person, _COMMANDS[name])
            action(label, f"co_{name}", icon, is_off=not is_on, is_primary=name == "log_contact")


def _done() -> None:
    close()
    st.rerun()


def _amount(text: str, currency: str) -> Decimal | None:
    """What was typed, or None after saying why it is no amount."""
    try:
        return to_decimal(parse_grouped(text, currency), currency)
    except NotAnAmount as reason:
        st.error(plain(reason.sentence))
        return None


@drawer("Log a contact", "call")
def log_contact(found: CustomerWork) -> None:
    st.markdown(f"**{plain(found.row.name)}**")
    with st.form("co_contact", border=False):
        kind = st.segmented_control("How", list(_KINDS), default="Call", required=True, key="co_contact_kind")
        outcome = st.selectbox("Outcome", CONTACT_OUTCOMES, key="co_contact_outcome")
        note = st.text_area("Note", key="co_contact_note")
        is_sent = st.form_submit_button("Save", type="primary", icon=":material/check:", key="co_contact_send")
    if not is_sent:
        return
    command = LogContact(
        command_id=form_id("co_contact"),
        customer_id=found.row.customer_id,
        kind=_KINDS[kind or "Call"],  # type: ignore[arg-type]
        outcome=outcome,
        note=note or None,
    )
    if act(command, f"Contact with {found.row.name} was logged"):
        _done()


@drawer("Promise to pay", "handshake")
def promise(found: CustomerWork) -> None:
    row, customer = found.row, found.detail.customer
    st.markdown(f"**{plain(row.name)}** · {money.with_currency(row.chase_minor, row.currency)} to chase")
    currencies = [balance.currency for balance in found.detail.balances] or [customer.currency]
    owed = {balance.currency: to_decimal(balance.overdue_minor, balance.currency) for balance in found.detail.balances}
    with st.form("co_promise", border=False):
        currency = st.selectbox("Currency", currencies, key="co_promise_currency")
        text = st.text_input("Amount", str(owed.get(currencies[0], "")), key="co_promise_amount")
        week = runtime().today() + timedelta(days=7)
        day = st.date_input("By", week, min_value=runtime().today(), format="YYYY-MM-DD", key="co_promise_day")
        note = st.text_input("Note", key="co_promise_note", placeholder="Who promised it")
        is_sent = st.form_submit_button("Save", type="primary", icon=":material/check:", key="co_promise_send")
    amount = _amount(text, currency) if is_sent else None
    if amount is None or not isinstance(day, date):
        return
    command = RecordPromise(
        command_id=form_id("co_promise"),
        customer_id=row.customer_id,
        amount=amount,
        currency=currency,
        promised_on=day,
        note=note or None,
    )
    if act(command, f"The promise of {row.name} was recorded"):
        _done()


@drawer("Open a dispute", "balance")
def dispute(found: CustomerWork) -> None:
    items = {
        f"{each.number} · {money.with_currency(each.open_minor, each.currency)} open": each for each in found.disputable
    }
    with st.form("co_dispute", border=False):
        label = st.selectbox("Invoice", list(items), key="co_dispute_invoice")
        reason = st.selectbox("Reason", DISPUTE_REASONS, key="co_dispute_reason")
        text = st.text_input("Disputed amount", key="co_dispute_amount", placeholder="All that is open")
        sentence = st.text_area("What the customer says", key="co_dispute_sentence")
        is_sent = st.form_submit_button("Open dispute", type="primary", key="co_dispute_send")
    if not is_sent:
        return
    item = items[label]
    amount = _amount(text, item.currency) if text.strip() else None
    if text.strip() and amount is None:
        return
    command = OpenDispute(
        command_id=form_id("co_dispute"),
        document=Target(item.id, item.revision),
        reason=reason,
        amount=amount,
        sentence=sentence,
    )
    if act(command, f"Dispute of invoice {item.number} was opened"):
        _done()
