"""Documents of the house on paper: for the message to the customer, for people here, and for whoever has the link.

What was sent is kept with its delivery, so the paper stays the same when an address changes later.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.view_links import links_of, named_by, signing_key, standing_of
from core.db.tables import Delivery, Document
from core.documents.model import HOUSE
from core.documents.paper import file_name, render_invoice
from core.kit.errors import NotFound, Refused
from core.ports import Enclose, Enclosure, LedgerDocument
from core.posting.model import MAIL, PAYMENTS, decode
from core.runtime import Runtime
from core.settings import Settings
from core.workflow.actors import Actor, job
from core.workflow.billing_commands import RecordView
from core.workflow.context import Context
from core.workflow.execute import execute
from core.workflow.ledger_documents import ledger_documents

_VIEWER = job("view")


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF and the name to keep it under."""

    file_name: str
    content: bytes


class LinkEnded(Refused):
    """The link was ours and opens nothing any more."""

    def __init__(self) -> None:
        super().__init__("link.ended", "This link has ended. Ask whoever sent it to you for a new one.")


def invoice_paper(runtime: Runtime, actor: Actor, id: UUID) -> Paper:
    """Raises NotFound when the house did not issue it, or the reader may not see its legal entity."""
    with runtime.transaction() as session:
        row = session.get(Document, id)
        if row is None or row.source != HOUSE or not row.is_issued or not actor.may_see(row.entity):
            raise NotFound("This invoice")
        document = _document(runtime, session, row, actor)
    return _on_paper(document)


def paper_of_token(runtime: Runtime, token: str) -> Paper | None:
    """The document that a personal link opens, noted as seen; None when the link is none of ours. Raises LinkEnded."""
    with runtime.transaction() as session:
        named = named_by(signing_key(session), token)
        row = session.get(Document, named.document) if named is not None else None
        if named is None or row is None or row.source != HOUSE or not row.is_issued:
            return None
        if _has_ended(runtime, session, row, named.generation):
            raise LinkEnded()
        document, is_news = _document(runtime, session, row, _VIEWER), row.viewed_at is None
    if is_news:
        execute(runtime, RecordView(document_id=row.id), _VIEWER)
    return _on_paper(document)


def _has_ended(runtime: Runtime, session: Session, row: Document, generation: int) -> bool:
    link = links_of(session, [row.id]).get(row.id)
    if generation != (link.generation if link else 0):
        return True
    return standing_of(row, link).has_ended(runtime.today(), runtime.settings.invoice_link_days)


def enclose_with(settings: Settings) -> Enclose:
    """Puts a document on paper for its message, with the link that opens it."""
    base = settings.public_address or f"http://localhost:{settings.port}"

    def enclose(document: LedgerDocument) -> Enclosure:
        paper = _on_paper(document)
        address = f"{base.rstrip('/')}/i/{document.view_token}" if document.view_token else None
        return Enclosure(paper.file_name, paper.content, address)

    return enclose


def _on_paper(document: LedgerDocument) -> Paper:
    return Paper(file_name(document), render_invoice(document))


def _document(runtime: Runtime, session: Session, row: Document, actor: Actor) -> LedgerDocument:
    """As it was first sent; when it went to no customer, as the rows say."""
    statement = select(Delivery.payload).where(Delivery.document_id == row.id, Delivery.system.in_((MAIL, PAYMENTS)))
    sent = session.scalar(statement.order_by(Delivery.enqueued_at, Delivery.id).limit(1))
    if sent is not None:
        return decode(sent)
    ctx = Context(session, runtime.now(), actor, runtime.settings.reporting_currency)
    return ledger_documents(ctx, [row])[row.id]
