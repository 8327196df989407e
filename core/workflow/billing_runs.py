"""Questions about billing runs that precede a command: is anything due, what is unfinished, and what would a run do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from core.agreements import schedule as schedules
from core.documents import runs
from core.kit.ids import new_id
from core.runtime import Runtime
from core.workflow.actors import Actor
from core.workflow.context import Context
from core.workflow.deciding import judge, route
from core.workflow.drafting import Batch, Order, draft_batch, drafted_of
from core.workflow.execute import open_context
from core.workflow.giving_back import foresee

_BATCH = 250


def is_anything_due(runtime: Runtime, through: date) -> bool:
    with runtime.reading() as session:
        grace = timedelta(hours=runtime.settings.usage_grace_hours)
        return runs.is_anything_due(session, through, runtime.now(), grace)


def unfinished(runtime: Runtime, age: timedelta = timedelta(0)) -> list[UUID]:
    """Runs with something left to generate or to release that were begun so long ago, oldest first."""
    with runtime.reading() as session:
        return runs.unfinished(session, runtime.now() - age)


@dataclass
class Preview:
    """What a run would do now. Money by (entity, currency), in minor units, tax included; `findings` by code.
    `credited`: what the credit memos give back, as positive amounts."""

    through: date
    contracts: int = 0
    invoices: int = 0
    empty: int = 0
    held: int = 0
    asked: int = 0
    by_hand: int = 0
    clean: int = 0
    in_grace: int = 0
    credit_memos: int = 0
    totals: Counter[tuple[str, str]] = field(default_factory=Counter)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    credited: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)


def preview(runtime: Runtime, actor: Actor, through: date, entities: Iterable[str] | None = None) -> Iterator[Preview]:
    """Drafts and judges everything that is due with the code of a run, and writes nothing. Yields the preview so far
    after each batch; the last is the whole of it."""
    told = Preview(through)
    scope = set(entities) if entities is not None else None
    if actor.entities is not None:
        scope = set(actor.entities) if scope is None else scope & actor.entities
    after: UUID | None = None
    while True:
        with runtime.reading() as session:
            due = schedules.due_contracts(session, through, scope, after=after, limit=_BATCH)
            if due:
                ctx = open_context(runtime, session, actor)
                _add(ctx, told, draft_batch(ctx, Order(new_id(), through), [each.contract_id for each in due]))
        yield told
        if len(due) < _BATCH:
            return
        after = due[-1].contract_id


def _add(ctx: Context, told: Preview, drafted: Batch) -> None:
    batch, givings = foresee(ctx, drafted)
    judged = judge(ctx, batch.rows, drafted_of(batch.drafts))
    routes = route(ctx, judged)
    told.contracts += len(batch.parts)
    told.invoices += len(batch.drafts)
    told.empty += sum(1 for part in batch.parts if part.state == runs.EMPTY)
    told.held += len(routes.held)
    told.asked += len(routes.asked)
    told.by_hand += len(routes.by_hand)
    told.clean += len(routes.released)
    told.findings.update(finding.code for found in judged.found.values() for finding in found)
    told.failures += [(part.contract_number, part.error or "") for part in batch.parts if part.state == runs.FAILED]
    for draft in batch.drafts:
        row = draft.row
        told.totals[row.entity or "—", row.currency] += row.total_minor
        told.counts[row.entity or "—", row.currency] += 1
        told.in_grace += row.grace_until is not None
    told.credit_memos += len(givings)
    for giving in givings:
        told.credited[giving.invoice.entity or "—", giving.invoice.currency] += giving.total_minor
