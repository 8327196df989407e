"""Invoices that have not gone out follow their contract: what they bill opens, is planned as agreed now, and is drafted
again in the same place. So nothing counts as billed before it is, and no correction is made of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from core.agreements import schedule as schedules
from core.audit.model import Note
from core.db.tables import Document, ScheduleItem
from core.documents import drafts as draft_rows
from core.documents import drawdowns
from core.documents import store as documents
from core.documents.corrections import waiting_for_credit
from core.documents.model import UNDECIDED, DocumentState
from core.kit.words import day_in_words
from core.workflow.context import Context
from core.workflow.deciding import decide, judge
from core.workflow.drafting import lay_out_draft
from core.workflow.due import Consumption, Due, Unbillable, rate_in_turn, read_consumption, read_due
from core.workflow.four_eyes import acting, touch
from core.workflow.heads import head_of, is_for, put_head
from core.workflow.redrafting import CONTENT
from core.workflow.scheduling import horizon, plan
from core.workflow.voiding import void

_GONE = "Nothing of it is due any more as agreed now"


@dataclass(frozen=True, slots=True)
class _Old:
    """An invoice under terms of before, with the items that it bills as they were."""

    row: Document
    items: list[dict[str, Any]]
    # It waits for the credit memo of another invoice, which would bill its items again.
    is_bound: bool

    @property
    def through(self) -> date:
        return max(date.fromisoformat(item["bill_on"]) for item in self.items)

    @property
    def item_ids(self) -> set[UUID]:
        return {UUID(item["id"]) for item in self.items}


@dataclass(slots=True)
class _Drawn:
    """What becomes of them: new content with its items, nothing, or what was before."""

    contents: dict[UUID, draft_rows.Content]
    billed: dict[UUID, UUID]
    gone: list[Document]
    kept: list[_Old]


def redraw(ctx: Context, contract_ids: Iterable[UUID]) -> list[Note]:
    """Invoices that have not gone out are drafted again if their contract, planned before, has other terms or another
    account now, and name the purchase order and the days to pay that it names now; then they are checked again. One
    that cannot be drafted any more stays as it is; one of which nothing is due is void."""
    ids = list(contract_ids)
    return [*_redraw(ctx, ids), *_follow_heads(ctx, ids)] if ids else []


def _locked(ctx: Context, ids: Iterable[UUID], contract_ids: Iterable[UUID]) -> dict[UUID, Document]:
    """Those of the invoices that still have not gone out: whoever had them before may have released them."""
    rows = documents.load(ctx.session, ids)
    waiting = draft_rows.not_gone_out(ctx.session, contract_ids) if rows else []
    return {id: rows[id] for id in waiting if id in rows}


def _follow_heads(ctx: Context, contract_ids: list[UUID]) -> list[Note]:
    ctx.session.flush()
    wanted = draft_rows.with_other_heads(ctx.session, contract_ids)
    notes, changed = [], {}
    for id, row in _locked(ctx, wanted, contract_ids).items():
        told = [_told(name, value) for name, value in wanted[id].items() if getattr(row, name) != value]
        if not told:
            continue
        for name, value in wanted[id].items():
            setattr(row, name, value)
        row.revision += 1
        touch(row, acting(ctx))
        changed[id] = row
        notes.append(Note(f"{row.number} {' and '.join(told)}, as its contract says now.", f"invoice:{id}"))
    ctx.session.flush()
    _go_on(ctx, changed.values())
    return notes


def _told(name: str, value: Any) -> str:
    if name == "due_date":
        return f"is due on {day_in_words(value)}"
    return f"names purchase order {value}" if value else "names no purchase order any more"


def _redraw(ctx: Context, contract_ids: list[UUID]) -> list[Note]:
    old = _outdated(ctx, contract_ids)
    if not old:
        return []
    ctx.session.flush()
    contracts = schedules.reopen(ctx.session, old)
    ctx.session.expire_all()
    plan(ctx, contracts, horizon(ctx.now.date()))
    shares = _shares(ctx, contracts, old)
    drawn = _draw(ctx, old, shares, read_consumption(ctx, shares.values(), old))
    _write(ctx, drawn)
    _go_on(ctx, [old[id].row for id in drawn.contents])
    return [_note(old[id].row) for id in drawn.contents] + [_note(row) for row in drawn.gone]


def _outdated(ctx: Context, contract_ids: list[UUID]) -> dict[UUID, _Old]:
    found = _drawn_otherwise(ctx, draft_rows.not_gone_out(ctx.session, contract_ids), contract_ids)
    if not found:
        return {}
    rows = _locked(ctx, found, contract_ids)
    if found.keys() - rows.keys():
        # What has gone out meanwhile is corrected by the schedule, as it was billed in the end.
        plan(ctx, contract_ids, horizon(ctx.now.date()))
    items = _drawn_otherwise(ctx, rows, contract_ids)
    later, bound = schedules.settled_later(ctx.session, items), waiting_for_credit(ctx.session, rows.values())
    return {id: _Old(rows[id], schedules.as_kept(items[id]), id in bound) for id in items if id not in later}


def _drawn_otherwise(
    ctx: Context, ids: Collection[UUID], contract_ids: Iterable[UUID]
) -> dict[UUID, list[ScheduleItem]]:
    """Of these invoices the ones that say something else than what is agreed now, with what they bill."""
    if not ids:
        return {}
    plans = schedules.plans(ctx.session, contract_ids)
    others = draft_rows.for_others(ctx.session, contract_ids)
    items = schedules.items_of_documents(ctx.session, ids)
    return {id: found for id, found in items.items() if _is_outdated(found, plans, id in others)}


def _is_outdated(items: Iterable[ScheduleItem], plans: Mapping[UUID, Any], is_for_other: bool) -> bool:
    """A contract that cannot be billed now leaves what was drafted alone until it is put right."""
    known = [(item, plan) for item in items if (plan := plans.get(item.contract_id)) and plan.problem is None]
    return any(is_for_other or item.terms_id != plan.terms_id for item, plan in known)


def _shares(ctx: Context, contracts: Iterable[UUID], old: Mapping[UUID, _Old]) -> dict[UUID, Due]:
    """What is due now on each: the items that were on it, and new ones due by then on the first of them."""
    in_order = sorted(old.values(), key=lambda each: (each.through, each.row.id))
    owners = {item: each.row.id for each in in_order for item in each.item_ids}
    found: dict[UUID, Due] = {}
    for due in read_due(ctx, contracts, max(each.through for each in in_order)):
        mine = [each for each in in_order if each.row.contract_id == due.contract.id]
        for each in mine:
            found[each.row.id] = replace(due, items=[])
        for item in due.items:
            first = next((each.row.id for each in mine if item.bill_on <= each.through), None)
            owner = owners.get(item.id, first)
            if owner is not None:
                found[owner] = replace(found[owner], items=[*found[owner].items, item])
    return found


def _draw(ctx: Context, old: Mapping[UUID, _Old], shares: Mapping[UUID, Due], used: Consumption) -> _Drawn:
    drawn = _Drawn({}, {}, [], [])
    for id, each in sorted(old.items(), key=lambda pair: (pair[1].through, pair[0])):
        before = used
        try:
            content, is_other, used = _again(ctx, each.row, shares[id], before)
        except Unbillable:
            drawn.kept.append(each)
            used = before.after(shares[id].items, drawdowns.drawn_by(ctx.session, [id]))
            continue
        if content is not None:
            drawn.billed |= {item.id: id for item in shares[id].items}
        if content is not None and is_other:
            drawn.contents[id] = content
        elif content is not None:
            continue
        elif each.is_bound:
            drawn.kept.append(each)
        else:
            drawn.gone.append(each.row)
    measured = {item.id: used.of(item) for due in shares.values() for item in due.items if item.kind == "usage"}
    schedules.mark_billed(ctx.session, drawn.billed, ctx.now, measured)
    return drawn


def _again(
    ctx: Context, row: Document, due: Due, used: Consumption
) -> tuple[draft_rows.Content | None, bool, Consumption]:
    """Its content as due now, None when that is nothing or less, whether it says something else than before, and what
    it leaves of commitments to later ones; then its row is brought up to it."""
    if due.entity is None or due.customer is None:
        raise Unbillable("billing.no_customer", f"There is nobody to bill for contract {due.contract.number}.")
    lines, left = rate_in_turn([due], used)
    nets = [each.line.net_minor for each in lines]
    if not any(nets) or sum(nets) < 0:
        return None, True, used
    laid = lay_out_draft(ctx, due, lines, row.source_ref)
    if laid.columns["content_hash"] == row.content_hash and is_for(row, due.contract, due.customer):
        return laid.content, False, left
    for name in (*CONTENT, "tax_engine"):
        setattr(row, name, laid.columns[name])
    put_head(row, head_of(due.contract, due.customer, row.issue_date))
    touch(row, (*acting(ctx), *used.corrected_by(due.items)))
    # What somebody accepted was the invoice as it was.
    row.waived_codes = []
    if row.state == DocumentState.DRAFT and laid.columns["grace_until"] is not None:
        row.grace_until = laid.columns["grace_until"]
    row.revision += 1
    return laid.content, True, left


def _write(ctx: Context, drawn: _Drawn) -> None:
    draft_rows.clear_contents(ctx.session, drawn.contents)
    draft_rows.write_contents(ctx.session, list(drawn.contents.values()))
    if drawn.gone:
        void(ctx, drawn.gone, _GONE, _GONE)
    if drawn.kept:
        schedules.bring_back(ctx.session, [item for each in drawn.kept for item in each.items])
        plan(ctx, {each.row.contract_id for each in drawn.kept if each.row.contract_id}, horizon(ctx.now.date()))
    ctx.session.flush()
    ctx.session.expire_all()


def _go_on(ctx: Context, rows: Iterable[Document]) -> None:
    """What was held or asked about is decided by what it says now; nobody has said yet that drafts are to go out."""
    every = {row.id: row for row in rows}
    decide(ctx, [id for id, row in every.items() if row.state in UNDECIDED])
    judge(ctx, {id: row for id, row in every.items() if not row.is_issued and row.state not in UNDECIDED})


def _note(row: Document) -> Note:
    is_gone = row.state == DocumentState.VOID
    told = "is void: nothing of it is due any more" if is_gone else "was drafted again"
    return Note(f"{row.number} {told} as its contract is agreed now.", f"invoice:{row.id}")
