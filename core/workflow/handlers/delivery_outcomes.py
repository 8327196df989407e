"""What the outcome of a delivery means. The ledger's moves the document on; that of any other system is only noted on
it, and a refusal has an exception of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.audit.model import Note
from core.cases import store as cases
from core.cases.model import NewCase
from core.db.tables import Case, Delivery, Document
from core.documents import store as documents
from core.documents.model import DocumentState
from core.kit.money import format_minor
from core.kit.systems import title_of
from core.parties import store as parties
from core.posting.model import LEDGER, MAIL, VOID
from core.validation.model import TYPES
from core.workflow.commands import RecordDelivery
from core.workflow.context import Context
from core.workflow.deciding import case_key, raise_cases
from core.workflow.handlers.house_links import link_own
from core.workflow.voided_at_source import named, voided_case

# What the mail connector says when the receiving server will not have the message for this address.
RECIPIENT_REFUSED = "recipient_refused"
# What a tax engine's connector says when the engine holds another tax than we do.
TAX_DIFFERS = "tax_differs"
_BOUNCED, _REFUSED = "delivery.bounced", "delivery.refused"


def note_delivered(ctx: Context, delivery: Delivery, document: Document, command: RecordDelivery) -> tuple[Note, ...]:
    how = "The customer's mail server has it now" if delivery.system == MAIL else f"{_the(delivery)} has it now"
    cases.close_by(ctx.session, Case.delivery_id == delivery.id, how, ctx.actor.label, ctx.now)
    if delivery.payload["kind"] == VOID:
        sentence = f"{title_of(delivery.system)} holds {_named(document)} no more."
    elif delivery.system == MAIL:
        sentence = _sent(ctx, delivery, document)
    elif delivery.system == LEDGER:
        sentence = _posted(ctx, delivery, document, command)
    else:
        sentence = _handed_over(ctx, delivery, document, command)
    return (Note(sentence, f"invoice:{document.id}", {"key": delivery.key, "external_id": command.external_id}),)


def _the(delivery: Delivery) -> str:
    return "The ledger" if delivery.system == LEDGER else title_of(delivery.system)


def _posted(ctx: Context, delivery: Delivery, document: Document, command: RecordDelivery) -> str:
    if document.state == DocumentState.VOID:
        there = f"{named(document)} is void, and stands in the ledger: void it there too."
        raise_cases(ctx, [voided_case(ctx, document, there, document.total_minor)])
    else:
        documents.move(ctx.session, [document], DocumentState.POSTED, ctx.now, ctx.actor.label)
    link = ("document", str(document.id), delivery.system, f"{document.kind}:{command.external_id}")
    parties.save_links(ctx.session, [link], ctx.now)
    _compare(ctx, delivery, document, command)
    number = f" as {command.external_number}" if command.external_number else ""
    return f"Posted {_named(document)} to {title_of(delivery.system)}{number}."


def _handed_over(ctx: Context, delivery: Delivery, document: Document, command: RecordDelivery) -> str:
    if command.external_id and document.kind == "invoice":
        link_own(ctx, delivery.system, {command.external_id: document.id})
    elif command.external_id:
        link = ("document", str(document.id), delivery.system, f"{document.kind}:{command.external_id}")
        parties.save_links(ctx.session, [link], ctx.now)
    _compare(ctx, delivery, document, command)
    return f"Handed {_named(document)} over to {title_of(delivery.system)}."


def _sent(ctx: Context, delivery: Delivery, document: Document) -> str:
    """A bounce of an earlier message is settled by one that was taken."""
    document.sent_at, document.bounced_at = ctx.now, None
    is_settled = (Case.document_id == document.id) & (Case.code == _BOUNCED)
    cases.close_by(ctx.session, is_settled, "Sent again, and taken", ctx.actor.label, ctx.now)
    return f"Sent {_named(document)} to {address_of(delivery)}."


def address_of(delivery: Delivery) -> str:
    """Whom a message went to."""
    return str((delivery.payload.get("buyer") or {}).get("email") or "the customer")


def _named(document: Document) -> str:
    return f"{'credit memo' if document.kind == 'credit_memo' else 'invoice'} {document.number}"


def _compare(ctx: Context, delivery: Delivery, document: Document, command: RecordDelivery) -> None:
    """What the system holds has our total, and our tax in it. Where the tax differs, it says the more about why."""
    tax_minor, total_minor = command.external_tax_minor, command.external_total_minor
    our_tax = abs(sum(int(line["tax_minor"]) for line in delivery.payload["lines"]))
    if tax_minor is not None and abs(tax_minor) != our_tax:
        raise_cases(ctx, [_tax_case(ctx, delivery, document, (our_tax, tax_minor))])
        return
    ours = int(delivery.payload["total_minor"])
    if total_minor is None or total_minor == ours:
        return
    theirs, mine = format_minor(total_minor, document.currency), format_minor(ours, document.currency)
    sentence = f"Invoice {document.number} is {mine} here and {theirs} in {title_of(delivery.system)}."
    evidence = {"ours_minor": ours, "ledger_minor": total_minor}
    raise_cases(ctx, [_case(ctx, "posting.total_mismatch", delivery, document, sentence, evidence)])


def _tax_case(ctx: Context, delivery: Delivery, document: Document, taxes: tuple[int, int]) -> NewCase:
    """`taxes`: ours and theirs."""
    mine, theirs = (format_minor(minor, document.currency) for minor in taxes)
    sentence = f"Tax of {_named(document)} is {mine} here and {theirs} in {title_of(delivery.system)}."
    evidence = {"billed_tax_minor": taxes[0], "expected_tax_minor": taxes[1], "system": delivery.system}
    return _case(ctx, "tax.mismatch", delivery, document, sentence, evidence)


def note_refused(ctx: Context, delivery: Delivery, document: Document, command: RecordDelivery) -> tuple[Note, ...]:
    system = title_of(delivery.system)
    sentence = command.error or f"{system} refused {_named(document)}."
    evidence = {"system": delivery.system, "code": command.error_code, "dated": document.issue_date}
    if delivery.system == LEDGER:
        # One that was posted before, or is void by now, stays what it is.
        moved = [document] if document.state == DocumentState.RELEASED else []
        documents.move(ctx.session, moved, DocumentState.REFUSED, ctx.now, ctx.actor.label, command.error)
        raised = _case(ctx, "posting.rejected", delivery, document, sentence, evidence | {"ledger": delivery.system})
    elif command.error_code == TAX_DIFFERS:
        raised = _case(ctx, "tax.mismatch", delivery, document, sentence, evidence)
    elif delivery.system == MAIL and command.error_code == RECIPIENT_REFUSED:
        document.bounced_at = ctx.now
        raised = bounce_case(ctx, delivery, document, sentence)
    else:
        raised = _case(ctx, "delivery.refused", delivery, document, sentence, evidence)
    raise_cases(ctx, [raised])
    told = f"{system} refused {_named(document)}: {sentence}"
    return (Note(told, f"invoice:{document.id}", {"code": command.error_code}),)


def bounce_case(ctx: Context, delivery: Delivery, document: Document, sentence: str) -> NewCase:
    """One per document, however often its messages come back."""
    evidence = {"system": delivery.system, "address": address_of(delivery), "dated": document.issue_date}
    return _case(ctx, "delivery.bounced", delivery, document, sentence, evidence)


def _case(
    ctx: Context, code: str, delivery: Delivery, document: Document, sentence: str, evidence: Mapping[str, Any]
) -> NewCase:
    month = f"{document.issue_date:%Y-%m}"
    return NewCase(
        key=case_key(code, document.id if code == _BOUNCED else delivery.id),
        code=code,
        type=TYPES[code],
        cause=f"{code}:{evidence.get('code') or evidence.get('address') or delivery.key}:{document.entity}:{month}",
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
