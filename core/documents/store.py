"""Rows of documents: recording batches, moving states, residuals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, case, delete, func, literal, select, update
from sqlalchemy.orm import Session

from core.canonical import DocumentLineRecord
from core.db.bulk import insert_rows, is_one_of
from core.db.tables import Application, Document, DocumentLine, Transition
from core.documents import drafts
from core.documents.model import MOVES, DocumentState
from core.kit.errors import IllegalMove, NotFound, Stale
from core.kit.ids import new_id


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
    by_day = (
        select(
            Application.document_id.label("id"),
            Application.effective_on,
            func.sum(Application.amount_minor).label("net"),
        )
        .where(is_one_of(Application.document_id, wanted))
        .group_by(Application.document_id, Application.effective_on)
        .subquery()
    )
    # What was taken back again leaves nothing on its day.
    last = func.max(by_day.c.effective_on).filter(by_day.c.net != 0)
    applied = (
        select(by_day.c.id, func.sum(by_day.c.net).label("applied"), last.label("last"))
        .group_by(by_day.c.id)
        .subquery()
    )
    left = Document.total_minor - applied.c.applied
    session.execute(
        update(Document)
        .where(Document.id == applied.c.id, Document.state != DocumentState.VOID)
        .values(
            open_minor=left,
            settled_on=case((left == 0, func.coalesce(applied.c.last, Document.issue_date)), else_=None),
        )
        .execution_options(synchronize_session=False)
    )
