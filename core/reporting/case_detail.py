"""One exception: what failed, the three sides, its siblings, its history, and the next one of the queue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from core.db.tables import AuditEntry, Case, Contract, Customer, Delivery, Document, LedgerEntry, Transition
from core.documents.model import natural_key
from core.kit.errors import NotFound
from core.kit.money import format_minor
from core.reporting.case_actions import CorrectableField, correctable_fields
from core.reporting.case_comparison import Compared, compare
from core.reporting.case_filters import CaseFilters, matching, midnight, order_of
from core.reporting.cases import CaseRow, CaseSelection, case_rows, rows_of, selection
from core.reporting.invoice_detail import system_name
from core.reporting.paging import AnySelect, CountCapped, Viewer, capped_count
from core.reporting.people import actor_words
from core.reporting.receivables import Scope
from core.runtime import Runtime

_MOST_SIBLINGS = 500
_MOST_HISTORY = 60
_ADDRESS = "source_address"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an exception's history."""

    at: datetime
    who: str
    sentence: str


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """`siblings` are the other open exceptions of the same cause; `together` is this one and all of them."""

    row: CaseRow
    cause: str
    resolution: str | None
    evidence: tuple[tuple[str, str], ...]
    document: Document | None
    comparison: tuple[Compared, ...]
    fields: tuple[CorrectableField, ...]
    siblings: tuple[CaseRow, ...]
    alone: CaseSelection
    together: CaseSelection
    history: tuple[Step, ...]
    # Where the record that the exception is about is opened in its own system.
    source_address: str | None = None


@dataclass(frozen=True, slots=True)
class CaseNeighbours:
    """Where the queue goes from here; `left` open ones match the filters, `done_today` were closed by this person."""

    previous_id: UUID | None
    next_id: UUID | None
    left: CountCapped
    done_today: int


def case_detail(runtime: Runtime, viewer: Viewer | None, id: UUID) -> CaseDetail:
    """Raises NotFound when there is no such exception or it is of an entity that the reader may not see."""
    scope, now = Scope(None, viewer.entities if viewer else None), runtime.now()
    with runtime.reading() as session:
        found = session.execute(case_rows(and_(Case.id == id, scope.holds(Case.entity)))).one_or_none()
        if found is None:
            raise NotFound("This exception")
        case: Case = found[0]
        (row,) = rows_of(session, [found], now)
        document = session.get(Document, case.document_id) if case.document_id else None
        siblings = rows_of(session, session.execute(_siblings(case, scope)), now)
        currency = runtime.settings.reporting_currency
        return CaseDetail(
            row=row,
            cause=case.cause,
            resolution=case.resolution,
            evidence=_evidence(case),
            document=document,
            comparison=compare(case.code, case.evidence, document.currency, sides(session, document))
            if document
            else (),
            fields=correctable_fields(case.code, document, case.evidence) if document else (),
            siblings=siblings,
            alone=selection([row], currency),
            together=selection([row, *siblings], currency),
            history=_history(session, case),
            source_address=case.evidence.get(_ADDRESS),
        )


def _siblings(case: Case, scope: Scope) -> Any:
    same = and_(Case.cause == case.cause, Case.state == "open", Case.id != case.id, scope.holds(Case.entity))
    return case_rows(same).order_by(Case.stake_minor.desc(), Case.id).limit(_MOST_SIBLINGS)


def _evidence(case: Case) -> tuple[tuple[str, str], ...]:
    """The compared values by name, for exceptions without a document."""
    return tuple(
        (name.replace("_", " ").capitalize(), str(value))
        for name, value in sorted(case.evidence.items())
        if name != _ADDRESS and value not in (None, "", [], {})
    )


def _comparison(session: Session, case: Case, document: Document) -> tuple[Compared, ...]:
    return compare(case.code, case.evidence, document.currency, sides(session, document))


def sides(session: Session, document: Document) -> tuple[Compared, ...]:
    """Contract and CRM, invoice, and ledger, field by field."""
    customer = session.get(Customer, document.customer_id) if document.customer_id else None
    return (
        *_agreement_rows(document, contract_of(session, document), customer),
        *_ledger_rows(session, document),
    )


def contract_of(session: Session, document: Document) -> Contract | None:
    if not document.contract_number:
        return None
    return session.scalar(select(Contract).where(Contract.number == document.contract_number))


def _agreement_rows(document: Document, contract: Contract | None, customer: Customer | None) -> Iterable[Compared]:
    yield Compared("Customer", customer.name if customer else None, document.customer_name)
    yield Compared("Contract", contract.number if contract else None, document.contract_number)
    yield Compared("Currency", contract.currency if contract else None, document.currency)
    yield Compared("Purchase order", contract.po_number if contract else None, document.po_number)
    yield Compared("Tax id", customer.tax_id if customer else None, document.tax_id)
    terms = contract.terms_days if contract else None
    days = (document.due_date - document.issue_date).days
    yield Compared("Terms in days", None if terms is None else str(terms), str(days))
    yield Compared("Billing address", customer.address if customer else None, document.bill_to)


def _ledger_rows(session: Session, document: Document) -> Iterable[Compared]:
    """The total beside what the ledger holds, and where the posting is. Ledgers keep credit memos above zero."""
    key = natural_key(document.source, document.source_ref)
    entry = session.scalar(select(LedgerEntry).where(LedgerEntry.key == key).limit(1))
    delivery = session.scalar(select(Delivery).where(Delivery.document_id == document.id).limit(1))
    sign = -1 if document.total_minor < 0 else 1
    held = f"{entry.currency} {format_minor(sign * entry.total_minor, entry.currency)}" if entry else None
    billed = f"{document.currency} {format_minor(document.total_minor, document.currency)}"
    yield Compared("Total", None, billed, held)
    state = document.state.replace("_", " ").capitalize()
    yield Compared("Posting", None, state, _posting_words(entry, delivery))


def _posting_words(entry: LedgerEntry | None, delivery: Delivery | None) -> str:
    if entry is not None:
        return f"In {system_name(entry.system)} as {entry.number or entry.external_id}"
    if delivery is None:
        return "Not sent"
    said = f": {delivery.error}" if delivery.error else ""
    return f"{delivery.state.replace('_', ' ').capitalize()}{said}"


def _history(session: Session, case: Case) -> tuple[Step, ...]:
    """What the trail says of the exception and its document; steps of which it says nothing are told by their state."""
    subjects = [f"case:{case.id}", *([f"invoice:{case.document_id}"] if case.document_id else [])]
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.subject.in_(subjects)).order_by(AuditEntry.seq.desc()).limit(_MOST_HISTORY)
    ).all()
    told = {(entry.at, entry.actor) for entry in entries if entry.subject == subjects[0]}
    moves = session.scalars(
        select(Transition).where(Transition.subject_id == case.id, Transition.subject == "case").limit(_MOST_HISTORY)
    )
    steps = [Step(entry.at, actor_words(entry.actor), entry.sentence) for entry in entries]
    steps += [_step(move) for move in moves if (move.at, move.actor) not in told]
    return tuple(sorted(steps, key=lambda step: step.at, reverse=True))


def _step(move: Transition) -> Step:
    words = "Opened" if move.old is None else move.new.replace("_", " ").capitalize()
    return Step(move.at, actor_words(move.actor), f"{words}: {move.note}" if move.note else f"{words}.")


def neighbours(
    runtime: Runtime, viewer: Viewer | None, filters: CaseFilters, id: UUID, person: str | None = None
) -> CaseNeighbours:
    """The open exceptions before and after this one in the order of the filters; after the last comes the first.

    `person`: whose closed ones of today are counted, as the trail names them.
    """
    wanted, now = replace(filters, is_open=True), runtime.now()
    order = order_of(wanted)
    with runtime.reading() as session:
        condition = and_(matching(session, viewer, wanted, now), Case.id != id)
        place = session.scalar(select(order.key).where(Case.id == id))
        done = select(func.count()).where(Case.closed_by == person, Case.closed_at >= midnight(now))
        return CaseNeighbours(
            previous_id=_beside(session, select(Case.id).where(condition), order, (place, id), is_after=False),
            next_id=_beside(session, select(Case.id).where(condition), order, (place, id), is_after=True),
            left=capped_count(session, select(Case.id).where(or_(condition, _is_open_itself(id)))),
            done_today=session.scalar(done) or 0 if person else 0,
        )


def _is_open_itself(id: UUID) -> Any:
    return and_(Case.id == id, Case.state == "open")


def _beside(session: Session, among: AnySelect, order: Any, place: tuple[Any, UUID], *, is_after: bool) -> UUID | None:
    ascends = order.is_descending != is_after
    sorted_by = (order.key, order.id) if ascends else (order.key.desc(), order.id.desc())
    ordered = among.order_by(*sorted_by).limit(1)
    if place[0] is None:
        return session.scalar(ordered)
    here = tuple_(literal(place[0], order.key.type), literal(place[1], order.id.type))
    there = tuple_(order.key, order.id)
    found: UUID | None = session.scalar(ordered.where(there > here if ascends else there < here))
    return found or (session.scalar(ordered) if is_after else None)
