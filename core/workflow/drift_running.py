"""What the payment platform's subscription runs beside what the contract says today. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from core.billing.anchors import grid_of
from core.db.tables import Contract, ContractLine, Subscription
from core.validation.drift import Running
from core.workflow.agreed import Agreed
from core.workflow.drift_gaps import PATIENCE

_LIVE = ("active", "trialing", "past_due")
_NOTHING = (Decimal(0), Decimal(0))


def running_sides(agreed: Agreed, subscriptions: Iterable[Subscription], today: date) -> Iterator[Running]:
    contract = agreed.contract
    live = [row for row in subscriptions if row.status in _LIVE and row.currency == contract.currency]
    if not live or contract.status != "active" or not _is_in_term(contract, today):
        return
    wanted, runs = _in_force(agreed.lines, today), _in_subscriptions(live)
    before = [_in_force(agreed.lines, day) for day in _still_right(agreed, today)]
    special = {line.product_code for line in agreed.lines if line.charge}
    for product in sorted((wanted.keys() | runs.keys()) - special):
        one, other = (_exact(side.get(product, _NOTHING)) for side in (wanted, runs))
        if all(_exact(side.get(product, _NOTHING)) != other for side in before):
            yield Running(product, one, other, one[0] * one[1], other[0] * other[1])


def _in_force(lines: Iterable[ContractLine], day: date) -> dict[str, tuple[Decimal, Decimal]]:
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for line in lines:
        if line.starts_on <= day and (line.ends_on is None or day <= line.ends_on) and not line.charge:
            quantity = found.get(line.product_code, _NOTHING)[0]
            found[line.product_code] = (quantity + line.quantity, line.unit_price)
    return found


def _still_right(agreed: Agreed, today: date) -> Iterator[date]:
    """Days whose facts the subscription may still have: it follows with the next invoice, and that may be late."""
    yield max(today - PATIENCE, agreed.contract.starts_on)
    if agreed.agreement is not None:
        for charge in agreed.agreement.charges:
            grid = grid_of(agreed.agreement, charge)
            yield max(grid.begins(grid.number(today)), agreed.contract.starts_on)


def _is_in_term(contract: Contract, today: date) -> bool:
    return contract.starts_on <= today and (contract.ends_on is None or today <= contract.ends_on)


def _in_subscriptions(live: Iterable[Subscription]) -> dict[str, tuple[Decimal, Decimal]]:
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for row in live:
        for item in row.items:
            if item.get("product_code") and not item.get("meter") and not item.get("tiers"):
                monthly = Decimal(str(item["unit_price"])) / int(item["interval_months"])
                quantity = found.get(item["product_code"], _NOTHING)[0]
                found[item["product_code"]] = (quantity + Decimal(str(item["quantity"])), monthly)
    return found


def _exact(side: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    return side[0].normalize(), side[1].quantize(Decimal("0.0001")).normalize()
