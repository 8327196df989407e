"""A draft whose usage came late is rated again, under the terms that it was drafted under, until its grace is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from core.agreements import schedule as schedules
from core.agreements import store as agreements
from core.billing.model import Agreement
from core.db.tables import Document, ScheduleItem
from core.documents import drafts as draft_rows
from core.parties import store as parties
from core.workflow import usage_cases_late
from core.workflow.context import Context
from core.workflow.drafting import lay_out_draft
from core.workflow.due import Consumption, Due, DueLine, Unbillable, rate_due, read_consumption
from core.workflow.planning import from_content

CONTENT = (
    "subtotal_minor",
    "discount_minor",
    "tax_minor",
    "total_minor",
    "content_hash",
    "period_start",
    "period_end",
)


@dataclass(frozen=True, slots=True)
class _Again:
    """A draft with what is due on it, in pieces of the same terms."""

    row: Document
    whole: Due
    pieces: Sequence[Due]

    @property
    def metered(self) -> list[ScheduleItem]:
        return [item for item in self.whole.items if item.kind == "usage"]


def redraft(ctx: Context, rows: Mapping[UUID, Document]) -> list[UUID]:
    """Replaces lines, taxes and amounts of the drafts that come out differently now; answers which. One that cannot be
    rated any more stays as it is."""
    if not rows:
        return []
    drafts = list(_read(ctx, rows))
    used = read_consumption(ctx, [piece for each in drafts for piece in each.pieces], rows)
    changed = {each.row.id: content for each in drafts if (content := _again(ctx, each, used)) is not None}
    draft_rows.clear_contents(ctx.session, changed)
    draft_rows.write_contents(ctx.session, list(changed.values()))
    ctx.session.flush()
    rated = [item for each in drafts for item in each.metered if item.used == used.of(item)]
    usage_cases_late.close_after_billing(ctx, rated)
    return list(changed)


def _read(ctx: Context, rows: Mapping[UUID, Document]) -> Iterator[_Again]:
    items = schedules.items_of_documents(ctx.session, rows)
    contracts = agreements.contracts(ctx.session, {row.contract_id for row in rows.values() if row.contract_id})
    terms = schedules.terms(ctx.session, {item.terms_id for found in items.values() for item in found if item.terms_id})
    agreed = {id: from_content(content) for id, content in terms.items()}
    customers = parties.customers(ctx.session, [row.customer_id for row in rows.values() if row.customer_id])
    entities = parties.entities(ctx.session)
    for id, row in rows.items():
        contract = contracts.get(row.contract_id) if row.contract_id else None
        if contract is None or id not in items:
            continue
        customer = customers.get(row.customer_id) if row.customer_id else None
        whole = Due(contract, None, items[id], customer, entities.get(row.entity or ""))
        yield _Again(row, whole, tuple(_pieces(whole, agreed)))


def _pieces(whole: Due, agreed: Mapping[UUID, Agreement]) -> Iterator[Due]:
    by_terms: dict[UUID | None, list[ScheduleItem]] = defaultdict(list)
    for item in whole.items:
        by_terms[item.terms_id].append(item)
    for terms, items in by_terms.items():
        yield replace(whole, agreement=agreed.get(terms) if terms else None, items=items)


def _again(ctx: Context, draft: _Again, used: Consumption) -> draft_rows.Content | None:
    """The new content of a draft, its row brought up to it; None when nothing is different."""
    try:
        lines: list[DueLine] = [line for piece in draft.pieces for line in rate_due(piece, used)]
    except Unbillable:
        return None
    if not lines or sum(each.line.net_minor for each in lines) < 0 or draft.whole.entity is None:
        return None
    for item in draft.metered:
        item.used, item.corrected = used.of(item), None
    laid = lay_out_draft(ctx, draft.whole, lines, draft.row.source_ref)
    columns: dict[str, Any] = laid.columns
    if columns["content_hash"] == draft.row.content_hash:
        return None
    for name in CONTENT:
        setattr(draft.row, name, columns[name])
    draft.row.revision += 1
    return laid.content
