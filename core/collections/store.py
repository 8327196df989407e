"""Rows of contacts and promises."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.tables import Application, ContactLog, Document, Payment, Promise
from core.kit.ids import new_id


def log_contact(session: Session, customer_id: UUID, what: tuple[str, str, str | None], by: str, now: datetime) -> None:
    """`what`: kind, outcome, note."""
    kind, outcome, note = what
    session.add(ContactLog(id=new_id(), customer_id=customer_id, kind=kind, outcome=outcome, note=note, at=now, by=by))


def open_of(session: Session, customer_id: UUID, currency: str) -> int:
    """What the customer owes in that currency, due or not, in minor units."""
    owed = select(func.coalesce(func.sum(Document.open_minor), 0)).where(
        Document.customer_id == customer_id,
        Document.currency == currency,
        Document.kind == "invoice",
        Document.state != "void",
        Document.is_issued,
        Document.open_minor > 0,
    )
    return int(session.scalars(owed).one())


def add_promise(session: Session, promise: Promise) -> None:
    """A new promise takes the place of the open one of the same customer and currency: re-dated is broken, unless the
    earlier promise was paid by now."""
    earlier = select(Promise).where(
        Promise.customer_id == promise.customer_id, Promise.currency == promise.currency, Promise.state == "open"
    )
    for each in session.scalars(earlier.order_by(Promise.made_at).with_for_update()):
        _judge(session, each)
    session.add(promise)


def settle_promises(session: Session, today: date) -> dict[str, int]:
    """Judges promises that have fallen due: kept if at least the amount was paid since, else broken."""
    counts = {"kept": 0, "broken": 0}
    due = select(Promise).where(Promise.state == "open", Promise.promised_on < today)
    for promise in session.scalars(due.with_for_update()):
        _judge(session, promise)
        counts[promise.state] += 1
    return counts


def _judge(session: Session, promise: Promise) -> None:
    """Kept when at least the amount was paid from the day on which it was made to that on which it is due. What was
    known when it was made does not count, whatever becomes of it later: that money has kept an earlier promise, or was
    no answer to this one."""
    paid = session.scalar(
        select(func.coalesce(func.sum(Application.amount_minor), 0))
        .join(Document, Document.id == Application.document_id)
        .join(Payment, Payment.id == Application.payment_id)
        .where(
            Document.customer_id == promise.customer_id,
            Document.currency == promise.currency,
            Application.kind == "payment",
            Application.effective_on >= promise.made_at.date(),
            Application.effective_on <= promise.promised_on,
            Payment.recorded_at >= promise.made_at,
        )
    )
    promise.state = "kept" if (paid or 0) >= promise.amount_minor else "broken"
