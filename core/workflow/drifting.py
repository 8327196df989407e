"""Gathering, for a batch of contracts, what is agreed, scheduled, invoiced and posted: a handful of queries each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from core.agreements import store as agreements
from core.agreements.model import Item, ItemState, NewItem
from core.billing.agreeing import MONTHS
from core.billing.anchors import add_months
from core.db.tables import Contract, Customer, Document, LedgerEntry, Subscription
from core.documents import held_against as held
from core.documents.held_against import Closed, Stated
from core.documents.model import HOUSE, DocumentState, natural_key
from core.kit.money import format_minor
from core.parties import store as parties
from core.posting.model import LEDGER, PAYMENTS
from core.validation.drift import BilledItem, PostedSide, ScheduleSide, Sides, TermsSide
from core.validation.sold import SoldSide
from core.workflow.agreed import Agreed, as_one_per_product, read_agreements
from core.workflow.context import Context
from core.workflow.drift_gaps import AHEAD
from core.workflow.drift_periods import Billed, past_periods
from core.workflow.drift_running import running_sides
from core.workflow.drift_sold import sold_sides
from core.workflow.scheduling import Proposal, proposals

# Older documents are settled business.
BACK = timedelta(days=400)
# A posted document has a day to appear in the ledger's own records.
LEDGER_PATIENCE = timedelta(days=1)
# What a person accepts who lets an invoice through in spite of it.
_TERM_OF = {
    "terms.drift": "due_date",
    "po.missing": "po_number",
    "tax_id.invalid": "tax_id",
    "discount.wrong": "discount",
    "discount.expired": "discount",
}

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Subject:
    """A contract under watch, with its customer."""

    contract: Contract
    customer: Customer | None
    sides: Sides


@dataclass(frozen=True, slots=True)
class _Read:
    agreed: Mapping[UUID, Agreed]
    customers: Mapping[UUID, Customer]
    proposals: Mapping[UUID, Proposal]
    closed: Mapping[UUID, list[Closed]]
    stated: Mapping[str, list[Stated]]
    unplaced: Mapping[UUID, list[Stated]]
    posted: Mapping[str, list[Document]]
    entries: Mapping[str, LedgerEntry]
    last_read: datetime | None
    latest: Mapping[str, tuple[Document, bool]]
    subscriptions: Mapping[str, list[Subscription]]
    records_since: date | None
    sold: Mapping[UUID, SoldSide]


def gather_drift(ctx: Context, contract_ids: Iterable[UUID]) -> list[Subject]:
    read = _read(ctx, list(contract_ids))
    found = []
    for each in read.agreed.values():
        customer = read.customers.get(each.contract.customer_id)
        found.append(Subject(each.contract, customer, _sides(ctx, each, customer, read)))
    return found


def _read(ctx: Context, ids: list[UUID]) -> _Read:
    session, since = ctx.session, (ctx.now - BACK)
    agreed = {
        id: each if each.contract.billed_by == HOUSE else as_one_per_product(each)
        for id, each in read_agreements(session, ids).items()
    }
    numbers = [each.contract.number for each in agreed.values()]
    ours = [id for id, each in agreed.items() if each.contract.billed_by == HOUSE]
    posted = held.posted(session, numbers, since.date(), ctx.now - LEDGER_PATIENCE)
    theirs = [each.contract for each in agreed.values() if each.contract.billed_by != HOUSE]
    billed_since = since.date() - AHEAD
    return _Read(
        agreed=agreed,
        customers=parties.customers(session, [each.contract.customer_id for each in agreed.values()]),
        proposals=proposals(ctx, ours),
        closed=_grouped((row.item.contract_id, row) for row in held.closed_items(session, ours, since)),
        stated=_grouped(
            (row.contract_number or "", row)
            for row in held.stated_lines(session, [each.number for each in theirs], PAYMENTS, billed_since)
        ),
        unplaced=_grouped(held.unplaced_lines(session, {each.customer_id for each in theirs}, PAYMENTS, billed_since)),
        posted=_grouped((row.contract_number or "", row) for row in posted),
        entries=held.entries(session, LEDGER, [natural_key(row.source, row.source_ref) for row in posted]),
        last_read=held.last_read(session, LEDGER),
        latest=held.latest_invoices(session, numbers),
        subscriptions=_grouped((row.contract_number or "", row) for row in agreements.subscriptions(session, numbers)),
        records_since=held.first_issue(session, PAYMENTS),
        sold=sold_sides(ctx, agreed.values()),
    )


def _grouped(pairs: Iterable[tuple[K, V]]) -> Mapping[K, list[V]]:
    found: dict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def _sides(ctx: Context, agreed: Agreed, customer: Customer | None, read: _Read) -> Sides:
    contract, today = agreed.contract, ctx.now.date()
    latest, is_credited = read.latest.get(contract.number, (None, False))
    is_ours = contract.billed_by == HOUSE
    can_rebill = latest is not None and latest.source == HOUSE and latest.state == DocumentState.POSTED
    return Sides(
        number=contract.number,
        currency=contract.currency,
        schedule=_schedule(read.proposals.get(contract.id), contract.currency),
        items=tuple(_closed(row) for row in read.closed.get(contract.id, ()) if _counts(row)),
        periods=() if is_ours else past_periods(agreed, _billed(contract, read), _window(ctx, read), today),
        running=() if is_ours else tuple(running_sides(agreed, read.subscriptions.get(contract.number, ()), today)),
        posted=tuple(_posted(read.posted.get(contract.number, ()), read)),
        terms=tuple(_terms(agreed, customer, latest)) if latest is not None else (),
        latest=(latest.id, latest.number) if latest is not None else None,
        can_rebill_latest=can_rebill and not is_credited,
        sold=read.sold.get(contract.id),
    )


def _billed(contract: Contract, read: _Read) -> Billed:
    return Billed(read.stated.get(contract.number, ()), read.unplaced.get(contract.customer_id, ()))


def _window(ctx: Context, read: _Read) -> date:
    """From when on a missing invoice is missing: not before the platform's records here begin."""
    return max((ctx.now - BACK).date(), read.records_since or ctx.now.date())


# --- the schedule ----------------------------------------------------------------------------------------------------


def _schedule(proposal: Proposal | None, currency: str) -> ScheduleSide:
    if proposal is None:
        return ScheduleSide()
    kept = {item.id: item for item in proposal.kept if item.state == ItemState.OPEN}
    wanted = {item.id: item for item in proposal.wanted}
    differing = {id for id in kept.keys() & wanted.keys() if _is_other(kept[id], wanted[id])}
    return ScheduleSide(
        {id: _told(item, currency) for id, item in kept.items()},
        {id: _told(item, currency) for id, item in wanted.items()},
        frozenset(differing),
    )


def _is_other(one: Item, other: NewItem) -> bool:
    names = ("period_end", "bill_on", "currency", "expected_minor", "lines")
    return any(getattr(one, name) != getattr(other, name) for name in names)


def _told(item: Item | NewItem, currency: str) -> tuple[str, int]:
    minor = item.expected_minor or 0
    known = "by usage" if item.expected_minor is None else f"{currency} {format_minor(minor, currency)}"
    return f"{item.kind.replace('_', ' ').capitalize()} from {item.period_start:%d %b %Y}: {known}", minor


def _counts(row: Closed) -> bool:
    """An item that came to nothing has no invoice and needs none."""
    return row.item.document_id is not None or bool(row.item.expected_minor)


def _closed(row: Closed) -> BilledItem:
    item, document = row.item, row.document
    is_void = document is None or document.state == DocumentState.VOID
    words = f"{item.kind.replace('_', ' ').capitalize()} from {item.period_start:%d %b %Y}"
    if is_void or document is None:
        return BilledItem(item.id, words, item.expected_minor, None, None, None)
    can_rebill = document.source == HOUSE and document.state == DocumentState.POSTED and not row.is_credited
    return BilledItem(item.id, words, item.expected_minor, document.id, document.number, row.billed_minor, can_rebill)


# --- the ledger and the terms ----------------------------------------------------------------------------------------


def _posted(rows: Iterable[Document], read: _Read) -> Iterator[PostedSide]:
    for row in rows:
        entry = read.entries.get(natural_key(row.source, row.source_ref))
        is_read = read.last_read is not None and row.posted_at is not None and read.last_read > row.posted_at
        if entry is not None:
            yield PostedSide(row.id, row.number, row.total_minor, row.currency, entry.total_minor, entry.currency)
        elif is_read:
            yield PostedSide(row.id, row.number, row.total_minor, row.currency, None, None)


def _terms(agreed: Agreed, customer: Customer | None, row: Document) -> Iterator[TermsSide]:
    """What a person corrected on the invoice, or let through as it is, stands."""
    contract, settled = agreed.contract, {*row.corrections, *(_TERM_OF.get(code) for code in row.waived_codes)}
    days = contract.terms_days if contract.terms_days is not None else (customer.terms_days if customer else None)
    if days is not None and row.collection_method != "charge_automatically" and "due_date" not in settled:
        yield TermsSide("payment terms", f"{days} days", f"{(row.due_date - row.issue_date).days} days")
    if contract.po_number and "po_number" not in settled:
        yield TermsSide("purchase order", contract.po_number, row.po_number or "none")
    if customer is not None and customer.tax_id and row.tax_id and "tax_id" not in settled:
        yield TermsSide("tax id", customer.tax_id.replace(" ", ""), row.tax_id.replace(" ", ""))
    if contract.billed_by != HOUSE and row.subtotal_minor > 0 and _has_one_discount(agreed, row):
        holds = contract.discount_ends_on is None or row.issue_date <= contract.discount_ends_on
        percent = contract.discount_percent if holds else Decimal(0)
        given = Decimal(row.discount_minor * 100) / row.subtotal_minor
        if "discount" not in settled:
            yield TermsSide("discount", _percent(percent), _percent(given))


def _has_one_discount(agreed: Agreed, row: Document) -> bool:
    """Whether all lines are to have the same. Around its end some bill days before and some days after it, as those of
    usage in the period behind; they are held against the contract one by one."""
    contract, agreement = agreed.contract, agreed.agreement
    if agreement is not None and any(charge.terms.discount_percent is not None for charge in agreement.charges):
        return False
    if contract.discount_ends_on is None:
        return True
    months = MONTHS[contract.billing_frequency or "monthly"]
    first = add_months(min(row.period_start or row.issue_date, row.issue_date), -months)
    last = max(row.period_end or row.issue_date, add_months(row.issue_date, months))
    return not first <= contract.discount_ends_on < last


def _percent(value: Decimal) -> str:
    return f"{round(value, 1).normalize():f} %"
