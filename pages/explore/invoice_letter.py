"""The invoice as its customer gets it: the PDF, and sending it once more."""

from __future__ import annotations

import streamlit as st

from core.kit.words import counted
from core.reporting.invoice_detail import InvoiceDetail
from core.reporting.people import actor_words
from core.workflow.actors import Actor
from core.workflow.billing_commands import EndInvoiceLink, ResendInvoice
from core.workflow.command import Target
from core.workflow.papers import invoice_paper
from core.workflow.permissions import may
from pages.ui import dates
from pages.ui.act import act, form_id
from pages.ui.plain import plain
from pages.ui.runtime import runtime


def letter(found: InvoiceDetail, person: Actor) -> None:
    """Nothing for invoices that the house did not issue."""
    if not found.has_paper:
        return
    row = found.document
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download PDF",
            lambda: invoice_paper(runtime(), person, row.id).content,
            file_name=f"{row.number}.pdf",
            mime="application/pdf",
            icon=":material/picture_as_pdf:",
            key="invoice.pdf",
        )
        if may(person, ResendInvoice) and st.button(
            "Send again", icon=":material/forward_to_inbox:", key="invoice.send"
        ):
            _send_again(found)
        with st.popover("Customer's link", icon=":material/link:", key="invoice.link"):
            _link(found, person)
        st.caption(_reached(found))


def _send_again(found: InvoiceDetail) -> None:
    row = found.document
    wish = ResendInvoice(command_id=form_id(f"send:{row.id}"), document=Target(row.id, row.revision))
    if act(wish, f"Invoice {row.number} is on its way to the customer again."):
        st.rerun()


def _link(found: InvoiceDetail, person: Actor) -> None:
    st.markdown(_link_words(found))
    if not found.link.is_open or not may(person, EndInvoiceLink):
        return
    row = found.document
    if st.button("End the link", icon=":material/link_off:", key="invoice.link_end"):
        wish = EndInvoiceLink(command_id=form_id(f"link:{row.id}"), document=Target(row.id, row.revision))
        if act(wish, f"The link to invoice {row.number} opens it no more."):
            st.rerun()


def _link_words(found: InvoiceDetail) -> str:
    link = found.link
    if link.ended_at is not None:
        by = f"{plain(actor_words(link.ended_by or ''))} on {dates.instant(link.ended_at)}"
        return f"Ended by {by}. Sending the invoice again gives the customer a new link."
    if not link.is_open:
        return f"Ended after {dates.day(link.last_day)}." if link.last_day else "Ended: the invoice is void."
    if link.last_day is not None:
        return f"Whoever has the link in the message can open the invoice until {dates.day(link.last_day)}."
    days = counted(runtime().settings.invoice_link_days, "day")
    return f"Whoever has the link in the message can open the invoice until {days} after it is settled."


def _reached(found: InvoiceDetail) -> str:
    row = found.document
    if row.bounced_at is not None:
        return f"The message came back on {dates.instant(row.bounced_at)}."
    if row.viewed_at is not None:
        return f"Opened by the customer on {dates.instant(row.viewed_at)}."
    return f"Sent on {dates.instant(row.sent_at)}." if row.sent_at is not None else "Not sent by e-mail."
