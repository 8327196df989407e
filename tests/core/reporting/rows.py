"""Rows straight into the store, for read models: no handler stands between the test and what it reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.db.tables import (
    Application,
    Approval,
    Case,
    Customer,
    Dispute,
    Document,
    FxRate,
    LedgerEntry,
    Payment,
    Transition,
)
from core.documents.model import natural_key
from core.kit.ids import new_id

AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


def instant(day: date) -> datetime:
    return datetime.combine(day, time(9), UTC)


def customer(session: Session, **facts: Any) -> Customer:
    row = Customer(
        **{
            "id": new_id(),
            "number": "C-1",
            "name": "Nordlicht Logistik GmbH",
            "entity": "DE",
            "segment": "Mid-market",
            "currency": "EUR",
            "updated_at": AT,
            **facts,
        }
    )
    session.add(row)
    session.flush()
    return row


def document(session: Session, **facts: Any) -> Document:
    """A posted, open invoice of 100.00, issued on 1 October 2026 and due on the 31st."""
    id = facts.pop("id", new_id())
    total = facts.setdefault("total_minor", 10_000)
    issued = facts.setdefault("issue_date", date(2026, 10, 1))
    row = Document(
        **{
            "id": id,
            "kind": "invoice",
            "source": "stripe",
            "source_ref": str(id),
            "content_hash": "x",
            "number": f"INV-{str(id)[-6:]}",
            "entity": "US",
            "customer_name": "Nordlicht Logistik GmbH",
            "currency": "USD",
            "due_date": date(2026, 10, 31),
            "subtotal_minor": total,
            "discount_minor": 0,
            "tax_minor": 0,
            "open_minor": total,
            "state": "posted",
            "recorded_at": instant(issued),
            "released_at": instant(issued),
            "posted_at": instant(issued),
            "findings": [],
            "waived_codes": [],
            "changed_by": [],
            "corrections": {},
            **facts,
        }
    )
    session.add(row)
    session.flush()
    return row


def pay(session: Session, row: Document, amount_minor: int, on: date, kind: str = "payment", **facts: Any) -> None:
    """Puts money (or a credit) against a document and keeps what is open and since when nothing is."""
    id = new_id()
    payment_id: UUID | None = None
    if kind == "payment":
        payment_id = new_id()
        session.add(
            Payment(
                id=payment_id,
                source="stripe",
                source_ref=str(payment_id),
                customer_id=row.customer_id,
                currency=row.currency,
                amount_minor=amount_minor,
                unapplied_minor=0,
                received_on=on,
                method="bank",
                recorded_at=AT,
            )
        )
        session.flush()
    session.add(
        Application(
            **{
                "id": id,
                "source": "stripe",
                "source_ref": str(id),
                "kind": kind,
                "payment_id": payment_id,
                "credit_id": None,
                "document_id": row.id,
                "amount_minor": amount_minor,
                "effective_on": on,
                "recorded_at": AT,
                **facts,
            }
        )
    )
    row.open_minor -= amount_minor
    row.settled_on = on if row.open_minor == 0 else None
    session.flush()


def rate(session: Session, currency: str, day: date, units: str) -> None:
    session.add(FxRate(currency=currency, day=day, rate=Decimal(units)))
    session.flush()


def dispute(session: Session, row: Document, **facts: Any) -> Dispute:
    id = new_id()
    found = Dispute(
        **{
            "id": id,
            "source": "house",
            "source_ref": str(id),
            "kind": "customer",
            "number": f"D-{str(id)[-4:]}",
            "document_id": row.id,
            "customer_id": row.customer_id,
            "reason": "price",
            "currency": row.currency,
            "amount_minor": row.total_minor,
            "state": "open",
            "opened_at": AT,
            **facts,
        }
    )
    session.add(found)
    session.flush()
    return found


def case(session: Session, **facts: Any) -> Case:
    id = new_id()
    row = Case(
        **{
            "id": id,
            "key": str(id),
            "code": "price.outdated",
            "type": "pricing",
            "cause": "price",
            "sentence": "The price is outdated.",
            "evidence": {},
            "entity": "US",
            "stake_minor": 10_000,
            "queue": "billing",
            "state": "open",
            "is_blocking": True,
            "opened_at": AT,
            "due_at": AT,
            **facts,
        }
    )
    session.add(row)
    session.flush()
    return row


def approval(session: Session, row: Document, **facts: Any) -> Approval:
    found = Approval(
        **{
            "id": new_id(),
            "document_id": row.id,
            "round": 1,
            "step": 1,
            "reason": "Above 10,000",
            "role": "approver",
            "entity": row.entity,
            "amount_minor": row.total_minor,
            "state": "waiting",
            "requested_at": AT,
            "due_at": AT,
            **facts,
        }
    )
    session.add(found)
    session.flush()
    return found


def ledger_entry(session: Session, row: Document, **facts: Any) -> LedgerEntry:
    """What the ledger keeps of a document."""
    found = LedgerEntry(
        **{
            "id": new_id(),
            "system": "netsuite",
            "kind": row.kind,
            "external_id": f"ns-{row.id}",
            "key": natural_key(row.source, row.source_ref),
            "number": row.number,
            "currency": row.currency,
            "total_minor": row.total_minor,
            "open_minor": 0,
            "dated_on": row.issue_date,
            "modified_at": AT,
            **facts,
        }
    )
    session.add(found)
    session.flush()
    return found


def transitions(session: Session, row: Document, steps: Sequence[tuple[str, str]], actor: str = "job:intake") -> None:
    for old, new in steps:
        session.add(
            Transition(id=new_id(), subject="document", subject_id=row.id, old=old, new=new, at=AT, actor=actor)
        )
    session.flush()
