"""What collectors do: log a contact, take a promise, open and close a dispute."""

from __future__ import annotations

from uuid import UUID

from core.audit.model import Note
from core.collections import store as collections
from core.db.tables import Customer, Dispute, Document, Promise
from core.disputes import store as disputes
from core.disputes.model import DisputeState
from core.documents import store as documents
from core.kit.errors import NotFound, Refused
from core.kit.ids import new_id
from core.kit.money import format_minor, to_minor
from core.kit.systems import title_of
from core.workflow.commands import CloseDispute, LogContact, OpenDispute, RecordPromise
from core.workflow.context import Context, Outcome
from core.workflow.permissions import check_entities


def _customer(ctx: Context, id: UUID) -> Customer:
    row = ctx.session.get(Customer, id)
    if row is None or not ctx.actor.may_see(row.entity):
        raise NotFound("This customer")
    return row


def log_contact(command: LogContact, ctx: Context) -> Outcome:
    customer = _customer(ctx, command.customer_id)
    if not command.outcome.strip():
        raise Refused("contact.empty", "Say how the contact went.")
    what = (command.kind, command.outcome, command.note)
    collections.log_contact(ctx.session, customer.id, what, ctx.actor.label, ctx.now)
    sentence = f"Logged a {command.kind} with {customer.name}: {command.outcome}"
    return Outcome({"n": 1}, (Note(sentence, f"customer:{customer.id}", {"note": command.note}),))


def record_promise(command: RecordPromise, ctx: Context) -> Outcome:
    customer = _customer(ctx, command.customer_id)
    if command.promised_on < ctx.now.date():
        raise Refused("promise.past", "A promise cannot be for a day that has passed.")
    amount = to_minor(command.amount, command.currency)
    if amount <= 0:
        raise Refused("promise.amount", "A promise needs an amount above zero.")
    _check_owed(ctx, customer, amount, command.currency)
    promise = Promise(
        id=new_id(),
        customer_id=customer.id,
        currency=command.currency,
        amount_minor=amount,
        promised_on=command.promised_on,
        note=command.note,
        state="open",
        made_by=ctx.actor.label,
        made_at=ctx.now,
    )
    collections.add_promise(ctx.session, promise)
    sentence = (
        f"{customer.name} promised {command.currency} {format_minor(amount, command.currency)} "
        f"by {command.promised_on:%d %b %Y}."
    )
    return Outcome({"n": 1}, (Note(sentence, f"customer:{customer.id}", {"note": command.note}),))


def _check_owed(ctx: Context, customer: Customer, amount: int, currency: str) -> None:
    """Raises Refused for more than all that is open: a slip of the hand would end the chasing of everything."""
    owed = collections.open_of(ctx.session, customer.id, currency)
    if owed == 0:
        raise Refused("promise.nothing", f"{customer.name} owes nothing in {currency}; there is nothing to promise.")
    if amount > owed:
        raise Refused(
            "promise.above",
            f"{customer.name} owes {currency} {format_minor(owed, currency)} in all, due or not; "
            f"{currency} {format_minor(amount, currency)} is more than that.",
        )


def open_dispute(command: OpenDispute, ctx: Context) -> Outcome:
    row = documents.get(ctx.session, command.document.id, command.document.revision)
    check_entities(ctx.actor, [row.entity])
    if row.open_minor <= 0:
        raise Refused("dispute.settled", f"Invoice {row.number} is settled; there is nothing to dispute.")
    amount = row.open_minor if command.amount is None else to_minor(command.amount, row.currency)
    if not 0 < amount <= row.total_minor:
        raise Refused("dispute.amount", f"At most {format_minor(row.total_minor, row.currency)} can be disputed.")
    dispute_id = new_id()
    ctx.session.add(
        Dispute(
            id=dispute_id,
            source="house",
            source_ref=str(command.command_id),
            kind="customer",
            document_id=row.id,
            customer_id=row.customer_id,
            reason=command.reason,
            sentence=command.sentence,
            currency=row.currency,
            amount_minor=amount,
            state=DisputeState.OPEN,
            opened_at=ctx.now,
        )
    )
    ctx.session.flush()
    disputes.mark_documents(ctx.session, [row.id])
    documents.leave_transitions(ctx.session, "dispute", [(dispute_id, None, "open")], ctx.now, ctx.actor.label)
    sentence = f"Dispute opened on invoice {row.number}: {command.reason}."
    return Outcome({"n": 1}, (Note(sentence, f"invoice:{row.id}", {"sentence": command.sentence}),))


def _entity_of(ctx: Context, row: Dispute) -> str | None:
    """That of the document in dispute, else the customer's."""
    document = ctx.session.get(Document, row.document_id) if row.document_id else None
    if document is not None and document.entity is not None:
        return document.entity
    customer = ctx.session.get(Customer, row.customer_id) if row.customer_id else None
    return customer.entity if customer is not None else None


def close_dispute(command: CloseDispute, ctx: Context) -> Outcome:
    row = disputes.get_open(ctx.session, command.dispute.id, command.dispute.revision)
    check_entities(ctx.actor, [_entity_of(ctx, row)])
    if row.source != "house":
        raise Refused(
            "dispute.elsewhere", f"This dispute is settled in {title_of(row.source)}; its outcome arrives from there."
        )
    row.state = command.outcome
    row.closed_at = ctx.now
    row.outcome_note = command.note
    row.revision += 1
    ctx.session.flush()
    disputes.mark_documents(ctx.session, [row.document_id] if row.document_id else [])
    steps = [(row.id, "open", command.outcome)]
    documents.leave_transitions(ctx.session, "dispute", steps, ctx.now, ctx.actor.label, command.note)
    sentence = f"Dispute {command.outcome}: {command.note}"
    return Outcome({"n": 1}, (Note(sentence, f"invoice:{row.document_id}", {"reason": row.reason}),))
