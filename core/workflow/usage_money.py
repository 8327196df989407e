"""What a change of usage is worth: a period rated with the usage before and after, by the terms of today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from core.billing.model import Agreement, Measured, Slot, Span
from core.billing.rating import rate
from core.usage.charged import ChargedPeriod
from core.workflow.agreed import read_agreements
from core.workflow.context import Context

_Key = tuple[UUID, str, date]


def effects(ctx: Context, before: Sequence[ChargedPeriod], after: Sequence[ChargedPeriod]) -> dict[_Key, int]:
    """Net minor units per period; those that cannot be rated are left out. Commitments are rated as not drawn yet."""
    agreed = read_agreements(ctx.session, {period.contract_id for period in before})
    found = {}
    for old, new in zip(before, after, strict=True):
        agreement = agreed[old.contract_id].agreement if old.contract_id in agreed else None
        nets = [_net(agreement, period) if agreement else None for period in (old, new)]
        if nets[0] is not None and nets[1] is not None:
            found[old.key] = nets[1] - nets[0]
    return found


def _net(agreement: Agreement, period: ChargedPeriod) -> int | None:
    slot = Slot(period.charge_key, "usage", Span(period.period_start, period.period_end), period.period_end)
    rated = rate(agreement, [slot], {period.charge_key: Measured(period.used)})
    return None if rated.problems else sum(line.net_minor for line in rated.lines)
