"""What reaches the customer after release: a bounce that comes later, a look at the invoice, a message sent again."""

from __future__ import annotations

from collections.abc import Sequence

from core.access import view_links
from core.audit.model import Note
from core.canonical import DeliveryNotice
from core.db.tables import Delivery, Document
from core.documents import store as documents
from core.documents.model import HOUSE
from core.intake import store as intake
from core.kit.errors import Forbidden, Refused
from core.posting import store as posting
from core.posting.model import MAIL
from core.workflow.billing_commands import EndInvoiceLink, RecordView, ResendInvoice
from core.workflow.command import Target
from core.workflow.context import Context, Outcome
from core.workflow.deciding import raise_cases
from core.workflow.handlers.delivery_outcomes import bounce_case
from core.workflow.releasing import send_again

_OPEN = ("queued", "retrying", "in_doubt")


def record_notices(ctx: Context, notices: Sequence[DeliveryNotice]) -> tuple[Note, ...]:
    """Messages that came back. A notice about a message that is not ours, or was followed by a newer one that arrived,
    changes nothing."""
    bounced = {notice.key: notice for notice in notices if notice.outcome == "bounced"}
    rows = posting.by_keys(ctx.session, MAIL, bounced)
    loaded = documents.load(ctx.session, {row.document_id for row in rows})
    told = []
    for row in rows:
        document, notice = loaded[row.document_id], bounced[row.key]
        if document.sent_at is not None and notice.at < document.sent_at and _was_sent_again(row, document):
            continue
        document.bounced_at = notice.at
        reason = f": {notice.sentence}" if notice.sentence else "."
        sentence = f"The message to {notice.address} came back{reason}"
        raise_cases(ctx, [bounce_case(ctx, row, document, sentence)])
        told.append(Note(sentence, f"invoice:{document.id}", {"key": row.key}))
    return tuple(told)


def _was_sent_again(row: Delivery, document: Document) -> bool:
    return row.delivered_at is not None and document.sent_at is not None and document.sent_at > row.delivered_at


def record_view(command: RecordView, ctx: Context) -> Outcome:
    """Only the first look is written down."""
    document = documents.get(ctx.session, command.document_id)
    if document.viewed_at is not None:
        return Outcome({"first": False})
    document.viewed_at = ctx.now
    return Outcome(
        {"first": True}, (Note(f"The customer opened invoice {document.number}.", f"invoice:{document.id}"),)
    )


def resend_invoice(command: ResendInvoice, ctx: Context) -> Outcome:
    """Sends the document to the customer's present address once more, with a new link if the one before was ended."""
    row = _issued_here(ctx, command.document)
    if MAIL not in intake.connected_systems(ctx.session):
        raise Refused("mail.absent", "No mail server is set up; an administrator can do so.")
    if any(each.state in _OPEN for each in posting.to_system(ctx.session, row.id, MAIL)):
        raise Refused("invoice.on_its_way", f"Invoice {row.number} is on its way already.")
    view_links.renew(ctx.session, row.id)
    sent = send_again(ctx, row)
    address = sent.buyer.email if sent.buyer and sent.buyer.email else "the customer"
    row.revision += 1
    return Outcome({"to": address}, (Note(f"Sent invoice {row.number} to {address} again.", f"invoice:{row.id}"),))


def end_invoice_link(command: EndInvoiceLink, ctx: Context) -> Outcome:
    row = _issued_here(ctx, command.document)
    if not view_links.end(ctx.session, row.id, ctx.actor.label, ctx.now):
        raise Refused("link.ended", f"The customer's link to {row.number} was ended before.")
    row.revision += 1
    return Outcome({"n": 1}, (Note(f"Ended the customer's link to invoice {row.number}.", f"invoice:{row.id}"),))


def _issued_here(ctx: Context, target: Target) -> Document:
    row = documents.get(ctx.session, target.id, target.revision)
    if not ctx.actor.may_see(row.entity):
        raise Forbidden("entity.scope", f"Policy “entity scope”: you do not act for {row.entity}.")
    if row.source != HOUSE or not row.is_issued:
        raise Refused("invoice.not_ours", f"Invoice {row.number} was not sent from here.")
    return row
