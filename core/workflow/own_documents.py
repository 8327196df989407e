"""Invoices that the house made and another system only collects."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from core.parties import store as parties

# Before the id of an invoice in a link to a document: credit memos have ids of their own.
INVOICE = "invoice:"


def own_documents(session: Session, source: str, refs: Iterable[str]) -> dict[str, UUID]:
    """Our document per id of an invoice at the source, where the invoice is ours."""
    wanted = [f"{INVOICE}{ref}" for ref in refs]
    linked = parties.linked(session, "document", source, wanted) if wanted else {}
    return {external.removeprefix(INVOICE): UUID(id) for external, id in linked.items()}
