"""A draft whose usage came late is rated again, under the terms that it was drafted under, until its grace is over.
One of which nothing is due any more is void, and what it billed is due again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from core.agreements import schedule as schedules
from core.agreements import store as agreements
from core.billing.model import Agreement
from core.db.tables import Document, ScheduleItem
from core.documents import drafts as draft_rows
from core.documents import drawdowns
from core.documents.corrections import waiting_for_credit
from core.parties import store as parties
from core.workflow import usage_cases_late
from core.workflow.context import Context
from core.workflow.drafting import lay_out_draft
from core.workflow.due import Consumption, Due, DueLine, Unbillable, rate_in_turn, read_consumption
from core.workflow.four_eyes import acting, touch
from core.workflow.planning import from_content
from core.workflow.scheduling import horizon, plan
from core.workflow.voiding import void

CONTENT = (
    "subtotal_minor",
    "discount_minor",
    "tax_minor",
    "total_minor",
    "content_hash",
    "period_start",
    "period_end",
)
GONE = "Nothing of it is due any more"


@dataclass(frozen=True, slots=True)
class _Again:
    """A draft with what is due on it, in pieces of the same terms."""

    row: Document
    whole: Due
    pieces: Sequence[Due]
    # Others rest on what it bills.
    is_bound: bool

    @property
    def begins_on(self) -> date:
        return min(item.period_start for item in self.whole.items)

    @property
    def metered(self) -> list[ScheduleItem]:
        return [item for item in self.whole.items if item.kind == "usage"]


@dataclass(frozen=True, slots=True)
class Redrafted:
    """Which drafts come out differently, and those of which nothing is due any more."""

    contents: dict[UUID, draft_rows.Content] = field(default_factory=dict)
    gone: list[Document] = field(default_factory=list)


def redraft(ctx: Context, rows: Mapping[UUID, Document]) -> Redrafted:
    """Replaces lines, taxes and amounts of the drafts that come out differently now. One that cannot be rated any more
    stays as it is."""
    done = Redrafted()
    if not rows:
        return done
    drafts = sorted(_read(ctx, rows), key=lambda each: (each.begins_on, each.row.id))
    used = read_consumption(ctx, [piece for each in drafts for piece in each.pieces], rows)
    for each in drafts:
        used = _again(ctx, each, used, done)
    draft_rows.clear_contents(ctx.session, done.contents)
    draft_rows.write_contents(ctx.session, list(done.contents.values()))
    ctx.session.flush()
    rated = [item for each in drafts for item in each.metered if item.used == used.of(item)]
    usage_cases_late.close_after_billing(ctx, rated)
    if done.gone:
        _open_again(ctx, done.gone)
    return done


def _open_again(ctx: Context, gone: Sequence[Document]) -> None:
    void(ctx, gone, GONE, GONE)
    contracts = schedules.reopen(ctx.session, [row.id for row in gone])
    ctx.session.expire_all()
    plan(ctx, contracts, horizon(ctx.now.date()))


def _read(ctx: Context, rows: Mapping[UUID, Document]) -> Iterator[_Again]:
    items = schedules.items_of_documents(ctx.session, rows)
    contracts = agreements.contracts(ctx.session, {row.contract_id for row in rows.values() if row.contract_id})
    terms = schedules.terms(ctx.session, {item.terms_id for found in items.values() for item in found if item.terms_id})
    agreed = {id: from_content(content) for id, content in terms.items()}
    customers = parties.customers(ctx.session, [row.customer_id for row in rows.values() if row.customer_id])
    entities = parties.entities(ctx.session)
    bound = waiting_for_credit(ctx.session, rows.values()).keys() | schedules.settled_later(ctx.session, rows)
    for id, row in rows.items():
        contract = contracts.get(row.contract_id) if row.contract_id else None
        if contract is None or id not in items:
            continue
        customer = customers.get(row.customer_id) if row.customer_id else None
        whole = Due(contract, None, items[id], customer, entities.get(row.entity or ""))
        yield _Again(row, whole, tuple(_pieces(whole, agreed)), id in bound)


def _pieces(whole: Due, agreed: Mapping[UUID, Agreement]) -> Iterator[Due]:
    by_terms: dict[UUID | None, list[ScheduleItem]] = defaultdict(list)
    for item in whole.items:
        by_terms[item.terms_id].append(item)
    for terms, items in sorted(by_terms.items(), key=lambda each: min(item.period_start for item in each[1])):
        yield replace(whole, agreement=agreed.get(terms) if terms else None, items=items)


def _again(ctx: Context, draft: _Again, used: Consumption, done: Redrafted) -> Consumption:
    """What becomes of a draft; answers what it leaves of commitments to those of later periods."""
    try:
        lines, left = rate_in_turn(draft.pieces, used)
    except Unbillable:
        return _as_it_is(ctx, draft, used)
    if draft.whole.entity is None:
        return _as_it_is(ctx, draft, used)
    nets = [each.line.net_minor for each in lines]
    if not any(nets) or sum(nets) < 0:
        if draft.is_bound:
            return _as_it_is(ctx, draft, used)
        done.gone.append(draft.row)
        return used
    for item in draft.metered:
        item.used, item.corrected = used.of(item), None
    _bring_up(ctx, draft, lines, done)
    if draft.row.id in done.contents:
        touch(draft.row, (*acting(ctx), *used.corrected_by(draft.whole.items)))
    return left


def _as_it_is(ctx: Context, draft: _Again, used: Consumption) -> Consumption:
    return used.after(draft.whole.items, drawdowns.drawn_by(ctx.session, [draft.row.id]))


def _bring_up(ctx: Context, draft: _Again, lines: Sequence[DueLine], done: Redrafted) -> None:
    laid = lay_out_draft(ctx, draft.whole, lines, draft.row.source_ref)
    if laid.columns["content_hash"] == draft.row.content_hash:
        return
    for name in CONTENT:
        setattr(draft.row, name, laid.columns[name])
    draft.row.revision += 1
    done.contents[draft.row.id] = laid.content
