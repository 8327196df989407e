"""Credit memos of an invoice, and the invoice that takes its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from core.db.bulk import is_one_of
from core.db.tables import Document, DocumentLine, ScheduleItem
from core.documents.model import HOUSE, DocumentState

# Why an invoice is given back, in whole or in part; what people choose from.
CREDIT_REASONS: dict[str, str] = {
    "wrong_price": "Wrong price",
    "wrong_quantity": "Wrong quantity",
    "wrong_details": "Wrong address, order number or tax id",
    "wrong_tax": "Wrong tax",
    "duplicate": "Billed twice",
    "contract_changed": "Contract changed or ended",
    "service_credit": "Service credit",
    "dispute": "Dispute upheld",
    "goodwill": "Goodwill",
}


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What credit memos that count have given back of an invoice: (position, net, tax) of lines that they name, and
    the sum of those that name none."""

    lines: tuple[tuple[int, int, int], ...]
    unplaced_minor: int
    total_minor: int


def credited_in_full(session: Session, invoice_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the invoices of which credit memos that have gone out leave nothing."""
    wanted = list(invoice_ids)
    if not wanted:
        return set()
    memo, invoice = aliased(Document), aliased(Document)
    statement = (
        select(invoice.id)
        .join(memo, memo.corrects_id == invoice.id)
        .where(
            is_one_of(invoice.id, wanted),
            memo.kind == "credit_memo",
            memo.state != DocumentState.VOID,
            memo.is_issued | (memo.source != HOUSE),
        )
        .group_by(invoice.id, invoice.total_minor)
        .having(func.sum(func.abs(memo.total_minor)) >= invoice.total_minor)
    )
    return set(session.scalars(statement))


def given_back(session: Session, invoice_id: UUID) -> GivenBack:
    memos = {
        id: -total
        for id, total in session.execute(
            select(Document.id, Document.total_minor).where(
                Document.corrects_id == invoice_id,
                Document.kind == "credit_memo",
                Document.state != DocumentState.VOID,
            )
        ).tuples()
    }
    statement = select(DocumentLine).where(
        is_one_of(DocumentLine.document_id, memos), DocumentLine.corrects_position.is_not(None)
    )
    rows = list(session.scalars(statement)) if memos else []
    named = {row.document_id for row in rows}
    lines = tuple((row.corrects_position or 0, row.amount_minor - row.discount_minor, row.tax_minor) for row in rows)
    unplaced = sum(total for id, total in memos.items() if id not in named)
    return GivenBack(lines, unplaced, sum(memos.values()))


@dataclass(frozen=True, slots=True)
class LineCredit:
    """Net amount that a credit memo gives back of a line of a billing schedule; 0 when it was withdrawn. `is_ours`: a
    billing run gave it back for a changed contract; otherwise a person did, for `reason`. `is_whole`: with others it
    gives back all of the line."""

    charge_key: str
    period_start: date
    net_minor: int
    reason: str | None
    is_ours: bool
    is_whole: bool


def line_credits(session: Session, contract_ids: Iterable[UUID]) -> dict[UUID, list[LineCredit]]:
    """What credit memos of the house give back of invoices that still bill what they billed, per contract id."""
    memo, given, line = aliased(Document), aliased(DocumentLine), aliased(DocumentLine)
    statement = (
        select(ScheduleItem.contract_id, line, given, memo)
        .join(memo, memo.id == given.document_id)
        .join(line, (line.document_id == memo.corrects_id) & (line.position == given.corrects_position))
        .join(ScheduleItem, ScheduleItem.id == line.schedule_item_id)
        .where(
            is_one_of(ScheduleItem.contract_id, list(contract_ids)),
            memo.kind == "credit_memo",
            memo.source == HOUSE,
            ScheduleItem.document_id == memo.corrects_id,
        )
    )
    rows = [(*each, 0 if each[3].state == DocumentState.VOID else _net(each[2])) for each in session.execute(statement)]
    given_of: dict[tuple[UUID, int], int] = defaultdict(int)
    for _, billed, _, _, net in rows:
        given_of[billed.document_id, billed.position] += net
    found: dict[UUID, list[LineCredit]] = defaultdict(list)
    for contract_id, billed, _, row, net in rows:
        if billed.charge_key is not None and billed.period_start is not None:
            is_whole = given_of[billed.document_id, billed.position] == _net(billed)
            about = (row.reason, row.run_id is not None, is_whole)
            found[contract_id].append(LineCredit(billed.charge_key, billed.period_start, net, *about))
    return found


def _net(line: DocumentLine) -> int:
    return line.amount_minor - line.discount_minor


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line of an invoice that can be credited; it bills the charge from `period_start` on."""

    document_id: UUID
    position: int
    charge_key: str
    period_start: date


def billed_lines(session: Session, contract_id: UUID, charge_keys: Iterable[str]) -> list[BilledLine]:
    """Lines of posted invoices that still bill something of these charges, the latest first."""
    statement = (
        select(DocumentLine.document_id, DocumentLine.position, DocumentLine.charge_key, DocumentLine.period_start)
        .join(ScheduleItem, ScheduleItem.id == DocumentLine.schedule_item_id)
        .join(Document, Document.id == DocumentLine.document_id)
        .where(
            ScheduleItem.contract_id == contract_id,
            ScheduleItem.document_id == Document.id,
            is_one_of(DocumentLine.charge_key, list(charge_keys)),
            Document.source == HOUSE,
            Document.kind == "invoice",
            Document.state == DocumentState.POSTED,
        )
        .order_by(Document.issue_date.desc(), Document.id.desc(), DocumentLine.position)
    )
    rows = session.execute(statement).tuples()
    return [
        BilledLine(id, position, key, day) for id, position, key, day in rows if key is not None and day is not None
    ]


def replacements(session: Session, memo_ids: Iterable[UUID]) -> list[UUID]:
    """Drafts that wait for these credit memos to go out: they bill again what the memos give back."""
    memo = aliased(Document)
    statement = (
        select(Document.id)
        .join(memo, memo.corrects_id == Document.replaces_id)
        .where(
            is_one_of(memo.id, list(memo_ids)),
            Document.state == DocumentState.DRAFT,
            Document.source == HOUSE,
        )
        .order_by(Document.id)
    )
    return list(session.scalars(statement))


def waiting_for_credit(session: Session, documents: Iterable[Document]) -> dict[UUID, str]:
    """Those that take the place of an invoice whose credit memo has not gone out, by the number of that invoice."""
    replaced = {row.id: row.replaces_id for row in documents if row.replaces_id is not None}
    if not replaced:
        return {}
    wanted = list(replaced.values())
    memos = select(Document.corrects_id).where(
        is_one_of(Document.corrects_id, wanted),
        Document.source == HOUSE,
        Document.kind == "credit_memo",
        Document.is_issued,
        Document.state != DocumentState.VOID,
    )
    credited = set(session.scalars(memos))
    numbers = {row.id: row.number for row in session.scalars(select(Document).where(is_one_of(Document.id, wanted)))}
    return {id: numbers[old] for id, old in replaced.items() if old not in credited and old in numbers}


def replacement_of(session: Session, invoice_id: UUID) -> Document | None:
    """The invoice that takes this one's place, locked."""
    statement = (
        select(Document)
        .where(Document.replaces_id == invoice_id, Document.state != DocumentState.VOID)
        .order_by(Document.id.desc())
        .limit(1)
        .with_for_update()
    )
    return session.scalar(statement)


def memos_against(session: Session, invoice_ids: Iterable[UUID]) -> list[Document]:
    """Credit memos of these invoices that count, locked; each as whoever had it before has left it."""
    statement = select(Document).where(
        is_one_of(Document.corrects_id, invoice_ids),
        Document.kind == "credit_memo",
        Document.state != DocumentState.VOID,
    )
    locked = statement.order_by(Document.id).with_for_update()
    return list(session.scalars(locked.execution_options(populate_existing=True)))


def memos_of(session: Session, invoice_id: UUID) -> Sequence[Document]:
    """Credit memos of the invoice that count, oldest first."""
    statement = select(Document).where(
        Document.corrects_id == invoice_id, Document.kind == "credit_memo", Document.state != DocumentState.VOID
    )
    return session.scalars(statement.order_by(Document.recorded_at, Document.id)).all()
