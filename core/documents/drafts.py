"""Rows of documents that the house makes: written in bulk with all that belongs to them, each in the state it ends in.

A new document stays out of the store while it is decided; the mover (`core.documents.store.move`) writes it, with what
was held back for it here, in the state that it moves to. So nothing is inserted first and updated afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, inspect, select, update
from sqlalchemy.orm import Session, aliased, make_transient_to_detached

from core.db.bulk import insert_rows, is_one_of
from core.db.tables import BillingRun, Contract, Document, DocumentLine, DocumentTax, ScheduleItem
from core.documents.model import HOUSE, UNDECIDED, WAITING_FOR_RELEASE, DocumentState
from core.documents.untaxed import TABLE

_HELD_BACK = "new_documents"
_COLUMNS = [column.key for column in Document.__table__.columns]


@dataclass(frozen=True, slots=True)
class LetGo:
    """By whose word drafts are decided: who released their run, if anybody did, and ids of all who had a hand in it."""

    released_by: str | None
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """Rows of `document_lines` and `document_taxes` of one document; every row of a kind has the same columns."""

    lines: Sequence[dict[str, Any]]
    taxes: Sequence[dict[str, Any]]


def hold_back(session: Session, contents: dict[UUID, Content]) -> None:
    """Keeps what belongs to new documents until these are written."""
    session.info.setdefault(_HELD_BACK, {}).update(contents)


def is_new(document: Document) -> bool:
    return bool(inspect(document).transient)


def write(session: Session, documents: Iterable[Document]) -> None:
    """Inserts those that are new, as they are now, with their lines and taxes; from then on the session knows them."""
    new = [document for document in documents if is_new(document)]
    if not new:
        return
    session.execute(insert_rows(Document, [{name: getattr(row, name) for name in _COLUMNS} for row in new]))
    held: dict[UUID, Content] = session.info.get(_HELD_BACK, {})
    contents = [held.pop(row.id) for row in new if row.id in held]
    write_contents(session, contents)
    for row in new:
        make_transient_to_detached(row)
    session.add_all(new)


def write_contents(session: Session, contents: Sequence[Content]) -> None:
    lines = [line for content in contents for line in content.lines]
    taxes = [tax for content in contents for tax in content.taxes]
    if lines:
        session.execute(insert_rows(DocumentLine, lines))
    if taxes:
        session.execute(insert_rows(DocumentTax, taxes))


def clear_contents(session: Session, ids: Iterable[UUID]) -> None:
    """Takes lines and taxes away that are about to be written anew."""
    wanted = list(ids)
    session.execute(delete(DocumentLine).where(is_one_of(DocumentLine.document_id, wanted)))
    session.execute(delete(DocumentTax).where(is_one_of(DocumentTax.document_id, wanted)))


def tax_totals(session: Session, ids: Iterable[UUID]) -> dict[UUID, int | None]:
    """Tax as determined per document; a document that no engine was asked about yet is left out."""
    statement = (
        select(DocumentTax.document_id, func.sum(DocumentTax.tax_minor))
        .where(is_one_of(DocumentTax.document_id, ids))
        .group_by(DocumentTax.document_id)
    )
    return {id: int(total) for id, total in session.execute(statement)}


def numbers(session: Session, ids: Iterable[UUID]) -> dict[UUID | None, str]:
    """Numbers of documents that count, void ones left out."""
    wanted = list(ids)
    if not wanted:
        return {}
    statement = select(Document.id, Document.number).where(
        is_one_of(Document.id, wanted), Document.state != DocumentState.VOID
    )
    return {row.id: row.number for row in session.execute(statement)}


def taken_refs(session: Session, refs: Iterable[str]) -> set[str]:
    """Which of the refs the house has given to a document already."""
    statement = select(Document.source_ref).where(Document.source == HOUSE, is_one_of(Document.source_ref, list(refs)))
    return set(session.scalars(statement))


_MEMO = aliased(Document)
# What replaces an invoice goes out when the credit memo of that invoice has.
_IS_CREDITED = (
    select(_MEMO.id)
    .where(_MEMO.corrects_id == Document.replaces_id, _MEMO.source == HOUSE, _MEMO.is_issued)
    .where(_MEMO.kind == "credit_memo", _MEMO.state != DocumentState.VOID)
    .exists()
)
_IS_LET_GO = (BillingRun.mode == "straight") | BillingRun.state.in_(("releasing", "released")) | _IS_CREDITED


def due_drafts(
    session: Session, now: datetime, limit: int, run_id: UUID | None = None, ids: Iterable[UUID] | None = None
) -> dict[LetGo, list[UUID]]:
    """Drafts that may be decided (of the run, or among `ids`), by who let their run go: it is let go, their grace is
    over, their tax is determined as far as it can be. Locked; those in other hands are left alone."""
    is_taxed = select(DocumentTax.document_id).where(DocumentTax.document_id == Document.id).exists()
    statement = (
        select(BillingRun.released_by, BillingRun.changed_by, Document.id)
        .outerjoin(BillingRun, BillingRun.id == Document.run_id)
        .where(
            Document.state == DocumentState.DRAFT,
            (Document.grace_until.is_(None)) | (Document.grace_until <= now),
            _IS_LET_GO,
            is_taxed | (Document.tax_engine == TABLE) | (Document.kind == "credit_memo"),
        )
        .order_by(Document.id)
        .limit(limit)
        .with_for_update(of=Document, skip_locked=True)
    )
    if run_id is not None:
        statement = statement.where(Document.run_id == run_id)
    if ids is not None:
        statement = statement.where(is_one_of(Document.id, list(ids)))
    found: dict[LetGo, list[UUID]] = {}
    for released_by, changed_by, id in session.execute(statement):
        # Who has a run draft that nobody has to release is on its drafts already; who resumed it since is not.
        people = tuple(changed_by or ()) if released_by else ()
        found.setdefault(LetGo(released_by, people), []).append(id)
    return found


def drafts_of_run(session: Session, run_id: UUID) -> list[UUID]:
    statement = select(Document.id).where(Document.run_id == run_id, Document.state == DocumentState.DRAFT)
    return list(session.scalars(statement.order_by(Document.id)))


def not_gone_out(session: Session, contract_ids: Iterable[UUID]) -> list[UUID]:
    """Invoices of the house for these contracts that nobody has got yet, whatever keeps them."""
    statement = select(Document.id).where(_not_gone_out(contract_ids))
    return list(session.scalars(statement.order_by(Document.id)))


def with_other_heads(session: Session, contract_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """Of those the ones that name another purchase order than their contract, or other days to pay, with what they are
    to say. What a person put on the invoice stands."""
    names_other = Document.po_number.is_distinct_from(Contract.po_number)
    due_on = Document.issue_date + Contract.terms_days
    statement = (
        select(Document.id, Document.corrections, Contract.po_number, func.coalesce(due_on, Document.due_date))
        .join(Contract, Contract.id == Document.contract_id)
        .where(_not_gone_out(contract_ids), names_other | (Document.due_date != due_on))
    )
    found: dict[UUID, dict[str, Any]] = {}
    for id, corrections, *wanted in session.execute(statement):
        heads = dict(zip(("po_number", "due_date"), wanted, strict=True))
        found[id] = {name: value for name, value in heads.items() if name not in corrections}
    return found


def for_others(session: Session, contract_ids: Iterable[UUID]) -> set[UUID]:
    """Of those the ones that ask another customer than their contract's, or for other money."""
    statement = (
        select(Document.id)
        .join(Contract, Contract.id == Document.contract_id)
        .where(
            _not_gone_out(contract_ids),
            (Document.customer_id != Contract.customer_id) | (Document.currency != Contract.currency),
        )
    )
    return set(session.scalars(statement))


def _not_gone_out(contract_ids: Iterable[UUID]) -> ColumnElement[bool]:
    return and_(
        is_one_of(Document.contract_id, list(contract_ids)),
        Document.source == HOUSE,
        Document.kind == "invoice",
        ~Document.is_issued,
        Document.state.in_((*UNDECIDED, *WAITING_FOR_RELEASE)),
    )


def void_drafts(session: Session, run_id: UUID, now: datetime) -> list[tuple[UUID, str, UUID | None]]:
    """Takes all drafts of a run back, in one statement; answers which, with kind and contract. Their transitions are
    the caller's to leave."""
    statement = (
        update(Document)
        .where(Document.run_id == run_id, Document.state == DocumentState.DRAFT)
        .values(state=DocumentState.VOID, revision=Document.revision + 1, settled_on=now.date())
        .returning(Document.id, Document.kind, Document.contract_id)
        .execution_options(synchronize_session=False)
    )
    return list(session.execute(statement).tuples())


def take_terms(session: Session, terms: Mapping[UUID, UUID]) -> set[UUID]:
    """Puts items of usage under other terms whose drafts are rated again before they go out; answers which. Drafts in
    other hands are left alone."""
    statement = (
        select(ScheduleItem.id, Document.id)
        .join(Document, Document.id == ScheduleItem.document_id)
        .where(
            is_one_of(ScheduleItem.id, list(terms)),
            Document.state == DocumentState.DRAFT,
            Document.grace_until.is_not(None),
        )
        .order_by(Document.id)
        .with_for_update(of=Document, skip_locked=True)
    )
    ids = {row[0] for row in session.execute(statement)}
    for wanted in {terms[id] for id in ids}:
        same = [id for id in ids if terms[id] == wanted]
        session.execute(update(ScheduleItem).where(is_one_of(ScheduleItem.id, same)).values(terms_id=wanted))
    return ids


def count_refs(session: Session, refs: Iterable[str]) -> dict[str, int]:
    """How many documents each ref stands for: itself, and those with a counter behind it."""
    counts = {}
    for ref in refs:
        like = Document.source_ref.like(ref.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "-%")
        statement = select(func.count()).where(Document.source == HOUSE, like | (Document.source_ref == ref))
        counts[ref] = session.scalar(statement) or 0
    return counts
