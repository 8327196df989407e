"""What became of what was due is noted in the schedule, with what was measured of it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from core.agreements import schedule as schedules
from core.db.tables import ScheduleItem
from core.workflow.context import Context
from core.workflow.drafting import Part
from core.workflow.usage_cases_late import close_after_billing


def close_items(ctx: Context, parts: Iterable[Part]) -> None:
    """Closes the items of drafts and those that came to nothing. What had been used after it was billed is billed with
    them, so that its exceptions close too."""
    documents: dict[UUID, UUID | None] = {}
    used: dict[UUID, Decimal] = {}
    metered: list[ScheduleItem] = []
    for part in parts:
        drafted = part.draft.items if part.draft is not None else ()
        documents |= {item.id: part.draft.row.id for item in drafted if part.draft is not None}
        documents |= dict.fromkeys(item.id for item in part.closed)
        used |= part.used
        metered += [item for item in (*drafted, *part.closed) if item.kind == "usage"]
    schedules.mark_billed(ctx.session, documents, ctx.now, used)
    close_after_billing(ctx, metered)
