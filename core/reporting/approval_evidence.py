"""What somebody needs to see before they agree: contract, lines, what was waived, earlier invoices, the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from core.db.tables import Approval, Case, Contract, Document
from core.kit.errors import NotFound
from core.reporting.approvals import ApprovalRow, approval_statement, rows_of
from core.reporting.approvers import Deciding, Reader
from core.reporting.case_comparison import Compared, compare
from core.reporting.case_detail import contract_of, sides
from core.reporting.invoice_detail import InvoiceDetail, invoice_detail
from core.reporting.people import actor_words, names
from core.reporting.receivables import Scope
from core.runtime import Runtime

_EARLIER = 6


@dataclass(frozen=True, slots=True)
class Waived:
    sentence: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier document of the same contract, or of the customer when there is none."""

    id: UUID
    number: str
    issue_date: date
    currency: str
    total_minor: int
    open_minor: int
    state: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """An earlier step of the same round."""

    step: int
    by: str
    note: str | None


@dataclass(frozen=True, slots=True)
class ApprovalEvidence:
    """`changed_by`: people who may not decide, because they changed the document."""

    row: ApprovalRow
    invoice: InvoiceDetail
    contract: Contract | None
    sides: tuple[Compared, ...]
    waived: tuple[Waived, ...]
    earlier: tuple[Earlier, ...]
    agreed: tuple[Agreed, ...]
    changed_by: tuple[str, ...]


def approval_evidence(runtime: Runtime, reader: Reader, id: UUID) -> ApprovalEvidence:
    """Raises NotFound when there is no such approval or it is of an entity that the reader may not see."""
    deciding = Deciding(runtime.now(), runtime.settings.reporting_currency)
    scope = Scope(None, reader.entities)
    with runtime.reading() as session:
        found = session.execute(approval_statement(and_(Approval.id == id, scope.holds(Approval.entity)))).one_or_none()
        if found is None:
            raise NotFound("This approval")
        approval, document = found[0], found[1]
        waived = _waived(session, document)
        (row,) = rows_of(session, [found], reader, deciding)
        return ApprovalEvidence(
            row=row,
            invoice=invoice_detail(runtime, reader, document.id),
            contract=contract_of(session, document),
            sides=_marked(waived, document.currency, sides(session, document)),
            waived=tuple(Waived(case.sentence, case.resolution or "", _by(case)) for case in waived),
            earlier=tuple(_earlier(session, document)),
            agreed=_agreed(session, approval),
            changed_by=_changed_by(session, document),
        )


def _waived(session: Session, document: Document) -> tuple[Case, ...]:
    statement = select(Case).where(Case.document_id == document.id, Case.state == "waived").order_by(Case.closed_at)
    return tuple(session.scalars(statement))


def _by(case: Case) -> str:
    return actor_words(case.closed_by or "job:")


def _marked(waived: Iterable[Case], currency: str, known: tuple[Compared, ...]) -> tuple[Compared, ...]:
    """The three sides with what was waived marked as such, first."""
    for case in waived:
        known = compare(case.code, case.evidence, currency, known, is_waived=True)
    return known


def _earlier(session: Session, document: Document) -> Iterable[Earlier]:
    same = (
        Document.contract_number == document.contract_number
        if document.contract_number
        else Document.customer_id == document.customer_id
    )
    statement = select(Document).where(same, Document.id != document.id, Document.issue_date <= document.issue_date)
    for row in session.scalars(statement.order_by(Document.issue_date.desc(), Document.id.desc()).limit(_EARLIER)):
        yield Earlier(row.id, row.number, row.issue_date, row.currency, row.total_minor, row.open_minor, row.state)


def _agreed(session: Session, approval: Approval) -> tuple[Agreed, ...]:
    statement = select(Approval).where(
        Approval.document_id == approval.document_id,
        Approval.round == approval.round,
        Approval.state == "approved",
    )
    rows = session.scalars(statement.order_by(Approval.step)).all()
    people = names(session, [row.decided_by for row in rows])
    return tuple(Agreed(row.step, people.get(row.decided_by, "Nobody"), row.note) for row in rows if row.decided_by)


def _changed_by(session: Session, document: Document) -> tuple[str, ...]:
    return tuple(sorted(names(session, [UUID(id) for id in document.changed_by]).values()))
