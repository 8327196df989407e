"""Which documents there are: by what they are called elsewhere, by what they wait for, and beside which others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.bulk import is_one_of
from core.db.tables import Document, DocumentLine
from core.documents.model import UNDECIDED, DocumentState, natural_key, of_natural_key


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of a recorded document, enough to see whether a new report changes it."""

    id: UUID
    content_hash: str
    state: str
    revision: int
    told_at: datetime | None

    def is_later_than(self, told_at: datetime | None) -> bool:
        """Whether what is on record was so after that instant; what states none is news."""
        return self.told_at is not None and told_at is not None and told_at < self.told_at


def known(session: Session, source: str, refs: Iterable[str]) -> dict[str, Known]:
    """Recorded documents by their id at the source."""
    statement = select(
        Document.source_ref,
        Document.id,
        Document.content_hash,
        Document.state,
        Document.revision,
        Document.told_at,
    ).where(Document.source == source, is_one_of(Document.source_ref, refs))
    return {row[0]: Known(row[1], row[2], row[3], row[4], row[5]) for row in session.execute(statement)}


def ids_by_ref(session: Session, source: str, refs: Iterable[str]) -> dict[str, UUID]:
    statement = select(Document.source_ref, Document.id).where(
        Document.source == source, is_one_of(Document.source_ref, set(refs))
    )
    return {row.source_ref: row.id for row in session.execute(statement)}


def void_ids_by_key(session: Session, keys: Iterable[str]) -> dict[str, UUID]:
    """Those of the documents under these natural keys that are void."""
    refs: dict[str, list[str]] = defaultdict(list)
    for source, ref in map(of_natural_key, keys):
        refs[source].append(ref)
    found: dict[str, UUID] = {}
    for source, wanted in refs.items():
        statement = select(Document.source_ref, Document.id).where(
            Document.source == source, is_one_of(Document.source_ref, wanted), Document.state == DocumentState.VOID
        )
        found |= {natural_key(source, ref): id for ref, id in session.execute(statement).tuples()}
    return found


def ids_by_number(session: Session, numbers: Iterable[str]) -> dict[str, UUID]:
    statement = select(Document.number, Document.id).where(is_one_of(Document.number, set(numbers)))
    return {row.number: row.id for row in session.execute(statement)}


def orphaned_memos(session: Session, source: str, refs: Iterable[str]) -> list[Document]:
    """Credit memos that came before these invoices, given by their ids at the source; locked."""
    statement = select(Document).where(
        Document.source == source,
        is_one_of(Document.corrects_ref, refs),
        # As the index of the few that are without their invoice says it.
        Document.corrects_id.is_(None),
        Document.corrects_ref.is_not(None),
        Document.kind == "credit_memo",
    )
    return list(session.scalars(statement.order_by(Document.id).with_for_update()))


def undecided_ids(session: Session, customer_ids: Iterable[UUID], contract_ids: Iterable[UUID]) -> set[UUID]:
    """Documents on hold for these customers or contracts: a change of the parties may clear them."""
    found: set[UUID] = set()
    for column, ids in ((Document.customer_id, list(customer_ids)), (Document.contract_id, list(contract_ids))):
        if ids:
            on_hold = select(Document.id).where(Document.state == DocumentState.ON_HOLD, is_one_of(column, ids))
            found.update(session.scalars(on_hold))
    return found


def undecided_among(session: Session, ids: Iterable[UUID], *, with_received: bool = True) -> set[UUID]:
    """Those of the documents that are to be checked again; without those received, others are to decide them yet."""
    wanted = list(ids)
    states = [state for state in UNDECIDED if with_received or state is not DocumentState.RECEIVED]
    statement = select(Document.id).where(is_one_of(Document.id, wanted), Document.state.in_(states))
    return set(session.scalars(statement)) if wanted else set()


def waiting_for_contracts(session: Session, numbers: Iterable[str]) -> set[UUID]:
    """Documents on hold that name one of these contracts, also those that came before it."""
    statement = select(Document.id).where(
        Document.state == DocumentState.ON_HOLD, is_one_of(Document.contract_number, numbers)
    )
    return set(session.scalars(statement))


def oldest_received(session: Session, source: str, limit: int) -> list[UUID]:
    """Documents that nobody has decided yet, oldest first; those of another transaction are left alone."""
    statement = (
        select(Document.id)
        .where(Document.state == DocumentState.RECEIVED, Document.source == source)
        .order_by(Document.issue_date, Document.number)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(statement))


def received_since(session: Session, ids: Iterable[UUID], since: datetime) -> list[Document]:
    """Those of the documents that nobody has decided and that were recorded after an instant."""
    statement = select(Document).where(
        is_one_of(Document.id, ids), Document.state == DocumentState.RECEIVED, Document.recorded_at > since
    )
    return list(session.scalars(statement))


def waiting_for_customers(session: Session, source: str, refs: Iterable[str]) -> set[UUID]:
    """Documents on hold whose customer's link was not known when they came."""
    statement = select(Document.id).where(
        Document.state == DocumentState.ON_HOLD,
        Document.customer_id.is_(None),
        Document.source == source,
        is_one_of(Document.customer_ref, refs),
    )
    return set(session.scalars(statement))


def waiting_for_products(session: Session, codes: Iterable[str]) -> set[UUID]:
    """Documents on hold with a line of one of these products."""
    statement = (
        select(Document.id)
        .join(DocumentLine, DocumentLine.document_id == Document.id)
        .where(Document.state == DocumentState.ON_HOLD, is_one_of(DocumentLine.product_code, codes))
    )
    return set(session.scalars(statement))


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another invoice of the same contract, for comparison."""

    id: UUID
    number: str
    contract_number: str | None
    period_start: date | None
    period_end: date | None
    total_minor: int
    issue_date: date
    state: str
    subtotal_minor: int


def neighbours(session: Session, contract_numbers: Iterable[str]) -> dict[str, list[Neighbour]]:
    """The invoices of each contract, newest first, void ones left out."""
    found: dict[str, list[Neighbour]] = defaultdict(list)
    statement = (
        select(
            Document.id,
            Document.number,
            Document.contract_number,
            Document.period_start,
            Document.period_end,
            Document.total_minor,
            Document.issue_date,
            Document.state,
            Document.subtotal_minor,
        )
        .where(
            is_one_of(Document.contract_number, set(contract_numbers)),
            Document.kind == "invoice",
            Document.state != DocumentState.VOID,
        )
        .order_by(Document.issue_date.desc(), Document.id.desc())
    )
    for row in session.execute(statement):
        found[row.contract_number or ""].append(Neighbour(*row))
    return found


def quantities_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, dict[str, Decimal]]:
    """Billed quantity per product of each document."""
    found: dict[UUID, dict[str, Decimal]] = defaultdict(dict)
    statement = select(DocumentLine.document_id, DocumentLine.product_code, DocumentLine.quantity).where(
        is_one_of(DocumentLine.document_id, ids)
    )
    for id, code, quantity in session.execute(statement):
        if code:
            found[id][code] = quantity
    return found
