"""Turns received rows into facts: translate, record in one command per batch; what cannot be read becomes a case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DataError, IntegrityError

from core.canonical import (
    CanonicalRecord,
    ContractRecord,
    CreditMemoRecord,
    CustomerRecord,
    DeliveryNotice,
    DisputeRecord,
    EntityRecord,
    ExchangeRate,
    InvoiceRecord,
    LedgerRecord,
    MeterRecord,
    OpportunityRecord,
    OrderLineRecord,
    PaymentRecord,
    ProductRecord,
    QuoteRecord,
    SubscriptionRecord,
)
from core.intake import store
from core.intake.model import Arrival, InboxRow
from core.kit.errors import Refused
from core.ports import Source
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.commands import DecideReceived, RecordFacts, ReportBadRecord
from jobs.readings import BATCH, Readable, Readings, in_words, read_records

_ACTOR = job("handle_inbox")
_FIELDS: dict[type[CanonicalRecord], str] = {
    EntityRecord: "entities",
    ExchangeRate: "rates",
    ProductRecord: "products",
    CustomerRecord: "customers",
    ContractRecord: "contracts",
    OrderLineRecord: "order_lines",
    OpportunityRecord: "opportunities",
    QuoteRecord: "quotes",
    SubscriptionRecord: "subscriptions",
    MeterRecord: "meters",
    LedgerRecord: "ledger",
    InvoiceRecord: "invoices",
    CreditMemoRecord: "credit_memos",
    PaymentRecord: "payments",
    DisputeRecord: "disputes",
    DeliveryNotice: "notices",
}
# How far an invoice or credit memo has come. What was sent earlier may arrive later, and brings nothing back.
_STAGES = {"draft": 0, "open": 1, "uncollectible": 1, "issued": 1, "paid": 2, "void": 3}
# What the store or a handler may object to in the facts themselves; a lost connection is not among these.
_UNACCEPTABLE = (Refused, DataError, IntegrityError)


def handle_waiting(runtime: Runtime, source: Source) -> int:
    """Handles every row of the source that waits, oldest first; answers how many.

    News that comes while history is first read is not decided before the rest of it is there.
    """
    is_backfill = not is_history_read(runtime, source)
    handled = 0
    while rows := _next_rows(runtime, source):
        handle_rows(runtime, source, rows, is_backfill=is_backfill)
        handled += len(rows)
    return handled


def is_history_read(runtime: Runtime, source: Source) -> bool:
    """Whether every stream of the source was read to its end once."""
    with runtime.reading() as session:
        done = store.completed_streams(session)
    return all((source.capabilities.system, stream.name) in done for stream in source.capabilities.streams)


def is_all_history_read(runtime: Runtime, sources: Iterable[Source]) -> bool:
    return all(is_history_read(runtime, source) for source in sources)


def _next_rows(runtime: Runtime, source: Source) -> list[InboxRow]:
    with runtime.transaction() as session:
        return store.unhandled(session, source.capabilities.system, BATCH)


def handle_rows(runtime: Runtime, source: Source, rows: Sequence[InboxRow], *, is_backfill: bool = False) -> None:
    """Records the facts of `rows`; afterwards none of them waits any more."""
    settle(
        runtime, source.capabilities.system, read_records(source, [(row.id, row.record) for row in rows]), is_backfill
    )


def settle(runtime: Runtime, system: str, readings: Readings, is_backfill: bool) -> None:
    """Records what received rows say; those that say nothing become cases."""
    _report_unreadable(runtime, readings)
    _record(runtime, system, readings.readable, is_backfill)


def take_in(runtime: Runtime, system: str, arrival: Arrival, readings: Readings) -> bool:
    """History at once: rows, cursor and facts of a batch in one transaction. False, and nothing done, when the store
    or a handler objects to any of it: its rows are to be received then, and settled."""
    try:
        execute(runtime, replace(_command(system, readings.readable, True), arrival=arrival), _ACTOR)
    except _UNACCEPTABLE:
        return False
    _report_unreadable(runtime, readings)
    return True


def _report_unreadable(runtime: Runtime, readings: Readings) -> None:
    for id, error in readings.unreadable:
        _report(runtime, id, error)


def decide_received(runtime: Runtime, source: str) -> int:
    """Decides what a first synchronisation has brought, oldest first; answers how many documents."""
    decided = 0
    while n := execute(runtime, DecideReceived(source=source), _ACTOR).result["n"]:
        decided += int(n)
    return decided


def _record(runtime: Runtime, system: str, readable: list[Readable], is_backfill: bool) -> None:
    """Facts of received rows in one command; when that is refused, in halves, until the row to blame stands alone."""
    if not readable:
        return
    try:
        execute(runtime, _command(system, readable, is_backfill), _ACTOR)
    except _UNACCEPTABLE as reason:
        if len(readable) == 1:
            _report(runtime, readable[0].id, _in_words(reason))
            return
        middle = len(readable) // 2
        _record(runtime, system, readable[:middle], is_backfill)
        _record(runtime, system, readable[middle:], is_backfill)


def _command(system: str, readable: list[Readable], is_backfill: bool) -> RecordFacts:
    inbox_ids = tuple(each.id for each in readable)
    facts = _by_kind(fact for each in readable for fact in each.facts)
    return RecordFacts(source=system, inbox_ids=inbox_ids, is_backfill=is_backfill, **facts)


def _by_kind(facts: Iterable[CanonicalRecord]) -> dict[str, Any]:
    """Facts under the command's field for their kind; of the same record only the one that is furthest on, and of
    those the latest."""
    latest: dict[tuple[type[CanonicalRecord], str, str], CanonicalRecord] = {}
    for fact in facts:
        key = (type(fact), fact.source, fact.source_ref)
        known = latest.pop(key, fact)
        latest[key] = known if _is_behind(fact, known) else fact
    fields: dict[str, list[CanonicalRecord]] = {}
    for fact in latest.values():
        fields.setdefault(_FIELDS[type(fact)], []).append(fact)
    return {name: tuple(records) for name, records in fields.items()}


def _is_behind(fact: CanonicalRecord, known: CanonicalRecord) -> bool:
    if isinstance(fact, InvoiceRecord | CreditMemoRecord) and isinstance(known, InvoiceRecord | CreditMemoRecord):
        return _STAGES[fact.status] < _STAGES[known.status]
    return False


def _report(runtime: Runtime, inbox_id: UUID, error: str) -> None:
    execute(runtime, ReportBadRecord(inbox_id=inbox_id, error=error), _ACTOR)


def _in_words(reason: Exception) -> str:
    if isinstance(reason, (DataError, IntegrityError)):
        return "The store cannot hold a value of this record."
    return in_words(reason)
