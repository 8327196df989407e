"""Outcomes of posting attempts, and what people do with deliveries that stopped."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from core.audit.model import Note
from core.cases import store as cases
from core.cases.model import NewCase
from core.db.tables import Case, Delivery, Document
from core.documents import store as documents
from core.documents.model import DocumentState
from core.kit.errors import Forbidden, Refused
from core.kit.money import format_minor
from core.kit.systems import title_of
from core.parties import store as parties
from core.posting import store as posting
from core.posting.model import DeliveryState
from core.runtime import defer
from core.validation.model import TYPES
from core.workflow.command import Target
from core.workflow.commands import RecordDelivery, RetryDeliveries, SetAsideDeliveries
from core.workflow.context import Context, Outcome
from core.workflow.deciding import case_key, raise_cases
from core.workflow.releasing import DELIVER


def record_delivery(command: RecordDelivery, ctx: Context) -> Outcome:
    delivery = posting.get(ctx.session, command.delivery_id)
    posting.end_attempt(ctx.session, delivery.id, command.attempt, command.outcome, command.exchange, ctx.now)
    if delivery.state == DeliveryState.DELIVERED:
        return Outcome({"state": delivery.state})
    delivery.error_code, delivery.error = command.error_code, command.error
    document = documents.get(ctx.session, delivery.document_id)
    match command.outcome:
        case "delivered":
            notes = _delivered(ctx, delivery, document, command)
        case "refused":
            notes = _refused(ctx, delivery, document, command)
        case "in_doubt":
            # Looked up no sooner than the call can have ended.
            pause = timedelta(seconds=command.retry_in_seconds or posting.SETTLE.total_seconds())
            notes = _again(ctx, delivery, DeliveryState.IN_DOUBT, pause)
        case "retry" | "misconfigured":
            notes = _again(ctx, delivery, DeliveryState.RETRYING, timedelta(seconds=command.retry_in_seconds or 30))
    return Outcome({"state": delivery.state}, notes)


def _delivered(ctx: Context, delivery: Delivery, document: Document, command: RecordDelivery) -> tuple[Note, ...]:
    posting.move(delivery, DeliveryState.DELIVERED)
    delivery.external_id, delivery.external_number = command.external_id, command.external_number
    delivery.delivered_at = ctx.now
    if document.state != DocumentState.VOID:
        documents.move(ctx.session, [document], DocumentState.POSTED, ctx.now, ctx.actor.label)
    link = ("document", str(document.id), delivery.system, f"{document.kind}:{command.external_id}")
    parties.save_links(ctx.session, [link], ctx.now)
    by, how = ctx.actor.label, "The ledger has it now"
    cases.close_by(ctx.session, Case.delivery_id == delivery.id, how, by, ctx.now)
    _compare_totals(ctx, delivery, document, command.external_total_minor)
    number = f" as {command.external_number}" if command.external_number else ""
    sentence = f"Posted invoice {document.number} to {title_of(delivery.system)}{number}."
    return (Note(sentence, f"invoice:{document.id}", {"key": delivery.key, "external_id": command.external_id}),)


def _compare_totals(ctx: Context, delivery: Delivery, document: Document, total_minor: int | None) -> None:
    ours = int(delivery.payload["total_minor"])
    if total_minor is None or total_minor == ours:
        return
    theirs, mine = format_minor(total_minor, document.currency), format_minor(ours, document.currency)
    sentence = f"Invoice {document.number} is {mine} here and {theirs} in {title_of(delivery.system)}."
    evidence = {"ours_minor": ours, "ledger_minor": total_minor}
    raise_cases(ctx, [_case(ctx, "posting.total_mismatch", delivery, document, sentence, evidence)])


def _refused(ctx: Context, delivery: Delivery, document: Document, command: RecordDelivery) -> tuple[Note, ...]:
    posting.move(delivery, DeliveryState.REFUSED)
    documents.move(ctx.session, [document], DocumentState.REFUSED, ctx.now, ctx.actor.label, command.error)
    sentence = command.error or f"{title_of(delivery.system)} refused invoice {document.number}."
    evidence = {"ledger": delivery.system, "code": command.error_code, "dated": document.issue_date}
    raise_cases(ctx, [_case(ctx, "posting.rejected", delivery, document, sentence, evidence)])
    told = f"{title_of(delivery.system)} refused invoice {document.number}: {sentence}"
    return (Note(told, f"invoice:{document.id}", {"code": command.error_code}),)


def _case(
    ctx: Context, code: str, delivery: Delivery, document: Document, sentence: str, evidence: dict[str, Any]
) -> NewCase:
    month = f"{document.issue_date:%Y-%m}"
    return NewCase(
        key=case_key(code, delivery.id),
        code=code,
        type=TYPES[code],
        cause=f"{code}:{evidence.get('code') or delivery.key}:{document.entity}:{month}",
        sentence=sentence,
        evidence=evidence,
        document_id=document.id,
        customer_id=document.customer_id,
        delivery_id=delivery.id,
        entity=document.entity,
        stake_minor=ctx.in_reporting(abs(document.total_minor), document.currency),
        amount_minor=document.total_minor,
        currency=document.currency,
    )


def _again(ctx: Context, delivery: Delivery, state: DeliveryState, pause: timedelta) -> tuple[Note, ...]:
    posting.move(delivery, state)
    delivery.next_at = ctx.now + pause
    defer(ctx.session, DELIVER, [{"delivery_id": str(delivery.id)}], queue=DELIVER, at=delivery.next_at)
    return ()


def _stopped(ctx: Context, targets: Iterable[Target]) -> list[Delivery]:
    rows = posting.load(ctx.session, [(t.id, t.revision) for t in targets])
    outside = next((row for row in rows if not ctx.actor.may_see(row.payload["entity"])), None)
    if outside is not None:
        raise Forbidden("entity.scope", f"Policy “entity scope”: you do not act for {outside.payload['entity']}.")
    return rows


def retry_deliveries(command: RetryDeliveries, ctx: Context) -> Outcome:
    """Sends refused or set-aside deliveries again, under the same key."""
    rows = _stopped(ctx, command.targets)
    ids = posting.requeue(rows, ctx.now)
    loaded = documents.load(ctx.session, {row.document_id for row in rows})
    refused = [row for row in loaded.values() if row.state == DocumentState.REFUSED]
    documents.move(ctx.session, refused, DocumentState.RELEASED, ctx.now, ctx.actor.label, "Sent again")
    defer(ctx.session, DELIVER, [{"delivery_id": str(id)} for id in ids], queue=DELIVER)
    notes = [
        Note(f"Sent invoice {row.payload['number']} to {title_of(row.system)} again.", f"invoice:{row.document_id}")
        for row in rows
    ]
    return Outcome({"n": len(rows)}, tuple(notes))


def set_aside_deliveries(command: SetAsideDeliveries, ctx: Context) -> Outcome:
    """Stops trying; the exception is closed with the reason, the document stays refused."""
    if not command.reason.strip():
        raise Refused("reason.missing", "Say why it is set aside.")
    rows = _stopped(ctx, command.targets)
    for row in rows:
        posting.move(row, DeliveryState.SET_ASIDE)
    ids = [row.id for row in rows]
    cases.close_by(ctx.session, Case.delivery_id.in_(ids), command.reason, ctx.actor.label, ctx.now)
    notes = [
        Note(
            f"Set the posting of invoice {row.payload['number']} aside: {command.reason}", f"invoice:{row.document_id}"
        )
        for row in rows
    ]
    return Outcome({"n": len(rows)}, tuple(notes))
