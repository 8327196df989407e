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
from core.db.tables import Contract, Customer, Document, LedgerEntry, Subscription
from core.documents import held_against as held
from core.documents.held_against import Closed, Stated
from core.documents.model import HOUSE, DocumentState, natural_key
from core.kit.money import format_minor
from core.parties import store as parties
from core.posting.model import LEDGER, PAYMENTS
from core.validation.drift import BilledItem, PostedSide, Running, ScheduleSide, Sides, TermsSide
from core.workflow.agreed import Agreed, read_agreements
from core.workflow.context import Context
from core.workflow.drift_periods import past_periods
from core.workflow.scheduling import Proposal, proposals

# Older documents are settled business.
BACK = timedelta(days=400)
# A posted document has a day to appear in the ledger's own records.
LEDGER_PATIENCE = timedelta(days=1)
_LIVE = ("active", "trialing", "past_due")


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
    posted: Mapping[str, list[Document]]
    entries: Mapping[str, LedgerEntry]
    last_read: datetime | None
    latest: Mapping[str, tuple[Document, bool]]
    subscriptions: Mapping[str, list[Subscription]]
    records_since: date | None


def gather_drift(ctx: Context, contract_ids: Iterable[UUID]) -> list[Subject]:
    read = _read(ctx, list(contract_ids))
    found = []
    for each in read.agreed.values():
        customer = read.customers.get(each.contract.customer_id)
        found.append(Subject(each.contract, customer, _sides(ctx, each, customer, read)))
    return found


def _read(ctx: Context, ids: list[UUID]) -> _Read:
    session, since = ctx.session, (ctx.now - BACK)
    agreed = read_agreements(session, ids)
    numbers = [each.contract.number for each in agreed.values()]
    ours = [id for id, each in agreed.items() if each.contract.billed_by == HOUSE]
    posted = held.posted(session, numbers, since.date(), ctx.now - LEDGER_PATIENCE)
    return _Read(
        agreed=agreed,
        customers=parties.customers(session, [each.contract.customer_id for each in agreed.values()]),
        proposals=proposals(ctx, ours),
        closed=_grouped((row.item.contract_id, row) for row in held.closed_items(session, ours, since)),
        stated=_grouped(
            (row.contract_number, row) for row in held.stated_lines(session, numbers, PAYMENTS, since.date())
        ),
        posted=_grouped((row.contract_number or "", row) for row in posted),
        entries=held.entries(session, LEDGER, [natural_key(row.source, row.source_ref) for row in posted]),
        last_read=held.last_read(session, LEDGER),
        latest=held.latest_invoices(session, numbers),
        subscriptions=_grouped((row.contract_number or "", row) for row in agreements.subscriptions(session, numbers)),
        records_since=held.first_issue(session, PAYMENTS),
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
        periods=()
        if is_ours
        else past_periods(agreed, read.stated.get(contract.number, ()), _window(ctx, read), today),
        running=() if is_ours else tuple(_running(agreed, read.subscriptions.get(contract.number, ()), today)),
        posted=tuple(_posted(read.posted.get(contract.number, ()), read)),
        terms=tuple(_terms(contract, customer, latest)) if latest is not None else (),
        latest=(latest.id, latest.number) if latest is not None else None,
        can_rebill_latest=can_rebill and not is_credited,
    )


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


# --- the platform's subscription -------------------------------------------------------------------------------------


def _running(agreed: Agreed, subscriptions: Iterable[Subscription], today: date) -> Iterator[Running]:
    contract = agreed.contract
    live = [row for row in subscriptions if row.status in _LIVE and row.currency == contract.currency]
    if not live or contract.status != "active" or not _is_in_term(contract, today):
        return
    wanted: dict[str, tuple[Decimal, Decimal]] = {}
    for line in agreed.lines:
        if line.starts_on <= today and (line.ends_on is None or today <= line.ends_on) and not line.charge:
            quantity = wanted.get(line.product_code, (Decimal(0), Decimal(0)))[0]
            wanted[line.product_code] = (quantity + line.quantity, line.unit_price)
    runs = _in_subscriptions(live)
    special = {line.product_code for line in agreed.lines if line.charge}
    nothing = (Decimal(0), Decimal(0))
    for product in sorted((wanted.keys() | runs.keys()) - special):
        one, other = (_exact(side.get(product, nothing)) for side in (wanted, runs))
        yield Running(product, one, other, one[0] * one[1], other[0] * other[1])


def _is_in_term(contract: Contract, today: date) -> bool:
    return contract.starts_on <= today and (contract.ends_on is None or today <= contract.ends_on)


def _in_subscriptions(live: Iterable[Subscription]) -> dict[str, tuple[Decimal, Decimal]]:
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for row in live:
        for item in row.items:
            if item.get("product_code") and not item.get("meter") and not item.get("tiers"):
                monthly = Decimal(str(item["unit_price"])) / int(item["interval_months"])
                quantity = found.get(item["product_code"], (Decimal(0), Decimal(0)))[0]
                found[item["product_code"]] = (quantity + Decimal(str(item["quantity"])), monthly)
    return found


def _exact(side: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    return side[0].normalize(), side[1].quantize(Decimal("0.0001")).normalize()


# --- the ledger and the terms ----------------------------------------------------------------------------------------


def _posted(rows: Iterable[Document], read: _Read) -> Iterator[PostedSide]:
    for row in rows:
        entry = read.entries.get(natural_key(row.source, row.source_ref))
        is_read = read.last_read is not None and row.posted_at is not None and read.last_read > row.posted_at
        if entry is not None:
            yield PostedSide(row.id, row.number, row.total_minor, row.currency, entry.total_minor, entry.currency)
        elif is_read:
            yield PostedSide(row.id, row.number, row.total_minor, row.currency, None, None)


def _terms(contract: Contract, customer: Customer | None, row: Document) -> Iterator[TermsSide]:
    """What a person corrected on the invoice stands."""
    fixed = row.corrections
    days = contract.terms_days if contract.terms_days is not None else (customer.terms_days if customer else None)
    if days is not None and row.collection_method != "charge_automatically" and "due_date" not in fixed:
        yield TermsSide("payment terms", f"{days} days", f"{(row.due_date - row.issue_date).days} days")
    if contract.po_number and "po_number" not in fixed:
        yield TermsSide("purchase order", contract.po_number, row.po_number or "none")
    if customer is not None and customer.tax_id and row.tax_id and "tax_id" not in fixed:
        yield TermsSide("tax id", customer.tax_id.replace(" ", ""), row.tax_id.replace(" ", ""))
    if contract.billed_by != HOUSE and row.subtotal_minor > 0:
        holds = contract.discount_ends_on is None or row.issue_date <= contract.discount_ends_on
        agreed = contract.discount_percent if holds else Decimal(0)
        given = Decimal(row.discount_minor * 100) / row.subtotal_minor
        yield TermsSide("discount", _percent(agreed), _percent(given))


def _percent(value: Decimal) -> str:
    return f"{round(value, 1).normalize():f} %"
