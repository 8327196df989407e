"""What an engine outside is to be asked about: the drafts that wait for their tax, as questions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from core.documents import store as documents
from core.documents import untaxed
from core.parties import store as parties
from core.ports import TaxQuestion
from core.runtime import Runtime
from core.workflow.taxing import stored_question


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to an engine about a draft; `content_hash` tells what the draft said then."""

    engine: str
    document_id: UUID
    content_hash: str
    question: TaxQuestion


def open_questions(runtime: Runtime, limit: int, besides: Iterable[UUID] = ()) -> list[Asked]:
    """The longest waiting first, without those `besides`; nothing is locked."""
    with runtime.reading() as session:
        rows = untaxed.to_ask(session, limit, besides)
        if not rows:
            return []
        lines = documents.lines_of(session, [row.id for row in rows])
        customers = parties.customers(session, [row.customer_id for row in rows if row.customer_id])
        entities = parties.entities(session)
        found = [
            (row, customers.get(row.customer_id), entities.get(row.entity or "")) for row in rows if row.customer_id
        ]
        return [
            Asked(str(row.tax_engine), row.id, row.content_hash, stored_question(row, lines[row.id], customer, entity))
            for row, customer, entity in found
            if customer is not None and entity is not None
        ]
