"""Rows of documents: recording batches, moving states, residuals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, case, delete, func, literal, select, update
from sqlalchemy.orm import Session

from core.canonical import DocumentLineRecord
from core.db.bulk import insert_rows, is_one_of
from core.db.tables import Application, Document, DocumentLine, Transition
from core.documents import drafts
from core.documents.model import MOVES, UNDECIDED, DocumentState
from core.kit.errors import IllegalMove, NotFound, Stale
from core.kit.ids import new_id


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


def note_told(session: Session, stamps: Mapping[UUID, datetime]) -> None:
    """Remembers when a source said what it says of these documents now."""
    if not stamps:
        return
    ids = literal(list(stamps), ARRAY(Document.id.type))
    instants = literal(list(stamps.values()), ARRAY(Document.told_at.type))
    sent = func.unnest(ids, instants).table_valued("id", "told_at", name="sent").render_derived()
    session.execute(
        update(Document)
        .where(Document.id == sent.c.id)
        .values(told_at=sent.c.told_at)
        .execution_options(synchronize_session=False)
    )


def insert_documents(
    session: Session,
    rows: list[dict[str, Any]],
    lines: Mapping[UUID, Sequence[DocumentLineRecord]],
    same: Mapping[str, Any] | None = None,
) -> None:
    """Bulk insert of new documents with their lines. Every row has the same columns; `same` is what all share."""
    if not rows:
        return
    session.execute(insert_rows(Document, rows, same))
    _insert_lines(session, lines)


def _insert_lines(session: Session, lines: Mapping[UUID, Sequence[DocumentLineRecord]]) -> None:
    rows = [
        {"document_id": id, "position": position} | line.__dict__
        for id, records in lines.items()
        for position, line in enumerate(records, start=1)
    ]
    if rows:
        session.execute(insert_rows(DocumentLine, rows))


def replace_content(
    session: Session, id: UUID, columns: Mapping[str, Any], lines: Sequence[DocumentLineRecord]
) -> None:
    """A source changed a document that is not decided yet: its new content takes the place of the old."""
    session.execute(update(Document).where(Document.id == id).values(**columns, revision=Document.revision + 1))
    session.execute(delete(DocumentLine).where(DocumentLine.document_id == id))
    _insert_lines(session, {id: lines})


def load(session: Session, ids: Iterable[UUID]) -> dict[UUID, Document]:
    """Documents locked for the rest of the transaction, in a fixed order so that two writers cannot deadlock; each as
    whoever had it before has left it."""
    wanted = list(ids)
    if not wanted:
        return {}
    statement = select(Document).where(is_one_of(Document.id, wanted)).order_by(Document.id).with_for_update()
    return {row.id: row for row in session.scalars(statement.execution_options(populate_existing=True))}


def lock_balances(session: Session, source: str, refs: Iterable[str]) -> dict[str, tuple[UUID, UUID | None, int, str]]:
    """Id, customer, open amount and currency per id at the source; the rows stay locked like those of `load`."""
    statement = (
        select(Document.source_ref, Document.id, Document.customer_id, Document.open_minor, Document.currency)
        .where(Document.source == source, is_one_of(Document.source_ref, set(refs)))
        .order_by(Document.id)
        .with_for_update()
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in session.execute(statement)}


def get(session: Session, id: UUID, revision: int | None = None) -> Document:
    """One locked document. Raises NotFound, or Stale when `revision` is not the present one."""
    row = load(session, [id]).get(id)
    if row is None:
        raise NotFound("This document")
    if revision is not None and row.revision != revision:
        raise Stale(f"Invoice {row.number}")
    return row


def lines_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, list[DocumentLine]]:
    found: dict[UUID, list[DocumentLine]] = defaultdict(list)
    statement = select(DocumentLine).where(is_one_of(DocumentLine.document_id, ids))
    for row in session.scalars(statement.order_by(DocumentLine.document_id, DocumentLine.position)):
        found[row.document_id].append(row)
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


def move(
    session: Session,
    documents: Iterable[Document],
    new: DocumentState,
    now: datetime,
    actor: str,
    note: str | None = None,
) -> None:
    """The one mover: checks the table of moves, stamps, bumps the revision and leaves a transition each. A document
    that is not in the store yet is inserted as it is then."""
    trail, moved = [], list(documents)
    for document in moved:
        old = DocumentState(document.state)
        if old == new:
            continue
        if new not in MOVES[old]:
            raise IllegalMove(f"Invoice {document.number}", old.replace("_", " "), new.replace("_", " "))
        document.state = new
        document.revision += 1
        if new is DocumentState.RELEASED:
            document.released_at = now
        if new is DocumentState.POSTED:
            document.posted_at = now
        trail.append((document.id, old, new))
    drafts.write(session, moved)
    session.flush()
    leave_transitions(session, "document", trail, now, actor, note)


def leave_transitions(
    session: Session,
    subject: str,
    steps: Iterable[tuple[UUID, str | None, str]],
    now: datetime,
    actor: str,
    note: str | None = None,
) -> None:
    """Records steps (id, old state, new state)."""
    rows = [
        {
            "id": new_id(),
            "subject": subject,
            "subject_id": id,
            "old": old,
            "new": new,
            "at": now,
            "actor": actor,
            "note": note,
        }
        for id, old, new in steps
    ]
    if rows:
        session.execute(insert_rows(Transition, rows))


def refresh_open(session: Session, ids: Iterable[UUID]) -> None:
    """Recomputes what is open, and since when nothing is, from the dated applications alone. What is void owes
    nothing, whatever was put against it."""
    wanted = list(set(ids))
    if not wanted:
        return
    applied = (
        select(
            Application.document_id.label("id"),
            func.sum(Application.amount_minor).label("applied"),
            func.max(Application.effective_on).label("last"),
        )
        .where(is_one_of(Application.document_id, wanted))
        .group_by(Application.document_id)
        .subquery()
    )
    left = Document.total_minor - applied.c.applied
    session.execute(
        update(Document)
        .where(Document.id == applied.c.id, Document.state != DocumentState.VOID)
        .values(open_minor=left, settled_on=case((left == 0, applied.c.last), else_=None))
        .execution_options(synchronize_session=False)
    )


def ids_by_ref(session: Session, source: str, refs: Iterable[str]) -> dict[str, UUID]:
    statement = select(Document.source_ref, Document.id).where(
        Document.source == source, is_one_of(Document.source_ref, set(refs))
    )
    return {row.source_ref: row.id for row in session.execute(statement)}


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


def ids_by_number(session: Session, numbers: Iterable[str]) -> dict[str, UUID]:
    statement = select(Document.number, Document.id).where(is_one_of(Document.number, set(numbers)))
    return {row.number: row.id for row in session.execute(statement)}


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
