"""What of a ledger file is not here yet, and whether the rest says what is here.

An invoice is known by its number. What its rows say of an invoice that is here must be what is here; only what may come
later in its life is added: a payment where none is, a dispute where none is, the end of a dispute by that payment.
Everything else could be meant in two ways and is refused, the file as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.canonical import CustomerRecord, DisputeRecord, InvoiceRecord, PaymentRecord
from core.db.bulk import is_one_of
from core.db.tables import Customer, Dispute, Document, Payment
from core.disputes.model import DisputeState
from core.kit.errors import Refused
from core.kit.money import format_minor
from core.kit.words import counted, day_in_words
from core.parties import store as parties
from core.workflow.actors import Actor
from core.workflow.commands import ImportLedger
from core.workflow.import_limits import limits_of
from core.workflow.permissions import check_entities

_SOURCE = "import"


@dataclass(frozen=True, slots=True)
class Known:
    """A customer as it will be, and as it was (None = new)."""

    record: CustomerRecord
    before: Customer | None


@dataclass(frozen=True, slots=True)
class News:
    """What is to be recorded: new facts, and customers that are new or changed."""

    customers: tuple[Known, ...]
    invoices: tuple[InvoiceRecord, ...]
    payments: tuple[PaymentRecord, ...]
    disputes: tuple[DisputeRecord, ...]

    @property
    def counts(self) -> dict[str, int]:
        return {
            "customers": len(self.customers),
            "invoices": len(self.invoices),
            "payments": len(self.payments),
            "disputes": len(self.disputes),
        }


def news_of(session: Session, command: ImportLedger, actor: Actor, today: date) -> News:
    """Raises Refused for a file that its bringer may not bring, or that says something else than what is here."""
    _check(session, command, actor, today)
    customers = _customers(session, command.customers, actor)
    here = _Here(session, [record.source_ref for record in command.invoices])
    payments = {record.invoice_ref: record for record in command.payments}
    disputes = {record.invoice_ref: record for record in command.disputes}
    _refuse(
        command,
        [
            next(here.differences(record, payments.get(record.source_ref), disputes.get(record.source_ref)), None)
            for record in command.invoices
        ],
    )
    return News(
        customers=customers,
        invoices=tuple(record for record in command.invoices if record.source_ref not in here.documents),
        payments=tuple(record for ref, record in payments.items() if ref not in here.payments),
        disputes=tuple(record for record in disputes.values() if here.is_news(record)),
    )


def _check(session: Session, command: ImportLedger, actor: Actor, today: date) -> None:
    """Whoever made the command, the file is held against what its bringer may say."""
    named = {each.entity for each in command.invoices} | {each.entity for each in command.customers}
    check_entities(actor, named)
    limits = limits_of(session, actor, today)
    for record in command.invoices:
        days = (record.issue_date, record.due_date)
        fault = limits.about_entity(record.entity) or next(filter(None, map(limits.about_day, days)), None)
        if fault:
            raise Refused("import.bad_rows", f"Invoice {record.number}: {fault} Nothing was imported.")


def _customers(session: Session, records: Sequence[CustomerRecord], actor: Actor) -> tuple[Known, ...]:
    """New and changed ones. A customer that is here stays with its legal entity, and with its name where the file has
    only the number."""
    linked = parties.linked(session, "customer", _SOURCE, [record.source_ref for record in records])
    rows = parties.customers(session, [UUID(id) for id in linked.values()])
    here = {ref: rows[UUID(id)] for ref, id in linked.items() if UUID(id) in rows}
    check_entities(actor, {row.entity for row in here.values()})
    found = []
    for record in records:
        row = here.get(record.source_ref)
        if row is None:
            found.append(Known(record, None))
            continue
        name = row.name if record.name == record.number else record.name
        entity = row.entity or record.entity
        if (name, entity) != (row.name, row.entity):
            found.append(Known(record.model_copy(update={"name": name, "entity": entity}), row))
    return tuple(found)


class _Here:
    """What earlier files have brought of these invoices, by their numbers."""

    def __init__(self, session: Session, refs: Sequence[str]) -> None:
        self.documents: dict[str, Any] = _by_ref(
            session,
            Document,
            refs,
            *(Document.entity, Document.customer_ref, Document.currency),
            *(Document.total_minor, Document.issue_date, Document.due_date),
        )
        self.payments: dict[str, Any] = _by_ref(session, Payment, refs, Payment.amount_minor, Payment.received_on)
        self.disputes: dict[str, Any] = _by_ref(session, Dispute, refs, Dispute.state)

    def differences(
        self, record: InvoiceRecord, payment: PaymentRecord | None, dispute: DisputeRecord | None
    ) -> Iterator[str]:
        """What the file says otherwise than what is here, without a full stop; nothing of an invoice that is new."""
        row = self.documents.get(record.source_ref)
        if row is None:
            return
        if row.entity != record.entity:
            # Whose it is instead is not for everybody who may bring files.
            yield "belongs to another legal entity here"
            return
        yield from _of_invoice(record, row)
        yield from self._of_payment(record, payment)
        yield from self._of_dispute(record, dispute)

    def _of_payment(self, record: InvoiceRecord, payment: PaymentRecord | None) -> Iterator[str]:
        row = self.payments.get(record.source_ref)
        if row is None:
            return
        said = (payment.amount_minor, payment.received_on) if payment else None
        if said != (row.amount_minor, row.received_on):
            paid = _paid(row.amount_minor, row.received_on, record.currency)
            new = _paid(*said, record.currency) if said else "none"
            yield f"has a payment of {paid} here, and the file says {new}"

    def _of_dispute(self, record: InvoiceRecord, dispute: DisputeRecord | None) -> Iterator[str]:
        row = self.disputes.get(record.source_ref)
        if row is None:
            return
        if dispute is None:
            yield "has a dispute here, and the file does not say how that ended"
        elif dispute.state != row.state and row.state != DisputeState.OPEN:
            yield f"has a dispute here that was {row.state}, and the file says that it is {dispute.state}"

    def is_news(self, dispute: DisputeRecord) -> bool:
        row = self.disputes.get(dispute.source_ref)
        return row is None or row.state != dispute.state


def _by_ref(session: Session, table: Any, refs: Sequence[str], *columns: Any) -> dict[str, Any]:
    statement = select(table.source_ref, *columns).where(table.source == _SOURCE, is_one_of(table.source_ref, refs))
    return {row.source_ref: row for row in session.execute(statement)}


def _of_invoice(record: InvoiceRecord, row: Any) -> Iterator[str]:
    code = record.currency
    sides = (
        ("customer", row.customer_ref or record.customer_ref, record.customer_ref),
        ("currency", row.currency, code),
        ("amount", format_minor(row.total_minor, row.currency), format_minor(record.total_minor, code)),
        ("invoice date", day_in_words(row.issue_date), day_in_words(record.issue_date)),
        ("due date", day_in_words(row.due_date), day_in_words(record.due_date)),
    )
    for name, old, new in sides:
        if old != new:
            yield f"has the {name} {old} here, and the file says {new}"


def _paid(minor: int, on: date, currency: str) -> str:
    return f"{format_minor(minor, currency)} on {day_in_words(on)}"


def _refuse(command: ImportLedger, differences: Sequence[str | None]) -> None:
    """Refuses the file for the first of its rows that says something else, and tells how many more there are."""
    wrong = [at for at, sentence in enumerate(differences) if sentence]
    if not wrong:
        return
    first, more = wrong[0], len(wrong) - 1
    where = f"Row {command.rows[first]}: invoice" if first < len(command.rows) else "Invoice"
    others = f" {counted(more, 'more row')} {'differs' if more == 1 else 'differ'} too." if more else ""
    raise Refused(
        "import.changed",
        f"{where} {command.invoices[first].number} {differences[first]}.{others} Nothing was imported.",
    )
