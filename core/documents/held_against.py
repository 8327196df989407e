"""What documents say of contracts, a batch at a time, for the drift watch. Only the last months are looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from core.db.bulk import is_one_of
from core.db.tables import Contract, Document, DocumentLine, LedgerEntry, ScheduleItem
from core.documents.model import UNDECIDED, WAITING_FOR_RELEASE, DocumentState

# Nobody has said yet that these are right.
_UNDECIDED = (*UNDECIDED, *WAITING_FOR_RELEASE)


@dataclass(frozen=True, slots=True)
class Closed:
    """A billed schedule item with its invoice; `billed_minor` is the net of its lines there."""

    item: ScheduleItem
    document: Document | None
    billed_minor: int
    is_credited: bool


@dataclass(frozen=True, slots=True)
class Stated:
    """A line of an invoice or, negative, of a credit memo; all but the line itself is always the invoice's."""

    contract_number: str | None
    document_id: UUID
    number: str
    product: str | None
    first: date | None
    end: date | None
    net_minor: int
    currency: str
    is_decided: bool
    waived_codes: tuple[str, ...]
    is_credit: bool


def closed_items(session: Session, contract_ids: Iterable[UUID], since: datetime) -> list[Closed]:
    memo = aliased(Document)
    is_credited = (
        select(memo.id)
        .where(memo.corrects_id == Document.id, memo.kind == "credit_memo", memo.state != DocumentState.VOID)
        .exists()
    )
    net = (
        select(func.coalesce(func.sum(DocumentLine.amount_minor - DocumentLine.discount_minor), 0))
        .where(DocumentLine.document_id == Document.id, DocumentLine.schedule_item_id == ScheduleItem.id)
        .scalar_subquery()
    )
    statement = (
        select(ScheduleItem, Document, net, is_credited)
        .outerjoin(Document, Document.id == ScheduleItem.document_id)
        .where(
            is_one_of(ScheduleItem.contract_id, contract_ids),
            ScheduleItem.state == "billed",
            ScheduleItem.closed_at >= since,
        )
        .order_by(ScheduleItem.contract_id, ScheduleItem.period_start, ScheduleItem.id)
    )
    return [Closed(row[0], row[1], int(row[2]), bool(row[3])) for row in session.execute(statement)]


def first_issue(session: Session, source: str) -> date | None:
    """Since when invoices of a source are known here."""
    return session.scalar(select(func.min(Document.issue_date)).where(Document.source == source))


def stated_lines(session: Session, numbers: Iterable[str], source: str, since: date) -> list[Stated]:
    """Lines of the source's invoices of these contracts, and what credit memos of anybody gave back on them."""
    invoice = aliased(Document)
    billed = (
        select(*_columns(Document), _net(1))
        .join(DocumentLine, DocumentLine.document_id == Document.id)
        .where(is_one_of(Document.contract_number, list(numbers)), *_is_invoice(source, since))
    )
    credited = (
        select(*_columns(invoice), _net(-1))
        .select_from(Document)
        .join(invoice, invoice.id == Document.corrects_id)
        .join(DocumentLine, DocumentLine.document_id == Document.id)
        .where(is_one_of(invoice.contract_number, list(numbers)), invoice.source == source)
        .where(Document.kind == "credit_memo", Document.state != DocumentState.VOID)
        .where(invoice.issue_date >= since, invoice.state != DocumentState.VOID)
    )
    return [_stated(row, False) for row in session.execute(billed)] + [
        _stated(row, True) for row in session.execute(credited)
    ]


def unplaced_lines(
    session: Session, customer_ids: Iterable[UUID], source: str, since: date
) -> list[tuple[UUID, Stated]]:
    """Lines of the source's invoices that name no contract we know, by the customer they were made out to."""
    is_known = select(Contract.id).where(Contract.number == Document.contract_number).exists()
    statement = (
        select(*_columns(Document), _net(1), Document.customer_id)
        .join(DocumentLine, DocumentLine.document_id == Document.id)
        .where(is_one_of(Document.customer_id, customer_ids), ~is_known, *_is_invoice(source, since))
    )
    return [(row.customer_id, _stated(row, False)) for row in session.execute(statement)]


def _is_invoice(source: str, since: date) -> tuple[Any, ...]:
    return (
        Document.source == source,
        Document.kind == "invoice",
        Document.state != DocumentState.VOID,
        Document.issue_date >= since,
    )


def _columns(invoice: Any) -> tuple[Any, ...]:
    """What is said of a line, and of the invoice that it bills or corrects."""
    return (
        invoice.contract_number,
        invoice.id,
        invoice.number,
        invoice.currency,
        invoice.state,
        invoice.waived_codes,
        DocumentLine.product_code,
        func.coalesce(DocumentLine.period_start, invoice.period_start).label("first"),
        func.coalesce(DocumentLine.period_end, invoice.period_end).label("end"),
    )


def _net(sign: int) -> Any:
    return (sign * (DocumentLine.amount_minor - DocumentLine.discount_minor)).label("net_minor")


def _stated(row: Any, is_credit: bool) -> Stated:
    return Stated(
        contract_number=row.contract_number,
        document_id=row.id,
        number=row.number,
        product=row.product_code,
        first=row.first,
        end=row.end,
        net_minor=row.net_minor,
        currency=row.currency,
        is_decided=row.state not in _UNDECIDED,
        waived_codes=tuple(row.waived_codes),
        is_credit=is_credit,
    )


def posted(session: Session, numbers: Iterable[str], since: date, until: datetime) -> list[Document]:
    """Documents of these contracts that were posted between."""
    statement = select(Document).where(
        is_one_of(Document.contract_number, list(numbers)),
        Document.state == DocumentState.POSTED,
        Document.issue_date >= since,
        Document.posted_at < until,
    )
    return list(session.scalars(statement.order_by(Document.contract_number, Document.id)))


def latest_invoices(session: Session, numbers: Iterable[str]) -> dict[str, tuple[Document, bool]]:
    """The invoice issued last per contract of those that are decided, and whether something of it was credited."""
    memo = aliased(Document)
    is_credited = (
        select(memo.id)
        .where(memo.corrects_id == Document.id, memo.kind == "credit_memo", memo.state != DocumentState.VOID)
        .exists()
    )
    statement = (
        select(Document, is_credited)
        .distinct(Document.contract_number)
        .where(
            is_one_of(Document.contract_number, list(numbers)),
            Document.kind == "invoice",
            Document.is_issued,
            Document.state.not_in((*_UNDECIDED, DocumentState.VOID)),
        )
        .order_by(Document.contract_number, Document.issue_date.desc(), Document.id.desc())
    )
    return {row[0].contract_number or "": (row[0], bool(row[1])) for row in session.execute(statement)}


def entries(session: Session, system: str, keys: Iterable[str]) -> dict[str, LedgerEntry]:
    statement = select(LedgerEntry).where(LedgerEntry.system == system, is_one_of(LedgerEntry.key, list(keys)))
    return {row.key: row for row in session.scalars(statement) if row.key is not None}


def last_read(session: Session, system: str) -> datetime | None:
    """The latest change in the ledger that has come here: what it held before then is known."""
    return session.scalar(select(func.max(LedgerEntry.modified_at)).where(LedgerEntry.system == system))
