"""What is open of documents after money or credit was put against them, or taken back."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from core.cases import store as cases
from core.db.bulk import is_one_of
from core.db.tables import Case, Document
from core.documents import store as documents
from core.documents.model import DocumentState
from core.workflow.context import Context


def refresh(ctx: Context, ids: Collection[UUID]) -> None:
    """Nobody has to decide any more about an invoice that was taken back where it is collected, once nothing of it is
    open."""
    if not ids:
        return
    documents.refresh_open(ctx.session, ids)
    code = "document.voided_at_source"
    settled = select(Document.id).where(
        is_one_of(Document.id, ids),
        Document.kind == "invoice",
        Document.open_minor == 0,
        Document.state != DocumentState.VOID,
    )
    about = (Case.code == code) & is_one_of(Case.document_id, ids) & Case.document_id.in_(settled)
    cases.close_by(ctx.session, about, "Nothing of it is open any more", ctx.actor.label, ctx.now)
