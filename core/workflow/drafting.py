"""From what is due to drafts of invoices, in memory: read, rate, tax, lay out. Writing them is the caller's.

The same code serves a preview and a run: a preview only leaves out the writing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from core.agreements.model import ADJUSTMENT
from core.db.tables import Document, ScheduleItem
from core.documents import drafts as draft_rows
from core.documents.drafts import Content
from core.documents.model import HOUSE, DocumentState
from core.kit.ids import content_hash, id_from
from core.kit.money import UnknownCurrency, exponent
from core.workflow.context import Context
from core.workflow.due import Consumption, Due, DueLine, Unbillable, rate_due, read_consumption, read_due
from core.workflow.four_eyes import touch
from core.workflow.heads import head_of
from core.workflow.scheduled import Drafted
from core.workflow.taxing import Taxed, tax_lines


@dataclass(frozen=True, slots=True)
class Order:
    """What is billed: everything due on or before `through`, in the name of a run, if of any. `people`: ids of those
    by whose word it is billed."""

    run_id: UUID | None
    through: date
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice that is not in the store yet."""

    row: Document
    lines: Sequence[Any]  # with the columns of `document_lines` as attributes
    content: Content
    due: Due
    tax_minor: int | None  # None: an engine outside has to be asked first

    @property
    def items(self) -> Sequence[ScheduleItem]:
        return self.due.items


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one contract. `state`: done, empty (nothing to bill) or failed, with the reason."""

    contract_id: UUID
    state: str
    entity: str | None
    currency: str
    draft: Draft | None = None
    # Due, but worth nothing: closed without an invoice.
    closed: Sequence[ScheduleItem] = ()
    code: str | None = None
    error: str | None = None
    contract_number: str = ""
    customer_id: UUID | None = None
    # What was measured, by item of usage.
    used: Mapping[UUID, Decimal] = field(default_factory=dict)
    # Adjustments that outweigh what is to be charged: they go back by credit memo, and stay open here.
    gives_back: Sequence[ScheduleItem] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    parts: Sequence[Part]

    @property
    def drafts(self) -> list[Draft]:
        return [part.draft for part in self.parts if part.draft is not None]

    @property
    def rows(self) -> dict[UUID, Document]:
        return {draft.row.id: draft.row for draft in self.drafts}


def drafted_of(drafts: Iterable[Draft]) -> Drafted:
    """What the rules may look at of drafts that are not in the store."""
    every = list(drafts)
    return Drafted(
        {draft.row.id: draft.lines for draft in every},
        {draft.row.id: draft.tax_minor for draft in every},
        {draft.row.id: draft.items for draft in every},
        {draft.due.contract.number: (draft.due.contract, draft.due.lines) for draft in every},
        {draft.due.customer.id: draft.due.customer for draft in every if draft.due.customer},
    )


def draft_batch(ctx: Context, order: Order, contract_ids: Iterable[UUID]) -> Batch:
    """Drafts for these contracts, which stay locked until the transaction ends. One that cannot be billed becomes a
    failed part and stops no other."""
    batch = read_due(ctx, contract_ids, order.through)
    used = read_consumption(ctx, batch)
    refs = _refs(ctx, batch)
    return Batch([_part(ctx, order, due, (used, refs)) for due in batch])


def _refs(ctx: Context, batch: Sequence[Due]) -> dict[UUID, str]:
    """The stable id of each invoice: contract and bill day, with a counter behind it when that day was billed before
    (something more fell due for it, or its run was cancelled)."""
    wanted = {due.contract.id: _ref(due) for due in batch if due.items}
    taken = draft_rows.taken_refs(ctx.session, wanted.values())
    again = {id: ref for id, ref in wanted.items() if ref in taken}
    counts = draft_rows.count_refs(ctx.session, again.values()) if again else {}
    return wanted | {id: f"{ref}-{counts[ref] + 1}" for id, ref in again.items()}


def _ref(due: Due) -> str:
    return f"{due.contract.number}-{max(item.bill_on for item in due.items):%Y%m%d}"


def _part(ctx: Context, order: Order, due: Due, known: tuple[Consumption, Mapping[UUID, str]]) -> Part:
    used, refs = known
    contract, entity = due.contract, due.customer.entity if due.customer else None
    common: dict[str, Any] = {
        "contract_id": contract.id,
        "entity": entity,
        "currency": contract.currency,
        "contract_number": contract.number,
        "customer_id": due.customer.id if due.customer else None,
    }
    if not due.items:
        return Part(state="empty", **common)
    try:
        lines = rate_due(_billable(due), used)
        common["gives_back"] = outweighing(due, lines)
        due, lines = _besides(due, lines, common["gives_back"])
        draft = _draft(ctx, order, due, (lines, refs[contract.id]))
        if draft is not None:
            touch(draft.row, (*order.people, *used.corrected_by(draft.items)))
    except Unbillable as reason:
        return Part(state="failed", code=reason.code, error=reason.sentence, **common | {"gives_back": ()})
    measured = {item.id: used.of(item) for item in due.items if item.kind == "usage"}
    if draft is None:
        closed = [item for item in due.items if not _may_still_be_used(ctx, item)]
        return Part(state="empty", closed=closed, used=measured, **common)
    return Part(state="done", draft=draft, used=measured, **common)


def _may_still_be_used(ctx: Context, item: ScheduleItem) -> bool:
    """Usage of a period that is not over, or whose grace is not."""
    return item.kind == "usage" and _grace_end(ctx, item.bill_on) > ctx.now


def _billable(due: Due) -> Due:
    """Raises Unbillable when there is nobody to bill, or nobody who bills."""
    contract = due.contract
    try:
        exponent(contract.currency)
    except UnknownCurrency as unknown:
        raise Unbillable("billing.unratable", f"Contract {contract.number}: {unknown.sentence}") from None
    if due.customer is None:
        code = "billing.no_customer"
        raise Unbillable(code, f"The customer of contract {contract.number} is not in the CRM.")
    if due.entity is None:
        name = due.customer.entity or "none given"
        code = "billing.no_entity"
        raise Unbillable(code, f"Customer {due.customer.name} belongs to no legal entity that we know ({name}).")
    return due


def outweighing(due: Due, lines: Sequence[DueLine]) -> list[ScheduleItem]:
    """Adjustments that take something back, when all that is due comes to less than nothing."""
    if sum(each.line.net_minor for each in lines) >= 0:
        return []
    nets = Counter[UUID]()
    for each in lines:
        nets[each.item_id] += each.line.net_minor
    return [item for item in due.items if item.kind == ADJUSTMENT and nets[item.id] < 0]


def _besides(due: Due, lines: list[DueLine], items: Iterable[ScheduleItem]) -> tuple[Due, list[DueLine]]:
    ids = {item.id for item in items}
    rest = replace(due, items=[item for item in due.items if item.id not in ids])
    return rest, [each for each in lines if each.item_id not in ids]


def _draft(ctx: Context, order: Order, due: Due, rated: tuple[list[DueLine], str]) -> Draft | None:
    """None when every line is worth nothing. Raises Unbillable when credits outweigh charges: an invoice asks for
    money, and what is left waits for the next one."""
    lines, ref = rated
    if not any(each.line.net_minor for each in lines):
        return None
    net = sum(each.line.net_minor for each in lines)
    if net < 0:
        code = "billing.negative_total"
        sentence = f"Credits of contract {due.contract.number} outweigh its charges; they wait for its next invoice."
        raise Unbillable(code, sentence)
    laid = lay_out_draft(ctx, due, lines, ref)
    row = Document(**_columns(ctx, order, due), **laid.columns)
    lines_seen = [SimpleNamespace(**line) for line in laid.content.lines]
    return Draft(row, lines_seen, laid.content, due, laid.tax_minor)


@dataclass(frozen=True, slots=True)
class Laid:
    """What follows from the lines: columns of the document, its lines and taxes, and the tax if it is determined."""

    columns: dict[str, Any]
    content: Content
    tax_minor: int | None


def lay_out_draft(ctx: Context, due: Due, lines: Sequence[DueLine], ref: str) -> Laid:
    taxed = tax_lines(ctx, due, lines, ref)
    id = id_from("document", HOUSE, ref)
    rows = [_line(id, position, each, taxed) for position, each in enumerate(lines, start=1)]
    subtotal, discount = sum(row["amount_minor"] for row in rows), sum(row["discount_minor"] for row in rows)
    columns = {
        "id": id,
        "source_ref": ref,
        "subtotal_minor": subtotal,
        "discount_minor": discount,
        "tax_minor": taxed.total_minor,
        "total_minor": subtotal - discount + taxed.total_minor,
        "tax_engine": taxed.engine,
        "grace_until": _grace(ctx, due),
        "period_start": min(row["period_start"] for row in rows),
        "period_end": max(row["period_end"] for row in rows),
        "content_hash": content_hash([[row["amount_minor"], row["tax_minor"], row["arithmetic"]] for row in rows]),
    }
    content = Content(rows, [{"document_id": id} | tax for tax in taxed.rows])
    return Laid(columns, content, taxed.total_minor if taxed.is_determined else None)


def _grace(ctx: Context, due: Due) -> datetime | None:
    """Until when late usage may still change it; None when nothing on it was measured or the time is over."""
    metered = [item.bill_on for item in due.items if item.kind == "usage"]
    if not metered:
        return None
    until = _grace_end(ctx, max(metered))
    return until if until > ctx.now else None


def _grace_end(ctx: Context, bill_on: date) -> datetime:
    return datetime.combine(bill_on, time(), UTC) + timedelta(hours=ctx.usage_grace_hours)


def _line(document_id: UUID, position: int, due: DueLine, taxed: Taxed) -> dict[str, Any]:
    line, (tax_minor, percent) = due.line, taxed.of_line(position)
    return {
        "document_id": document_id,
        "position": position,
        "product_code": line.product_code,
        "description": line.description,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "amount_minor": line.amount_minor,
        "discount_minor": line.discount_minor,
        "tax_minor": tax_minor,
        "period_start": line.span.starts_on,
        "period_end": line.span.ends_on,
        "charge_key": line.charge_key,
        "schedule_item_id": due.item_id,
        "arithmetic": line.arithmetic,
        "tax_percent": percent,
        "earned_by": line.earned_by,
    }


def _columns(ctx: Context, order: Order, due: Due) -> dict[str, Any]:
    """What does not depend on amounts. A draft is no receivable: it has no number and nothing is open on it."""
    contract, customer = due.contract, due.customer
    assert customer is not None
    today = ctx.now.date()
    return _UNTOUCHED | {
        "kind": "invoice",
        "source": HOUSE,
        "number": f"Draft {contract.number}",
        "contract_id": contract.id,
        "contract_number": contract.number,
        "issue_date": today,
        "state": DocumentState.DRAFT.value,
        "recorded_at": ctx.now,
        "run_id": order.run_id,
        **head_of(contract, customer, today),
    }


_UNTOUCHED: dict[str, Any] = {
    "customer_ref": None,
    "corrects_id": None,
    "corrects_ref": None,
    "replaces_id": None,
    "replaced_items": None,
    "reason": None,
    "open_minor": 0,
    "settled_on": None,
    "is_disputed": False,
    "findings": [],
    "waived_codes": [],
    "changed_by": [],
    "corrections": {},
    "revision": 1,
    "released_at": None,
    "posted_at": None,
    "is_issued": False,
    "sent_at": None,
    "viewed_at": None,
    "bounced_at": None,
}
