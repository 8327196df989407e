"""Usage on its way in: batches of events, those that waited for their customer, and days for the pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date
from typing import Any
from uuid import UUID

from core.audit.model import Note
from core.db.tables import ApiKey
from core.kit.words import counted
from core.usage import charged, days, placing
from core.usage.charged import ChargedPeriod
from core.usage.model import KeyScope, Wanted
from core.usage.placing import Placed
from core.usage.receipts import keep_receipt
from core.workflow import usage_batch, usage_cases, usage_cases_late
from core.workflow.billing_commands import RecordUsage, SummariseUsage
from core.workflow.context import Context, Outcome


def record_usage(command: RecordUsage, ctx: Context) -> Outcome:
    """One receipt per batch; the trail notes a batch only when somebody has to settle something, since its head is
    one row and batches come side by side."""
    batch = usage_batch.take(ctx.session, command.events, _scope_of(ctx, command.key_id), ctx.now)
    answer = usage_batch.answer_of(batch, command.malformed)
    source = usage_batch.source_of(command.events)
    receipt = keep_receipt(ctx.session, command.key_id, source, answer, ctx.now)
    opened = usage_cases.raise_usage_cases(ctx, batch)
    touched = {period.key: period for row in batch.fresh for period in batch.periods_of(row)}
    opened += usage_cases_late.look_after(ctx, touched.values(), usage_cases_late.come_to(batch))
    return Outcome(answer, (_note(answer, source, str(receipt), len(opened)),) if opened else ())


def _scope_of(ctx: Context, key_id: UUID | None) -> KeyScope:
    """Of the key as it stands now; what comes without a key is the house's own."""
    if key_id is None:
        return KeyScope()
    key = ctx.session.get_one(ApiKey, key_id)
    return KeyScope(tuple(key.sources), frozenset(key.customer_ids))


def _note(answer: dict[str, Any], source: str, receipt: str, opened: int) -> Note:
    exceptions, kept = counted(opened, "exception"), counted(answer["accepted"], "event")
    sentence = f"A batch of usage from “{source}” opened {exceptions}; {kept} kept."
    return Note(sentence, f"usage_receipt:{receipt}", {"accepted": answer["accepted"], "exceptions": opened})


def summarise_usage(command: SummariseUsage, ctx: Context) -> Outcome:
    placed = place_usage(ctx)
    changed = days.summarise_received(ctx.session, command.since)
    if command.since is not None:
        # What came while its period was being billed was in neither's sight.
        periods = charged.billed_lately(ctx.session, command.since)
        usage_cases_late.look_after(ctx, charged.with_use(ctx.session, periods))
    note = Note(f"{counted(placed, 'usage event')} found a customer.", None, {"placed": placed})
    return Outcome({"days": changed, "placed": placed}, (note,) if placed else ())


def place_usage(ctx: Context) -> int:
    """Usage that waited for customers who are here by now counts from now on; answers how many events it was."""
    placed = placing.place(ctx.session)
    if not placed:
        return 0
    spans = [Wanted(None, each.meter, each.customer_id, each.at, each.at) for each in placed]
    days.summarise_spans(ctx.session, spans)
    usage_cases.close_unplaced(ctx, sorted({each.subject for each in placed}))
    pairs = {(each.meter, each.customer_id) for each in placed}
    found = charged.charged_periods(
        ctx.session,
        {customer for _, customer in pairs},
        {meter for meter, _ in pairs},
        min(each.at for each in placed).date(),
        max(each.at for each in placed).date(),
    )
    periods = charged.with_use(ctx.session, _touched(found, placed))
    usage_cases.open_all(ctx, usage_cases.breaches(ctx, periods))
    usage_cases_late.look_after(ctx, periods)
    return len(placed)


def _touched(periods: Iterable[ChargedPeriod], placed: Iterable[Placed]) -> list[ChargedPeriod]:
    days: dict[tuple[str, UUID], set[date]] = defaultdict(set)
    for each in placed:
        days[each.meter, each.customer_id].add(each.at.astimezone(UTC).date())
    return [
        period
        for period in periods
        if any(period.period_start <= day < period.period_end for day in days[period.meter, period.customer_id])
    ]
