"""What can be given back of an invoice, and what was."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from core.billing.crediting import Part, left
from core.db.tables import Dispute, Document, DocumentLine
from core.documents.corrections import CREDIT_REASONS, given_back, memos_of, waiting_for_credit
from core.documents.model import HOUSE, WAITING_FOR_RELEASE
from core.kit.errors import NotFound
from core.reporting.paging import Viewer
from core.reporting.receivables import Scope
from core.runtime import Runtime

__all__ = ["CREDIT_REASONS", "Corrections", "corrections"]


@dataclass(frozen=True, slots=True)
class Related:
    """A credit memo, or an invoice that another one replaced or was replaced by."""

    id: UUID
    number: str
    state: str
    total_minor: int
    what: str


@dataclass(frozen=True, slots=True)
class Creditable:
    """What is left of a line, before tax."""

    position: int
    description: str
    net_minor: int


@dataclass(frozen=True, slots=True)
class Corrections:
    left_minor: int
    lines: tuple[Creditable, ...]
    related: tuple[Related, ...]
    can_credit: bool
    can_rebill: bool
    can_withdraw: bool
    # An invoice of the house that has not gone out: a person may let it go, or take it back.
    can_release: bool
    can_take_back: bool
    disputes: tuple[tuple[UUID, int, str], ...]


def corrections(runtime: Runtime, viewer: Viewer | None, id: UUID) -> Corrections:
    """Raises NotFound as the invoice itself does. `disputes`: open ones of the house, with revision and reason."""
    scope = Scope(None, viewer.entities if viewer else None)
    with runtime.reading() as session:
        row = session.scalar(select(Document).where(Document.id == id, scope.holds(Document.entity)))
        if row is None:
            raise NotFound("This invoice")
        lines = session.scalars(
            select(DocumentLine).where(DocumentLine.document_id == id).order_by(DocumentLine.position)
        ).all()
        before = given_back(session, id)
        billed = [Part(line.position, line.amount_minor - line.discount_minor, line.tax_minor) for line in lines]
        rest = left(billed, [Part(*each) for each in before.lines], before.unplaced_minor)
        about = select(Dispute).where(Dispute.document_id == id, Dispute.state == "open", Dispute.source == HOUSE)
        others = select(Document).where(
            (Document.replaces_id == id) | (Document.id == row.replaces_id) | (Document.id == row.corrects_id)
        )
        left_minor = row.total_minor - before.total_minor
        is_ours = row.source == HOUSE or row.source.startswith("stripe")
        is_kept = row.kind == "invoice" and row.source == HOUSE and not row.is_issued
        is_bound = row.id in waiting_for_credit(session, [row])
        can_credit = row.kind == "invoice" and row.state == "posted" and is_ours and left_minor > 0
        return Corrections(
            left_minor=left_minor,
            lines=tuple(
                Creditable(line.position, line.description, part.net_minor)
                for line, part in zip(lines, rest, strict=True)
            ),
            related=tuple(
                [_related(memo, "Credit memo") for memo in memos_of(session, id)]
                + [_related(other, _what(row, other)) for other in session.scalars(others)]
            ),
            can_credit=can_credit,
            can_rebill=can_credit and row.source == HOUSE and not before.total_minor,
            can_withdraw=row.kind == "credit_memo"
            and row.source == HOUSE
            and not row.is_issued
            and row.state != "void",
            can_release=is_kept and not is_bound and row.state in WAITING_FOR_RELEASE and not _in_grace(runtime, row),
            can_take_back=is_kept and not is_bound and row.state != "void",
            disputes=tuple((each.id, each.revision, each.reason) for each in session.scalars(about)),
        )


def _in_grace(runtime: Runtime, row: Document) -> bool:
    return row.grace_until is not None and row.grace_until > runtime.now()


def _what(row: Document, other: Document) -> str:
    if other.id == row.corrects_id:
        return "Corrects invoice"
    return "Replaced by" if other.replaces_id == row.id else "Replaces invoice"


def _related(row: Document, what: str) -> Related:
    return Related(row.id, row.number, row.state, row.total_minor, what)
