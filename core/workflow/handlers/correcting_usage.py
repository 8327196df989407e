"""Corrections of usage by people: originals are archived, the invoice is never edited."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from core.agreements import schedule as schedules
from core.audit.model import Note
from core.db.tables import Customer
from core.kit.errors import NotFound, Refused
from core.kit.ids import new_id
from core.usage import charged, corrections, days, rules, store
from core.usage.charged import ChargedPeriod
from core.usage.corrections import Author, Correction
from core.usage.model import MeterTerms, Wanted
from core.workflow import usage_cases, usage_cases_late, usage_money
from core.workflow.billing_commands import CorrectUsage
from core.workflow.context import Context, Outcome

_DONE = {"add": "Added usage of", "replace": "Replaced usage of", "take_out": "Took out usage of"}


def correct_usage(command: CorrectUsage, ctx: Context) -> Outcome:
    """Answers how many events were archived, the usage of the span before and after, and what had been billed."""
    customer, terms = _checked(command, ctx)
    span = Wanted("span", command.meter, customer.id, command.since, command.until)
    before = store.measured(ctx.session, [span])["span"]
    closed = charged.with_use(ctx.session, _closed(command, ctx, customer.id))
    billed = [period for period in closed if period.is_billed]
    correction = Correction(
        new_id(),
        command.kind,
        command.meter,
        customer.id,
        command.since,
        command.until,
        command.quantity,
        command.reason.strip(),
    )
    author = Author(ctx.actor.label, ctx.actor.user_id)
    archived = corrections.apply(ctx.session, correction, customer.number, author, ctx.now)
    after = store.measured(ctx.session, [span])["span"]
    days.summarise_spans(ctx.session, [span])
    if before != after:
        now = charged.with_use(ctx.session, closed)
        usage_cases_late.reopen(ctx, now)
        schedules.note_corrected(ctx.session, _changes(closed, now))
        told = {"before": before, "after": after, "correction": correction.id}
        _open_cases(ctx, correction, billed, told)
    result = {"archived": archived, "before": str(before), "after": str(after)}
    result |= {"billed": sorted({period.contract_number for period in billed})}
    sentence = f"{_DONE[command.kind]} “{terms.name or command.meter}” by {customer.name}: {correction.reason}"
    return Outcome(result, (Note(sentence, f"customer:{customer.id}", result | {"correction": str(correction.id)}),))


def _checked(command: CorrectUsage, ctx: Context) -> tuple[Customer, MeterTerms]:
    customer = ctx.session.get(Customer, command.customer_id)
    if customer is None or not ctx.actor.may_see(customer.entity):
        raise NotFound("This customer")
    terms = store.meters(ctx.session, [command.meter]).get(command.meter)
    if terms is None:
        raise NotFound("This meter")
    if not command.reason.strip():
        raise Refused("reason.missing", "Say why the usage is corrected.")
    if command.kind != "take_out" and (command.quantity is None or command.quantity < 0):
        raise Refused("usage.quantity", "State the quantity; it cannot be negative.")
    rules.check_span(terms, command.since, command.until)
    if command.since > ctx.now:
        raise Refused("usage.span", "Usage of the future cannot be corrected.")
    return customer, terms


def _closed(command: CorrectUsage, ctx: Context, customer: UUID) -> list[ChargedPeriod]:
    found = charged.charged_periods(
        ctx.session, {customer}, {command.meter}, command.since.date(), command.until.date()
    )
    return [
        period
        for period in found
        if (period.is_billed or period.is_closed_at_nothing) and period.overlaps(command.since, command.until)
    ]


def _changes(before: list[ChargedPeriod], after: list[ChargedPeriod]) -> dict[UUID, Decimal]:
    """By how much billed periods count otherwise now, by item."""
    return {
        old.item_id: new.used - old.used
        for old, new in zip(before, after, strict=True)
        if old.is_billed and old.item_id is not None
    }


def _open_cases(ctx: Context, correction: Correction, billed: list[ChargedPeriod], evidence: dict[str, object]) -> None:
    """One per billed period, with what it would cost more or less by the terms of today."""
    effects = usage_money.effects(ctx, billed, charged.with_use(ctx.session, billed))
    new = []
    for period in billed:
        effect = effects.get(period.key)
        stake = ctx.in_reporting(abs(effect or 0), period.currency)
        new.append(usage_cases.corrected_after_billing(period, correction.reason, evidence, effect, stake))
    usage_cases.open_all(ctx, new)
