"""Outcomes of posting attempts, and what people do with deliveries that stopped."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from core.audit.model import Note
from core.cases import store as cases
from core.db.tables import Case, Delivery
from core.documents import store as documents
from core.documents.model import DocumentState
from core.kit.errors import Refused
from core.kit.systems import title_of
from core.posting import store as posting
from core.posting.model import LEDGER, DeliveryState
from core.runtime import defer
from core.workflow.command import Target
from core.workflow.commands import RecordDelivery, RetryDeliveries, SetAsideDeliveries
from core.workflow.context import Context, Outcome
from core.workflow.handlers.delivery_outcomes import note_delivered, note_refused
from core.workflow.handlers.recording_voids import call_off, is_called_off
from core.workflow.permissions import check_entities
from core.workflow.releasing import DELIVER
from core.workflow.voided_at_source import named


def record_delivery(command: RecordDelivery, ctx: Context) -> Outcome:
    delivery = posting.get(ctx.session, command.delivery_id)
    posting.end_attempt(ctx.session, delivery.id, command.attempt, command.outcome, command.exchange, ctx.now)
    if delivery.state == DeliveryState.DELIVERED:
        return Outcome({"state": delivery.state})
    delivery.error_code, delivery.error = command.error_code, command.error
    document = documents.get(ctx.session, delivery.document_id)
    if is_called_off(delivery, document, command.outcome):
        return Outcome({"state": DeliveryState.SET_ASIDE}, call_off(ctx, delivery, document))
    match command.outcome:
        case "delivered":
            posting.move(delivery, DeliveryState.DELIVERED)
            delivery.external_id, delivery.external_number = command.external_id, command.external_number
            delivery.delivered_at = ctx.now
            notes = note_delivered(ctx, delivery, document, command)
        case "refused" | "given_up":
            posting.move(delivery, DeliveryState.REFUSED)
            notes = note_refused(ctx, delivery, document, command)
        case "in_doubt" | "unclear":
            # Looked up no sooner than the call can have ended.
            pause = timedelta(seconds=command.retry_in_seconds or posting.SETTLE.total_seconds())
            notes = _again(ctx, delivery, DeliveryState.IN_DOUBT, pause)
        case "retry" | "misconfigured":
            notes = _again(ctx, delivery, DeliveryState.RETRYING, timedelta(seconds=command.retry_in_seconds or 30))
    return Outcome({"state": delivery.state}, notes)


def _again(ctx: Context, delivery: Delivery, state: DeliveryState, pause: timedelta) -> tuple[Note, ...]:
    posting.move(delivery, state)
    delivery.next_at = ctx.now + pause
    defer(ctx.session, DELIVER, [{"delivery_id": str(delivery.id)}], queue=DELIVER, at=delivery.next_at)
    return ()


def _stopped(ctx: Context, targets: Iterable[Target]) -> list[Delivery]:
    rows = posting.load(ctx.session, [(t.id, t.revision) for t in targets])
    check_entities(ctx.actor, [row.payload["entity"] for row in rows])
    return rows


def retry_deliveries(command: RetryDeliveries, ctx: Context) -> Outcome:
    """Sends refused or set-aside deliveries again, under the same key."""
    rows = _stopped(ctx, command.targets)
    ids = posting.requeue(ctx.session, rows, ctx.now)
    loaded = documents.load(ctx.session, {row.document_id for row in rows if row.system == LEDGER})
    if gone := next((row for row in loaded.values() if row.state == DocumentState.VOID), None):
        raise Refused("delivery.void", f"{named(gone)} is void: it is not sent any more.")
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
