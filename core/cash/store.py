"""Rows of payments and applications; a repetition of either changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.canonical import PaymentRecord
from core.db.bulk import insert_rows, is_one_of
from core.db.tables import Application, Payment
from core.kit.ids import id_from

_PAID: dict[str, object] = {"kind": "payment", "credit_id": None}
_CREDITED: dict[str, object] = {"kind": "credit", "payment_id": None}


@dataclass(frozen=True, slots=True)
class Due:
    """A document that money can be put against."""

    id: UUID
    customer_id: UUID | None
    open_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit memo to be put against the invoice that it corrects."""

    id: UUID
    source: str
    source_ref: str
    document_id: UUID
    amount_minor: int
    # No more than the invoice still owes; the rest of the memo was refunded.
    applied_minor: int
    effective_on: date


def record_payments(
    session: Session, records: Sequence[PaymentRecord], dues: Mapping[str, Due], now: datetime
) -> set[UUID]:
    """Records new payments and applies them as far as something is open; the rest stays unapplied.

    `dues` by the id of the document at the source. Answers the ids of documents that were paid.
    """
    fresh = _unrecorded(session, records)
    open_left = _open(dues)
    payments, applications = [], []
    for record in fresh:
        due = dues.get(record.invoice_ref or "")
        applied = _taken(open_left, due, record.amount_minor, record.currency)
        payments.append(_payment_row(record, due, applied))
        if due is not None and applied:
            applications.append(_application_row(record, due.id, applied))
    if payments:
        same = {"source": fresh[0].source, "recorded_at": now}
        session.execute(insert_rows(Payment, payments, same).on_conflict_do_nothing())
    return _apply(session, applications, _PAID | {"recorded_at": now})


def _unrecorded(session: Session, records: Sequence[PaymentRecord]) -> list[PaymentRecord]:
    if not records:
        return []
    by_ref = {record.source_ref: record for record in records}
    statement = select(Payment.source_ref).where(
        Payment.source == records[0].source, is_one_of(Payment.source_ref, by_ref)
    )
    for ref in session.scalars(statement):
        del by_ref[ref]
    return sorted(by_ref.values(), key=lambda record: (record.received_on, record.source_ref))


def _open(dues: Mapping[str, Due]) -> dict[UUID, int]:
    return {due.id: due.open_minor for due in dues.values()}


def _taken(open_left: dict[UUID, int], due: Due | None, minor: int, currency: str) -> int:
    """How much of the money the document takes; the next payment finds that much less open."""
    if due is None or due.currency != currency:
        return 0
    taken = max(0, min(minor, open_left[due.id]))
    open_left[due.id] -= taken
    return taken


def _payment_row(record: PaymentRecord, due: Due | None, applied: int) -> dict[str, object]:
    return {
        "id": payment_id(record.source, record.source_ref),
        "source_ref": record.source_ref,
        "customer_id": due.customer_id if due else None,
        "invoice_ref": record.invoice_ref,
        "currency": record.currency,
        "amount_minor": record.amount_minor,
        "unapplied_minor": record.amount_minor - applied,
        "received_on": record.received_on,
        "method": record.method,
    }


def payment_id(source: str, source_ref: str) -> UUID:
    return id_from("payment", source, source_ref)


def _application_row(record: PaymentRecord, document: UUID, applied: int) -> dict[str, object]:
    return {
        "id": id_from("application", "payment", record.source, record.source_ref, str(document)),
        "source": record.source,
        "source_ref": record.source_ref,
        "payment_id": payment_id(record.source, record.source_ref),
        "document_id": document,
        "amount_minor": applied,
        "effective_on": record.received_on,
    }


def apply_waiting(session: Session, source: str, dues: Mapping[str, Due], now: datetime) -> set[UUID]:
    """Applies payments that came before their documents. Answers the ids of documents that were paid."""
    statement = select(Payment).where(
        Payment.source == source, is_one_of(Payment.invoice_ref, dues), Payment.unapplied_minor > 0
    )
    open_left = _open(dues)
    applications = []
    for payment in session.scalars(statement.order_by(Payment.received_on, Payment.source_ref).with_for_update()):
        due = dues[payment.invoice_ref or ""]
        payment.customer_id = payment.customer_id or due.customer_id
        applied = _taken(open_left, due, payment.unapplied_minor, payment.currency)
        if not applied:
            continue
        applications.append(_waiting_row(payment, due.id, applied))
        payment.unapplied_minor -= applied
    session.flush()
    return _apply(session, applications, _PAID | {"recorded_at": now})


def _waiting_row(payment: Payment, document: UUID, applied: int) -> dict[str, object]:
    """What is left of a payment that has paid something already is told apart by how much that was."""
    before = payment.amount_minor - payment.unapplied_minor
    ref = f"{payment.source_ref}:{before}" if before else payment.source_ref
    return {
        "id": id_from("application", "payment", payment.source, ref, str(document)),
        "source": payment.source,
        "source_ref": ref,
        "payment_id": payment.id,
        "document_id": document,
        "amount_minor": applied,
        "effective_on": payment.received_on,
    }


def apply_credits(session: Session, credits: Iterable[Credit], now: datetime) -> set[UUID]:
    """Puts credit memos against their invoices, and settles the memos themselves with the mirror amount."""
    rows = []
    for credit in credits:
        sides = ((credit.document_id, credit.applied_minor, "invoice"), (credit.id, -credit.amount_minor, "memo"))
        for document, amount, side in sides:
            rows.append(
                {
                    "id": id_from("application", "credit", side, credit.source, credit.source_ref),
                    "source": f"{credit.source}:{side}",
                    "source_ref": credit.source_ref,
                    "credit_id": credit.id,
                    "document_id": document,
                    "amount_minor": amount,
                    "effective_on": credit.effective_on,
                }
            )
    return _apply(session, rows, _CREDITED | {"recorded_at": now})


def credited(session: Session, document_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What each credit memo has taken off these documents."""
    statement = (
        select(Application.credit_id, func.sum(Application.amount_minor))
        .where(is_one_of(Application.document_id, document_ids), Application.credit_id.is_not(None))
        .group_by(Application.credit_id)
    )
    return {id: int(minor) for id, minor in session.execute(statement).tuples() if id is not None}


def _apply(session: Session, rows: list[dict[str, object]], same: Mapping[str, object]) -> set[UUID]:
    if rows:
        session.execute(insert_rows(Application, rows, same).on_conflict_do_nothing())
    return {row["document_id"] for row in rows if isinstance(row["document_id"], UUID)}
