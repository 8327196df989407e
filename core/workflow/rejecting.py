"""A rejected document is asked about again when it has changed, or when who rejected it says so; by nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from core.cases import store as cases
from core.db.tables import Case, Document
from core.kit.ids import content_hash
from core.workflow.context import Context

REJECTED = "approval.rejected"
_SAYS = ("content_hash", "tax_minor", "total_minor", "po_number", "tax_id", "contract_number", "bill_to")


def rejection_of(row: Document, by: UUID) -> dict[str, Any]:
    """What the exception keeps of a rejection: who said it, and what the document said then."""
    return {"rejected_by": str(by), "rejected_content": content_of(row)}


def rejecter_of(case: Case) -> str | None:
    """The id of the person whose rejection the exception is about; None when it is about something else."""
    return case.evidence.get("rejected_by") if case.code == REJECTED else None


def still_rejected(ctx: Context, rows: Mapping[UUID, Document]) -> set[UUID]:
    """Documents that say what was rejected, unless the actor is who rejected it."""
    who = str(ctx.actor.user_id)
    return {
        case.document_id
        for case in (cases.open_for_documents(ctx.session, rows) if rows else ())
        if case.code == REJECTED
        and case.document_id is not None
        and case.evidence.get("rejected_by") != who
        and case.evidence.get("rejected_content") == content_of(rows[case.document_id])
    }


def content_of(row: Document) -> str:
    """What somebody agrees to or rejects."""
    return content_hash([*[getattr(row, name) for name in _SAYS], row.due_date.isoformat()])
