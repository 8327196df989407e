"""On the invoice page: letting an invoice go or taking it back, what was given back of it, and giving back more."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from core.kit.money import NotAnAmount, parse_minor, to_decimal
from core.reporting.corrections import CREDIT_REASONS, Corrections, corrections
from core.reporting.invoice_detail import InvoiceDetail
from core.workflow.actors import Actor
from core.workflow.billing_commands import IssueCreditMemo, ReleaseInvoices, WithdrawCreditMemo, WithdrawInvoice
from core.workflow.command import Target
from core.workflow.commands import CloseDispute
from core.workflow.permissions import may
from pages.ui import badges, links, money
from pages.ui.act import act, form_id
from pages.ui.plain import plain
from pages.ui.runtime import runtime

_HOW = ("All that is left", "An amount with tax", "By line")


def credit(found: InvoiceDetail, person: Actor) -> None:
    """Nothing for documents that neither were nor can be corrected."""
    known = corrections(runtime(), person, found.document.id)
    for each in known.related:
        with st.container(horizontal=True, vertical_alignment="center"):
            amount = money.with_currency(each.total_minor, found.document.currency)
            links.link("invoice", f"{each.what} {each.number}, {amount}", {"id": str(each.id)})
            badges.badge(each.state)
    if known.can_credit and may(person, IssueCreditMemo):
        with st.expander("Credit this invoice", icon=":material/undo:"):
            _form(found, known)
    if known.can_release and may(person, ReleaseInvoices):
        _release(found)
    if known.can_take_back and may(person, WithdrawInvoice):
        with st.expander("Take this invoice back", icon=":material/block:"):
            _take_back(found)
    if known.can_withdraw and may(person, WithdrawCreditMemo):
        with st.expander("Withdraw this credit memo", icon=":material/block:"):
            _withdraw(found)


def _form(found: InvoiceDetail, known: Corrections) -> None:
    row = found.document
    st.caption(f"Up to {money.with_currency(known.left_minor, row.currency)} is left. A second person has to agree.")
    how = st.segmented_control("How much", _HOW, default=_HOW[0], required=True, key="credit.how")
    amount = lines = None
    if how == _HOW[1]:
        amount = _amount(st.text_input(f"Amount, {row.currency}", key="credit.amount"), row.currency)
    if how == _HOW[2]:
        lines = _lines(known, row.currency)
    disputes = {id: (revision, reason) for id, revision, reason in known.disputes}
    about = st.checkbox("Close the open dispute as upheld", key="credit.dispute") if disputes else False
    reason = st.selectbox(
        "Why", list(CREDIT_REASONS), format_func=CREDIT_REASONS.__getitem__, index=None, key="credit.why"
    )
    note = st.text_input("Note", key="credit.note")
    is_anew = known.can_rebill and how == _HOW[0] and st.checkbox("Bill it again as agreed now", key="credit.rebill")
    if not st.button("Issue credit memo", type="primary", key="credit.issue"):
        return
    dispute = next(iter(disputes), None) if about else None
    wish = IssueCreditMemo(
        command_id=form_id(f"credit:{row.id}:{row.revision}"),
        document=Target(row.id, row.revision),
        reason=reason or "",
        note=note,
        lines=lines or (),
        amount=amount,
        rebill=bool(is_anew),
        dispute_id=dispute,
    )
    if act(wish, f"A credit memo for invoice {row.number} is on its way."):
        if dispute is not None:
            revision, _ = disputes[dispute]
            close = CloseDispute(
                command_id=form_id(f"uphold:{dispute}"),
                dispute=Target(dispute, revision),
                outcome="upheld",
                note=note or "Credited",
            )
            act(close, "The dispute is closed as upheld.")
        st.rerun()


def _lines(known: Corrections, currency: str) -> tuple[tuple[int, Decimal], ...]:
    wanted = []
    for line in known.lines:
        most = to_decimal(line.net_minor, currency)
        given = st.text_input(
            f"{line.position}. {plain(line.description)}, net, of {most}", key=f"credit.{line.position}"
        )
        wanted.append((line.position, _amount(given, currency)))
    return tuple((position, net) for position, net in wanted if net)


def _amount(text: str, currency: str) -> Decimal:
    """What was typed; 0 with a word about it when it is no amount."""
    try:
        return to_decimal(parse_minor(text or "0", currency), currency)
    except NotAnAmount as problem:
        st.error(plain(problem.sentence))
        return Decimal(0)


def _release(found: InvoiceDetail) -> None:
    row = found.document
    if st.button("Release", type="primary", icon=":material/send:", key="release.do"):
        wish = ReleaseInvoices(
            command_id=form_id(f"release:{row.id}:{row.revision}"), targets=(Target(row.id, row.revision),)
        )
        if act(wish, f"{plain(row.number)} is decided."):
            st.rerun()


def _take_back(found: InvoiceDetail) -> None:
    row = found.document
    st.caption("It has not gone out. What it bills is due again, and is billed as agreed by then.")
    reason = st.text_input("Why", key="back.why")
    if st.button("Take back", key="back.do"):
        wish = WithdrawInvoice(
            command_id=form_id(f"back:{row.id}:{row.revision}"), document=Target(row.id, row.revision), reason=reason
        )
        if act(wish, f"{plain(row.number)} is taken back."):
            st.rerun()


def _withdraw(found: InvoiceDetail) -> None:
    row = found.document
    reason = st.text_input("Why", key="withdraw.why")
    if st.button("Withdraw", key="withdraw.do"):
        wish = WithdrawCreditMemo(
            command_id=form_id(f"withdraw:{row.id}:{row.revision}"),
            document=Target(row.id, row.revision),
            reason=reason,
        )
        if act(wish, f"{row.number} is withdrawn."):
            st.rerun()
