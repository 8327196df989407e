"""An invoice is billed again: what it billed opens, is planned as agreed now, and becomes a draft in its place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from core.agreements import schedule as schedules
from core.db.tables import Document
from core.documents import drafts as draft_rows
from core.documents.model import HOUSE
from core.kit.errors import Refused
from core.workflow import usage_cases_late
from core.workflow.closing import close_items
from core.workflow.context import Context
from core.workflow.deciding import judge
from core.workflow.drafting import Draft, Order, draft_batch, drafted_of
from core.workflow.four_eyes import acting
from core.workflow.scheduling import horizon, plan
from core.workflow.voiding import void


def rebill(ctx: Context, invoice: Document) -> Document | None:
    """The draft that takes the invoice's place, which goes out after the credit memo; None when nothing of it is due
    any more. Raises Refused when it cannot be billed again."""
    if invoice.source != HOUSE:
        raise Refused("rebill.elsewhere", f"{invoice.number} was not billed here: credit it, and bill it anew there.")
    # Should the invoice stand after all, corrections of usage are told anew: billing it again ends their exceptions.
    kept = [item | {"corrected": None} for item in schedules.kept_as(ctx.session, invoice.id)]
    if not kept:
        raise Refused("rebill.nothing", f"Nothing of a billing schedule stands on {invoice.number}: only credit it.")
    if schedules.is_settled_later(ctx.session, invoice.id):
        raise Refused(
            "rebill.corrected_later",
            f"A later invoice corrects what {invoice.number} bills. Credit the difference instead of billing it again.",
        )
    through = max(date.fromisoformat(item["bill_on"]) for item in kept)
    contracts = schedules.reopen(ctx.session, [invoice.id])
    plan(ctx, contracts, horizon(ctx.now.date()))
    (part,) = draft_batch(ctx, Order(None, through, acting(ctx)), contracts).parts
    if part.state == "failed":
        raise Refused(part.code or "rebill.failed", part.error or "The contract cannot be billed.")
    row = _write(ctx, invoice, part.draft, kept) if part.draft is not None else None
    close_items(ctx, [part])
    return row


def _write(ctx: Context, invoice: Document, draft: Draft, kept: list[dict[str, Any]]) -> Document:
    row = draft.row
    row.replaces_id, row.replaced_items = invoice.id, kept
    judge(ctx, {row.id: row}, drafted_of([draft]))
    draft_rows.hold_back(ctx.session, {row.id: draft.content})
    draft_rows.write(ctx.session, [row])
    return row


def take_back(ctx: Context, draft: Document, reason: str) -> None:
    """Nothing comes of a replacement: its invoice bills again what it billed."""
    void(ctx, [draft], reason, "The invoice that it was to replace stands")
    contracts: Iterable[UUID] = schedules.reopen(ctx.session, [draft.id])
    schedules.bring_back(ctx.session, draft.replaced_items or [])
    ctx.session.expire_all()
    plan(ctx, contracts, horizon(ctx.now.date()))
    usage_cases_late.look_at_items(ctx, [UUID(item["id"]) for item in draft.replaced_items or []])
