"""Rows of contacts and promises."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db.tables import Application, ContactLog, Document, Promise
from core.kit.ids import new_id


def log_contact(session: Session, customer_id: UUID, what: tuple[str, str, str | None], by: str, now: datetime) -> None:
    """`what`: kind, outcome, note."""
    kind, outcome, note = what
    session.add(ContactLog(id=new_id(), customer_id=customer_id, kind=kind, outcome=outcome, note=note, at=now, by=by))


def add_promise(session: Session, promise: Promise) -> None:
    """A new promise takes the place of the open one of the same customer: re-dated is broken."""
    session.execute(
        update(Promise)
        .where(Promise.customer_id == promise.customer_id, Promise.state == "open")
        .values(state="broken")
    )
    session.add(promise)


def settle_promises(session: Session, today: date) -> dict[str, int]:
    """Judges promises that have fallen due: kept if at least the amount was paid since, else broken."""
    counts = {"kept": 0, "broken": 0}
    due = select(Promise).where(Promise.state == "open", Promise.promised_on < today)
    for promise in session.scalars(due.with_for_update()):
        paid = session.scalar(
            select(func.coalesce(func.sum(Application.amount_minor), 0))
            .join(Document, Document.id == Application.document_id)
            .where(
                Document.customer_id == promise.customer_id,
                Document.currency == promise.currency,
                Application.kind == "payment",
                Application.effective_on >= promise.made_at.date(),
                Application.effective_on <= promise.promised_on,
            )
        )
        promise.state = "kept" if (paid or 0) >= promise.amount_minor else "broken"
        counts[promise.state] += 1
    return counts
