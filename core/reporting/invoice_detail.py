"""One invoice with its lines, findings, and its way from event to cash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.cash.taking_back import is_taken_back
from core.db.tables import (
    Application,
    Approval,
    Case,
    Customer,
    Delivery,
    Dispute,
    Document,
    DocumentLine,
    InboxItem,
    Link,
    Transition,
)
from core.documents.model import HOUSE
from core.kit.errors import NotFound
from core.kit.money import format_minor
from core.posting.model import MAIL
from core.reporting.customer_links import CustomerLink, customer_link
from core.reporting.paging import Viewer
from core.reporting.people import actor_words, names
from core.reporting.receivables import Scope
from core.runtime import Runtime

SYSTEMS = {
    "stripe": "Stripe",
    "salesforce": "Salesforce",
    "netsuite": "NetSuite",
    "mail": "e-mail",
    "avatax": "AvaTax",
    "import": "an imported file",
    "house": "Quittance",
}
_OBJECT_KINDS = ("invoice", "credit_note")


@dataclass(frozen=True, slots=True)
class Line:
    product: str | None
    description: str
    quantity: Decimal
    unit_price: Decimal
    amount_minor: int
    discount_minor: int
    tax_minor: int
    period_start: date | None
    period_end: date | None


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    level: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Event:
    """One step of the timeline; `is_day_only` when only its accounting day is known."""

    at: datetime
    stage: str
    sentence: str
    actor: str
    is_day_only: bool = False


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The same invoice in another system; `reference` is what people search for there."""

    system: str
    reference: str
    url: str | None


@dataclass(frozen=True, slots=True)
class InvoiceDetail:
    document: Document
    customer: Customer | None
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]
    timeline: tuple[Event, ...]
    elsewhere: tuple[Elsewhere, ...]
    disputes: tuple[Dispute, ...]
    open_case_id: UUID | None
    link: CustomerLink

    @property
    def has_paper(self) -> bool:
        """The house issued it: there is a PDF, and it can be sent to the customer."""
        return self.document.source == HOUSE and self.document.is_issued


def system_name(system: str) -> str:
    return SYSTEMS.get(system.split(":")[0], system.split(":")[0].capitalize())


def invoice_detail(runtime: Runtime, viewer: Viewer | None, id: UUID) -> InvoiceDetail:
    """Raises NotFound when there is no such invoice or it belongs to an entity the reader may not see."""
    scope = Scope(None, viewer.entities if viewer else None)
    with runtime.reading() as session:
        document = session.scalar(select(Document).where(Document.id == id, scope.holds(Document.entity)))
        if document is None:
            raise NotFound("This invoice")
        lines = session.scalars(
            select(DocumentLine).where(DocumentLine.document_id == id).order_by(DocumentLine.position)
        ).all()
        cases = session.scalars(select(Case).where(Case.document_id == id)).all()
        disputes = tuple(session.scalars(select(Dispute).where(Dispute.document_id == id)))
        events = [
            *_received(session, document),
            *_moves(session, id),
            *_cases(cases),
            *_approvals(session, id),
            *_deliveries(session, id),
            *_reached(document),
            *_disputes(disputes),
            *_cash(session, document),
        ]
        return InvoiceDetail(
            document=document,
            customer=session.get(Customer, document.customer_id) if document.customer_id else None,
            lines=tuple(_line(row) for row in lines),
            findings=tuple(_finding(each) for each in document.findings),
            timeline=tuple(sorted(events, key=lambda event: event.at)),
            elsewhere=_elsewhere(session, document),
            disputes=disputes,
            open_case_id=next((case.id for case in cases if case.state == "open"), None),
            link=customer_link(runtime, session, document),
        )


def _line(row: DocumentLine) -> Line:
    return Line(
        row.product_code,
        row.description,
        row.quantity,
        row.unit_price,
        row.amount_minor,
        row.discount_minor,
        row.tax_minor,
        row.period_start,
        row.period_end,
    )


def _finding(found: dict[str, Any]) -> Finding:
    return Finding(str(found.get("code", "")), str(found.get("level", "")), str(found.get("sentence", "")))


def _received(session: Session, document: Document) -> Iterable[Event]:
    system = system_name(document.source)
    issued = datetime.combine(document.issue_date, time(), UTC)
    yield Event(
        issued, "Issued", f"Issued, due {document.due_date.day} {document.due_date:%b %Y}", system, is_day_only=True
    )
    yield Event(document.recorded_at, "Received", f"Recorded from {system}", "Quittance")
    statement = select(InboxItem.received_at).where(
        InboxItem.source == document.source,
        InboxItem.kind.in_(_OBJECT_KINDS),
        InboxItem.external_id == document.source_ref,
    )
    for received in session.scalars(statement):
        yield Event(received, "Event", f"{system} reported it", system)


def _moves(session: Session, id: UUID) -> Iterable[Event]:
    statement = select(Transition).where(Transition.subject_id == id, Transition.subject == "document")
    for step in session.scalars(statement):
        note = f": {step.note}" if step.note else ""
        yield Event(step.at, "State", f"{step.new.replace('_', ' ').capitalize()}{note}", actor_words(step.actor))


def _cases(cases: Iterable[Case]) -> Iterable[Event]:
    for case in cases:
        yield Event(case.opened_at, "Exception", case.sentence, "Quittance")
        if case.closed_at is not None:
            said = f"{case.state.capitalize()}: {case.resolution or case.sentence}"
            yield Event(case.closed_at, "Exception", said, actor_words(case.closed_by or "job:"))


def _approvals(session: Session, id: UUID) -> Iterable[Event]:
    rows = session.scalars(select(Approval).where(Approval.document_id == id)).all()
    people = names(session, [row.decided_by for row in rows] + [row.assignee_id for row in rows])
    for row in rows:
        asked = people.get(row.assignee_id, row.role) if row.assignee_id else row.role
        yield Event(row.requested_at, "Approval", f"Asked of {asked}: {row.reason}", "Quittance")
        if row.decided_at is not None:
            by = people.get(row.decided_by, "Quittance") if row.decided_by else "Quittance"
            note = f": {row.note}" if row.note else ""
            yield Event(row.decided_at, "Approval", f"{row.state.capitalize()}{note}", by)


def _deliveries(session: Session, id: UUID) -> Iterable[Event]:
    for row in session.scalars(select(Delivery).where(Delivery.document_id == id)):
        if row.system == MAIL:
            yield from _messages(row)
            continue
        system = system_name(row.system)
        yield Event(row.enqueued_at, "Posting", f"On its way to {system}", "Quittance")
        if row.delivered_at is not None:
            number = f" as {row.external_number}" if row.external_number else ""
            yield Event(row.delivered_at, "Posting", f"Posted in {system}{number}", system)
        elif row.error:
            yield Event(row.next_at, "Posting", f"{system} answered: {row.error}", system)


def _messages(row: Delivery) -> Iterable[Event]:
    address = (row.payload.get("buyer") or {}).get("email") or "the customer"
    if row.delivered_at is not None:
        yield Event(row.delivered_at, "Message", f"Sent to {address} with the PDF", "Quittance")
    elif row.error:
        yield Event(row.next_at, "Message", row.error, "Mail server")
    else:
        yield Event(row.enqueued_at, "Message", f"On its way to {address}", "Quittance")


def _reached(document: Document) -> Iterable[Event]:
    if document.viewed_at is not None:
        yield Event(document.viewed_at, "Message", "Opened by the customer", document.customer_name)
    if document.bounced_at is not None:
        yield Event(document.bounced_at, "Message", "The message came back", "Mail server")


def _disputes(disputes: Iterable[Dispute]) -> Iterable[Event]:
    for row in disputes:
        yield Event(row.opened_at, "Dispute", f"Disputed: {row.sentence or row.reason}", system_name(row.source))
        if row.closed_at is not None:
            note = f": {row.outcome_note}" if row.outcome_note else ""
            yield Event(row.closed_at, "Dispute", f"Dispute {row.state}{note}", system_name(row.source))


def _cash(session: Session, document: Document) -> Iterable[Event]:
    words = {"payment": "paid", "credit": "credited", "write_off": "written off", "refund": "refunded"}
    statement = select(Application).where(Application.document_id == document.id, Application.amount_minor != 0)
    for row in session.scalars(statement):
        amount = f"{document.currency} {format_minor(abs(row.amount_minor), document.currency)}"
        if is_taken_back(row):
            yield Event(row.recorded_at, "Cash", f"{amount} taken back", system_name(row.source))
            continue
        at = datetime.combine(row.effective_on, time(23, 59), UTC)
        yield Event(at, "Cash", f"{amount} {words.get(row.kind, row.kind)}", system_name(row.source), is_day_only=True)


def _elsewhere(session: Session, document: Document) -> tuple[Elsewhere, ...]:
    links = session.execute(
        select(Link.system, Link.external_id).where(Link.kind == "document", Link.our_id == str(document.id))
    ).tuples()
    found = dict(links.all())
    if document.source != HOUSE:
        found.setdefault(document.source, document.source_ref)
    numbers = select(Delivery.system, Delivery.external_number).where(
        Delivery.document_id == document.id, Delivery.external_number.is_not(None)
    )
    numbered = dict(session.execute(numbers).tuples().all())
    return tuple(
        Elsewhere(system_name(system), numbered.get(system) or document.number, _url(system, external))
        for system, external in sorted({**found, **dict.fromkeys(numbered, "")}.items())
        if system != "import"
    )


def _url(system: str, external_id: str) -> str | None:
    id = external_id.removeprefix("invoice:")
    return f"https://dashboard.stripe.com/invoices/{id}" if system == "stripe" and id else None
