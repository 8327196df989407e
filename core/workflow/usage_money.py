"""What a change of usage is worth: a period rated with the usage before and after, by the terms of today."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from core.agreements import store as agreements
from core.billing.commitments import drawn_in_term
from core.billing.model import Agreement, Measured, Slot, Span
from core.billing.rating import rate
from core.documents import drawdowns
from core.usage.charged import ChargedPeriod
from core.workflow.agreed import read_agreement
from core.workflow.context import Context

_Key = tuple[UUID, str, date]


def effects(ctx: Context, before: Sequence[ChargedPeriod], after: Sequence[ChargedPeriod]) -> dict[_Key, int]:
    """Net minor units per period; those that cannot be rated are left out. Commitments pay what they have left."""
    agreed = _agreements(ctx, {period.contract_id for period in before})
    paid = drawdowns.drawn(
        ctx.session,
        {(period.contract_id, period.charge_key) for period in before},
        {period.document_id for period in before if period.document_id},
    )
    found = {}
    for old, new in zip(before, after, strict=True):
        agreement = agreed.get(old.contract_id)
        if agreement is None:
            continue
        drawn_minor = drawn_in_term(agreement, paid.get((old.contract_id, old.charge_key), ()), old.period_start)
        nets = [_net(agreement, period, drawn_minor) for period in (old, new)]
        if nets[0] is not None and nets[1] is not None:
            found[old.key] = nets[1] - nets[0]
    return found


def _agreements(ctx: Context, ids: Collection[UUID]) -> dict[UUID, Agreement]:
    """Not locked: usage comes while contracts are billed."""
    rows = agreements.contracts(ctx.session, ids)
    lines = agreements.lines_of(ctx.session, rows)
    found = {id: read_agreement(row, lines.get(id, []), {}).agreement for id, row in rows.items()}
    return {id: agreement for id, agreement in found.items() if agreement is not None}


def _net(agreement: Agreement, period: ChargedPeriod, drawn_minor: int) -> int | None:
    slot = Slot(period.charge_key, "usage", Span(period.period_start, period.period_end), period.period_end)
    rated = rate(agreement, [slot], {period.charge_key: Measured(period.used, drawn_minor)})
    return None if rated.problems else sum(line.net_minor for line in rated.lines)
