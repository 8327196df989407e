"""The invoice as its customer gets it: the PDF, and sending it once more."""

from __future__ import annotations

import streamlit as st

from core.reporting.invoice_detail import InvoiceDetail
from core.workflow.actors import Actor
from core.workflow.billing_commands import ResendInvoice
from core.workflow.command import Target
from core.workflow.papers import invoice_paper
from core.workflow.permissions import may
from pages.ui import dates
from pages.ui.act import act, form_id
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
        st.caption(_reached(found))


def _send_again(found: InvoiceDetail) -> None:
    row = found.document
    wish = ResendInvoice(command_id=form_id(f"send:{row.id}"), document=Target(row.id, row.revision))
    if act(wish, f"Invoice {row.number} is on its way to the customer again."):
        st.rerun()


def _reached(found: InvoiceDetail) -> str:
    row = found.document
    if row.bounced_at is not None:
        return f"The message came back on {dates.instant(row.bounced_at)}."
    if row.viewed_at is not None:
        return f"Opened by the customer on {dates.instant(row.viewed_at)}."
    return f"Sent on {dates.instant(row.sent_at)}." if row.sent_at is not None else "Not sent by e-mail."
