"""Corrections that outweigh what a contract is to pay: credit memos of the invoices that billed too much.

A credit memo waits for its approval like any other; that of a reviewed run is asked for when the run is released. The
correction is planned again beside it, so that whatever is not given back after all, as when the memo is withdrawn, is
due again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from core.agreements import schedule as schedules
from core.audit.model import Note
from core.billing.content import lines_in
from core.billing.crediting import of_lines
from core.db.tables import BillingRun, Document, ScheduleItem
from core.documents import store as documents
from core.documents.corrections import BilledLine, billed_lines
from core.documents.runs import FAILED
from core.kit.ids import id_from
from core.kit.money import to_decimal
from core.workflow.billing_commands import IssueCreditMemo
from core.workflow.command import Target
from core.workflow.context import Context
from core.workflow.crediting import Left, credit, what_is_left
from core.workflow.drafting import Batch, Part
from core.workflow.scheduling import horizon, plan

_CODE = "billing.negative_total"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be given back of a charge, of the time from `starts_on` up to `ends_on`."""

    item: ScheduleItem
    net_minor: int


@dataclass(frozen=True, slots=True)
class Giving:
    """A credit memo that is to be made: net amounts of the invoice by position, and what they come to with tax."""

    invoice: Document
    nets: Mapping[int, int]
    total_minor: int


def foresee(ctx: Context, batch: Batch) -> tuple[Batch, list[Giving]]:
    """What the parts that give back come to, without writing any of it; a part for which there is not enough to credit
    fails."""
    parts: list[Part] = []
    givings: list[Giving] = []
    for part in batch.parts:
        found = _taken(ctx, part) if part.gives_back else []
        parts.append(_failed(part) if found is None else part)
        givings += found or []
    return Batch(parts), givings


def give_back(ctx: Context, run: BillingRun, batch: Batch) -> tuple[Batch, list[Note]]:
    """Credit memos for the parts that give back; a part for which there is not enough to credit fails."""
    kept, givings = foresee(ctx, batch)
    return kept, [_credit(ctx, run, each) for each in givings]


def plan_again(ctx: Context, parts: Iterable[Part]) -> None:
    """What was given back needs no correction any more."""
    ids = [part.contract_id for part in parts if part.gives_back]
    if ids:
        plan(ctx, ids, horizon(ctx.now.date()))


def _failed(part: Part) -> Part:
    sentence = (
        f"Corrections of contract {part.contract_number} outweigh its charges, and its posted invoices do not leave "
        "enough to credit; they wait for its next invoice."
    )
    return replace(part, state=FAILED, draft=None, closed=(), gives_back=(), code=_CODE, error=sentence)


def _taken(ctx: Context, part: Part) -> list[Giving] | None:
    """One per invoice; None when there is not enough."""
    wanted = [each for item in part.gives_back for each in _wanted(ctx, item)]
    lines = billed_lines(ctx.session, part.contract_id, {each.item.charge_key for each in wanted})
    invoices = documents.load(ctx.session, {line.document_id for line in lines})
    left = {id: what_is_left(ctx, invoice) for id, invoice in invoices.items()}
    nets = {(id, each.position): each.net_minor for id, rest in left.items() for each in rest.parts}
    taken: dict[UUID, dict[int, int]] = defaultdict(dict)
    for each in wanted:
        if not _take(each, lines, nets, taken):
            return None
    givings = [Giving(invoices[id], found, _gross(left[id], found)) for id, found in taken.items()]
    return None if any(each.total_minor > left[each.invoice.id].total_minor for each in givings) else givings


def _wanted(ctx: Context, adjustment: ScheduleItem) -> list[_Wanted]:
    """Per item that the adjustment corrects; what it charges more of one stays to be billed."""
    lines = lines_in(adjustment.lines)
    found = []
    for item in schedules.items(ctx.session, [UUID(id) for id in adjustment.covers]):
        net = sum(line.net_minor for line in lines if item.period_start <= line.span.starts_on < item.period_end)
        if net < 0:
            found.append(_Wanted(item, -net))
    return found


def _take(
    wanted: _Wanted,
    lines: Iterable[BilledLine],
    nets: dict[tuple[UUID, int], int],
    taken: dict[UUID, dict[int, int]],
) -> bool:
    """Takes what is wanted off the lines that bill it; whether it is all of it."""
    item, open_minor = wanted.item, wanted.net_minor
    for line in lines:
        key = (line.document_id, line.position)
        is_of_it = line.charge_key == item.charge_key and item.period_start <= line.period_start < item.period_end
        minor = min(open_minor, nets[key]) if is_of_it else 0
        if minor > 0:
            open_minor, nets[key] = open_minor - minor, nets[key] - minor
            found = taken[line.document_id]
            found[line.position] = found.get(line.position, 0) + minor
    return not open_minor


def _gross(left: Left, nets: Mapping[int, int]) -> int:
    return sum(part.gross_minor for part in of_lines(left.parts, nets))


def _credit(ctx: Context, run: BillingRun, giving: Giving) -> Note:
    invoice = giving.invoice
    wish = IssueCreditMemo(
        command_id=id_from("giving_back", str(run.id), str(invoice.id)),
        document=Target(invoice.id, invoice.revision),
        reason="contract_changed",
        lines=tuple((at, to_decimal(minor, invoice.currency)) for at, minor in sorted(giving.nets.items())),
    )
    memo, _ = credit(ctx, invoice, wish, run=run)
    invoice.revision += 1
    sentence = f"Drafted a credit memo for invoice {invoice.number}: its contract has changed."
    return Note(sentence, f"invoice:{invoice.id}", {"credit_memo": str(memo.id)})
