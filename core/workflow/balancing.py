"""What is left to correct of billed items that credit memos gave back something of. Pure.

What a person gave back for a wrong price, quantity or contract counts towards what a changed contract takes back later;
it is never charged again. A kindness counts only as far as it is more than what the item costs now. What a billing run
gave back for a changed contract is a correction like those that stand on invoices. A credit memo that gives back the
whole of an invoice with a correction undoes that too: what it had taken back falls due again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.agreements.model import Item
from core.billing.amending import Known, adjustments
from core.billing.content import lines_in
from core.billing.model import Agreement, RatedLine, Slot, Span
from core.documents.corrections import LineCredit
from core.kit.money import format_minor, to_decimal

_KINDNESS = frozenset({"goodwill", "service_credit"})


@dataclass(frozen=True, slots=True)
class Given:
    """A billed item of which something was given back, what is known of it and what was billed for it, the terms that
    it was billed and is settled under, today's, and the adjustments that were billed of its contract."""

    item: Item
    slot: Slot
    known: Mapping[Slot, Known]
    costs_minor: int
    original: Agreement
    settled: Agreement
    today: Agreement
    adjusted: Sequence[Item]
    credits: Sequence[LineCredit]


def credits_of(item: Item, credits: Iterable[LineCredit]) -> list[LineCredit]:
    """Those of lines of the item itself, or of its adjustments."""
    return [each for each in credits if each.charge_key == item.charge_key and _is_within(each.period_start, item)]


def balance(given: Given) -> list[RatedLine]:
    """Lines of the correction that is left; none when nothing is."""
    lines = list(adjustments(given.settled, given.today, [given.slot], given.known))
    due = _due_minor(given)
    if not due:
        return []
    rest = due - sum(line.net_minor for line in lines)
    return [*lines, _rest(given, rest)] if rest else lines


def _due_minor(given: Given) -> int:
    change = sum(line.net_minor for line in adjustments(given.original, given.today, [given.slot], given.known))
    by_people = [each for each in given.credits if not each.is_ours]
    kind = _given_minor(each for each in by_people if each.reason in _KINDNESS)
    others = _given_minor(each for each in by_people if each.reason not in _KINDNESS)
    due = change - _corrected_minor(given) + min(kind, 0) + min(others, 0)
    if due >= 0:
        return due
    costs = max(given.costs_minor + change, 0)
    known = max(others, 0) + max(kind - costs, 0)
    return due + min(known, -due)


def _given_minor(credits: Iterable[LineCredit]) -> int:
    """A part of an invoice's amount undoes no correction, although it is spread over all lines."""
    net = {True: 0, False: 0}
    for each in credits:
        net[each.is_whole] += each.net_minor
    return net[True] + max(net[False], 0)


def _corrected_minor(given: Given) -> int:
    billed = sum(
        line.net_minor
        for adjustment in given.adjusted
        if str(given.item.id) in adjustment.covers
        for line in lines_in(adjustment.lines)
        if _is_within(line.span.starts_on, given.item)
    )
    return billed - sum(each.net_minor for each in given.credits if each.is_ours)


def is_of(line: RatedLine, item: Item) -> bool:
    """Whether a line of an adjustment corrects the item."""
    return line.charge_key == item.charge_key and _is_within(line.span.starts_on, item)


def _is_within(day: date, item: Item) -> bool:
    return item.period_start <= day < max(item.period_end, item.period_start + timedelta(days=1))


def _rest(given: Given, minor: int) -> RatedLine:
    """What credit memos have given back already, or a withdrawn one leaves to be given back."""
    charges = {charge.key: charge for agreement in (given.original, given.today) for charge in agreement.charges}
    charge, currency = charges[given.item.charge_key], given.today.currency
    words = "credited before" if minor > 0 else "left to be credited"
    return RatedLine(
        charge_key=charge.key,
        product_code=charge.product_code,
        description=f"{charge.description}: {words}",
        quantity=Decimal(1 if minor > 0 else -1),
        unit_price=to_decimal(abs(minor), currency),
        amount_minor=minor,
        discount_minor=0,
        span=Span(given.item.period_start, given.item.period_end),
        arithmetic=f"{words} by credit memo: {format_minor(abs(minor), currency)}",
        kind="adjustment",
    )
