"""Outside facts become rows: parties and agreements first, then what refers to them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from core.audit.model import Note
from core.cases import store as cases
from core.documents import lookup
from core.intake import store as intake
from core.kit.systems import title_of
from core.kit.words import counted
from core.kit.words import told as told_in_words
from core.parties import store as parties
from core.workflow.commands import DecideReceived, RecordFacts
from core.workflow.context import Context, Outcome
from core.workflow.deciding import decide
from core.workflow.handlers.informing import record_notices
from core.workflow.handlers.metering import place_usage
from core.workflow.handlers.recording_agreements import record_agreements
from core.workflow.handlers.recording_cash import record_disputes, record_payments
from core.workflow.handlers.recording_credits import record_credit_memos
from core.workflow.handlers.recording_documents import record_invoices
from core.workflow.handlers.recording_ledger import record_ledger
from core.workflow.redrawing import redraw
from core.workflow.waiting import ready

_BATCH = 500


def record_facts(command: RecordFacts, ctx: Context) -> Outcome:
    """Records a batch of one source; documents that the new facts may have cleared are checked again."""
    session = ctx.session
    if command.arrival is not None:
        intake.take_in(session, command.source, command.arrival, ctx.now)
    parties.save_entities(session, command.entities, ctx.now)
    parties.save_rates(session, command.rates)
    parties.save_products(session, command.products, ctx.now)
    customers = parties.save_customers(session, command.customers, ctx.now)
    contracts = record_agreements(ctx, command)
    redrawn = redraw(ctx, contracts)
    record_ledger(ctx, command.ledger)
    counts = record_invoices(ctx, command.invoices, is_backfill=command.is_backfill)
    counts |= record_credit_memos(ctx, command.credit_memos, is_backfill=command.is_backfill)
    record_payments(ctx, command.payments)
    record_disputes(ctx, command.disputes)
    told = record_notices(ctx, command.notices)
    _check_again(ctx, command, customers, contracts)
    if command.customers:
        place_usage(ctx)
    if command.arrival is None:
        intake.mark_handled(session, command.inbox_ids, ctx.now)
    counts = {"records": command.rows} | {name: n for name, n in counts.items() if n}
    summary = (_note(command, counts),) if _is_worth_a_note(command, counts) else ()
    return Outcome(counts, (*redrawn, *told, *summary))


def decide_received(command: DecideReceived, ctx: Context) -> Outcome:
    """Answers `n`, how many were decided; 0 when all that are left are to wait for their contracts."""
    ids = ready(ctx, lookup.oldest_received(ctx.session, command.source, _BATCH))
    counts = decide(ctx, ids)
    places = told_in_words({name: n for name, n in counts.items() if n})
    notes = (Note(f"Decided {counted(len(ids), 'document')} that had waited: {places}.", None, dict(counts)),)
    return Outcome({"n": len(ids)} | counts, notes if ids else ())


def _check_again(ctx: Context, command: RecordFacts, customers: Iterable[UUID], contracts: Iterable[UUID]) -> None:
    """A changed customer or contract, a new link or a new item mapping may settle what was on hold."""
    again = lookup.undecided_ids(ctx.session, customers, contracts)
    if command.contracts:
        again |= lookup.waiting_for_contracts(ctx.session, [contract.number for contract in command.contracts])
    refs = [record.source_ref for record in command.customers]
    if refs:
        again |= lookup.waiting_for_customers(ctx.session, command.source, refs)
    if command.products:
        again |= lookup.waiting_for_products(ctx.session, [product.code for product in command.products])
    if command.entities:
        again |= cases.documents_of_cause(ctx.session, [f"seller.incomplete:{each.code}" for each in command.entities])
    decide(ctx, again)


def _is_worth_a_note(command: RecordFacts, counts: dict[str, int]) -> bool:
    return bool(command.rows) and len(counts) > 1


def _note(command: RecordFacts, counts: dict[str, int]) -> Note:
    facts = told_in_words({name: n for name, n in counts.items() if name != "records"})
    return Note(f"Recorded from {title_of(command.source)}: {facts}.", f"system:{command.source}", dict(counts))
