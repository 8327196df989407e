"""Open items as of any day, and what was billed, as sums of the store's rows.

Open at the close of a day = issued on or before it and not settled by then. What is open now is kept on the document;
a past day adds back the applications that became effective after it, so the cost is that of what is open and of what
happened since, never of all history. Void documents count nowhere; credit memos and unapplied cash have sums of their
own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from core.db.tables import Application, Customer, Document, Payment
from core.documents.model import DocumentState
from core.reporting.formulas import BUCKETS

Basis = Literal["due", "invoice"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which legal entities are meant: the one chosen, within those the reader may see (None = all)."""

    entity: str | None = None
    allowed: frozenset[str] | None = None

    def holds(self, column: Any) -> ColumnElement[bool]:
        """The condition on a column that holds the code of the entity."""
        conditions: list[ColumnElement[bool]] = [true()]
        if self.entity is not None:
            conditions.append(column == self.entity)
        if self.allowed is not None:
            conditions.append(column.in_(sorted(self.allowed)))
        return and_(*conditions)


@dataclass(frozen=True, slots=True)
class OpenSum:
    currency: str
    bucket: str
    open_minor: int
    count: int


@dataclass(frozen=True, slots=True)
class BilledMonth:
    month: date
    currency: str
    billed_minor: int


def receivable(document: Any = Document) -> ColumnElement[bool]:
    """What the house drafted and has not released is not owed by anybody."""
    return and_(document.kind == "invoice", document.state != DocumentState.VOID, document.is_issued)


def open_on(as_of: date, document: Any = Document) -> ColumnElement[bool]:
    """Issued by the close of the day, and open now or settled later."""
    # Said within both, so that the index of what is settled answers it too.
    is_issued = document.issue_date <= as_of
    return or_(and_(document.open_minor != 0, is_issued), and_(document.settled_on > as_of, is_issued))


def basis_date(basis: Basis, document: Any = Document) -> ColumnElement[date]:
    column: ColumnElement[date] = document.due_date if basis == "due" else document.issue_date
    return column


def days_past(as_of: date, basis: Basis, document: Any = Document) -> ColumnElement[int]:
    return cast(literal(as_of, Date) - basis_date(basis, document), Integer)


def bucket_case(as_of: date, basis: Basis, document: Any = Document) -> ColumnElement[str]:
    past = days_past(as_of, basis, document)
    edges = zip((0, 30, 60, 90), BUCKETS, strict=False)
    return case(*((past <= edge, name) for edge, name in edges), else_=BUCKETS[-1])


def later_applications(as_of: date) -> CTE:
    """What was applied after the day, per document: added back, it gives what was open on the day."""
    return (
        select(
            Application.document_id.label("id"), cast(func.sum(Application.amount_minor), BigInteger).label("amount")
        )
        .where(Application.effective_on > as_of)
        .group_by(Application.document_id)
        .cte("later")
        # Summed once, not once per parallel worker.
        .prefix_with("MATERIALIZED")
    )


def open_amount(later: CTE, document: Any = Document) -> ColumnElement[int]:
    amount: ColumnElement[int] = document.open_minor + func.coalesce(later.c.amount, 0)
    return amount


def open_groups(
    session: Session, which: ColumnElement[bool], as_of: date, basis: Basis, groups: Sequence[ColumnElement[Any]] = ()
) -> Sequence[Any]:
    """Open amount and count per (groups..., currency, bucket), of the documents that are meant. Customers are joined,
    so a group may be of them."""
    later = later_applications(as_of)
    amount = open_amount(later)
    bucket = bucket_case(as_of, basis).label("bucket")
    statement = (
        select(*groups, Document.currency, bucket, func.sum(amount), func.count())
        .outerjoin(later, later.c.id == Document.id)
        .where(receivable(), open_on(as_of), amount != 0, which)
        .group_by(*groups, Document.currency, bucket)
    )
    if groups:
        statement = statement.outerjoin(Customer, Customer.id == Document.customer_id)
    rows: Sequence[Any] = session.execute(statement).all()
    return rows


def open_sums(session: Session, scope: Scope, as_of: date, basis: Basis = "due") -> list[OpenSum]:
    rows = open_groups(session, scope.holds(Document.entity), as_of, basis)
    return [OpenSum(row[0], row[1], int(row[2]), row[3]) for row in rows]


def open_totals(session: Session, scope: Scope, as_of: date) -> list[tuple[str, int]]:
    """(currency, minor) of what was open at the close of the day: `open_sums` without its ages, for a third of the
    cost on a day long past."""
    was_open = and_(receivable(), open_on(as_of), scope.holds(Document.entity))
    now = (
        select(Document.currency, func.sum(Document.open_minor))
        .where(was_open, Document.open_minor != 0)
        .group_by(Document.currency)
    )
    applied_since = (
        select(Document.currency, func.sum(Application.amount_minor))
        .join(Application, Application.document_id == Document.id)
        .where(was_open, Application.effective_on > as_of)
        .group_by(Document.currency)
    )
    return _added_up(session, now, applied_since)


def billed_between(session: Session, scope: Scope, first: date, last: date) -> list[tuple[str, int, int]]:
    """(currency, billed minor, invoices) of the days, by invoice date, tax included."""
    statement = (
        select(Document.currency, func.sum(Document.total_minor), func.count())
        .where(receivable(), Document.issue_date.between(first, last), scope.holds(Document.entity))
        .group_by(Document.currency)
    )
    return [(currency, int(billed), count) for currency, billed, count in session.execute(statement)]


def billed_months(session: Session, scope: Scope, first: date, last: date) -> list[BilledMonth]:
    """What was billed per calendar month and currency in the days, by invoice date, tax included."""
    month = cast(func.date_trunc("month", Document.issue_date), Date).label("month")
    statement = (
        select(month, Document.currency, func.sum(Document.total_minor))
        .where(receivable(), Document.issue_date.between(first, last), scope.holds(Document.entity))
        .group_by(month, Document.currency)
    )
    return [BilledMonth(row[0], row[1], int(row[2])) for row in session.execute(statement)]


def first_issue(session: Session) -> date | None:
    return session.scalar(select(func.min(Document.issue_date)).where(Document.is_issued))


def unused_credits(session: Session, scope: Scope, as_of: date) -> list[tuple[str, int]]:
    """(currency, positive minor) of credit memos issued by the day and not used up by its close.

    A memo's own amounts are negative, and it is settled by applications of its own.
    """
    later = later_applications(as_of)
    left = -open_amount(later)
    statement = (
        select(Document.currency, func.sum(left))
        .outerjoin(later, later.c.id == Document.id)
        .where(
            Document.kind == "credit_memo",
            Document.state != DocumentState.VOID,
            Document.is_issued,
            open_on(as_of),
            scope.holds(Document.entity),
        )
        .group_by(Document.currency)
    )
    return [(currency, int(amount)) for currency, amount in session.execute(statement)]


def unapplied_cash(session: Session, scope: Scope, as_of: date) -> list[tuple[str, int]]:
    """(currency, minor) of money received by the day and not put against a document by its close."""
    owned = scope.holds(Customer.entity)
    now = (
        select(Payment.currency, func.sum(Payment.unapplied_minor))
        .outerjoin(Customer, Customer.id == Payment.customer_id)
        .where(Payment.unapplied_minor != 0, Payment.received_on <= as_of, owned)
        .group_by(Payment.currency)
    )
    applied_since = (
        select(Payment.currency, func.sum(Application.amount_minor))
        .select_from(Application)
        .join(Payment, Payment.id == Application.payment_id)
        .outerjoin(Customer, Customer.id == Payment.customer_id)
        .where(Application.effective_on > as_of, Payment.received_on <= as_of, owned)
        .group_by(Payment.currency)
    )
    return _added_up(session, now, applied_since)


def _added_up(session: Session, now: Select[str, int], applied_since: Select[str, int]) -> list[tuple[str, int]]:
    """What two statements say per currency, added; currencies that come to nothing are left out."""
    sums: Counter[str] = Counter()
    for currency, minor in session.execute(now.union_all(applied_since)):
        sums[currency] += int(minor)
    return [(currency, minor) for currency, minor in sorted(sums.items()) if minor]
