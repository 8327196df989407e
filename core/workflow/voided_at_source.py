"""The exception about a document that was taken back at the system that it came from, or that collects it."""

from __future__ import annotations

from core.cases.model import NewCase
from core.db.tables import Document
from core.validation.model import TYPES
from core.workflow.context import Context
from core.workflow.deciding import case_key


def voided_case(ctx: Context, row: Document, sentence: str, amount_minor: int) -> NewCase:
    """`amount_minor`: what is still claimed, or given back, somewhere."""
    code = "document.voided_at_source"
    return NewCase(
        key=case_key(code, row.id),
        code=code,
        type=TYPES[code],
        cause=f"{code}:{row.number}",
        sentence=sentence,
        document_id=row.id,
        customer_id=row.customer_id,
        entity=row.entity,
        stake_minor=ctx.in_reporting(abs(amount_minor), row.currency),
        amount_minor=amount_minor,
        currency=row.currency,
        is_blocking=False,
    )


def named(row: Document) -> str:
    return f"{'Credit memo' if row.kind == 'credit_memo' else 'Invoice'} {row.number}"
