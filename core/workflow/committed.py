"""Usage that a commitment pays for, and what of it is beyond the commitment. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import cast
from uuid import UUID

from core.agreements.model import Item
from core.billing.metered import usage_key
from core.billing.model import Agreement, Charge, Measured, Slot, SlotKind, Span
from core.billing.rating import rate
from core.billing.renewing import renewals_by
from core.kit.money import to_minor


def beyond(items: Iterable[Item], today: Agreement, settled: Callable[[Item], Agreement]) -> set[UUID]:
    """Of billed items of usage, those in whose term nothing is left of the commitment, by the terms that they are
    `settled` under as by those of today. A commitment pays the same then, whatever is charged: all by which they cost
    otherwise is beyond it. While something is left, nothing is told of them."""
    found: set[UUID] = set()
    committed = {charge.key: charge for charge in today.charges if charge.terms.commit_amount is not None}
    for (key, _), group in _terms(items, today, committed).items():
        now, were = [today] * len(group), [settled(item) for item in group]
        if all(_is_used_up(key, list(zip(group, each, strict=True))) for each in (now, were)):
            found |= {item.id for item in group}
    return found


def _terms(
    items: Iterable[Item], today: Agreement, committed: Mapping[str, Charge]
) -> dict[tuple[str, int], list[Item]]:
    """By charge and renewal: a commitment is made anew with each."""
    found: dict[tuple[str, int], list[Item]] = defaultdict(list)
    for item in items:
        if item.kind == "usage" and item.used is not None and item.charge_key in committed:
            found[item.charge_key, renewals_by(today, item.period_start)].append(item)
    return found


def _is_used_up(key: str, items: Iterable[tuple[Item, Agreement]]) -> bool:
    """Whether the items cost at least what their agreements commit to, which is one sum."""
    costs, sums = 0, set()
    for item, agreement in items:
        charge = next((each for each in agreement.charges if each.key == key), None)
        if charge is None or charge.terms.commit_amount is None:
            return False
        sums.add(to_minor(charge.terms.commit_amount, agreement.currency))
        costs += _costs_minor(item, agreement)
    return len(sums) == 1 and costs >= max(sums)


def _costs_minor(item: Item, agreement: Agreement) -> int:
    slot = Slot(item.charge_key, cast(SlotKind, item.kind), Span(item.period_start, item.period_end), item.bill_on)
    lines = rate(agreement, [slot], {usage_key(slot): Measured(item.used or Decimal(0))}).lines
    return sum(line.net_minor for line in lines if line.kind == "usage")
