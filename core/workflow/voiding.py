"""Documents of the house that have not gone out are taken back: nobody is asked about them any more."""

from __future__ import annotations

from collections.abc import Collection

from core.approvals import store as approvals
from core.cases import store as cases
from core.cases.model import CaseState
from core.db.tables import Document
from core.documents import store as documents
from core.documents.model import DocumentState
from core.workflow.context import Context
from core.workflow.releasing import take_back as tell_tax_engine


def void(ctx: Context, rows: Collection[Document], reason: str, done: str) -> None:
    """`reason`: why, for the trail; `done`: what the exceptions that end with it say. What an invoice billed is the
    caller's to open."""
    ids = [row.id for row in rows]
    documents.move(ctx.session, rows, DocumentState.VOID, ctx.now, ctx.actor.label, reason)
    for row in rows:
        row.settled_on = ctx.now.date()
    ended = cases.open_for_documents(ctx.session, ids)
    cases.close(ended, CaseState.RESOLVED, done, ctx.actor.label, ctx.now)
    approvals.withdraw(ctx.session, ids, ctx.now)
    ctx.session.flush()
    tell_tax_engine(ctx, [row.id for row in rows if row.kind == "invoice"])
