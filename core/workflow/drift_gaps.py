"""Days of a contract that should have been billed by now and that no invoice covers. Pure.

A shift of the billing day leaves some days over that belong to no period of the platform's; a period is missing only
where at least half of one is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from core.billing.anchors import add_months, grid_of
from core.billing.coverage import uncovered
from core.billing.holding import Unpriceable
from core.billing.model import Agreement, Charge, Span
from core.billing.periods import slots
from core.billing.rating import rate
from core.billing.readings import AT_FIRST, BY_DAY, readings
from core.workflow.agreed import Agreed
from core.workflow.hindrances import is_over_before_its_end
from core.workflow.planning import slot_amounts

# The platform's invoice may come some days after the period has begun.
PATIENCE = timedelta(days=7)
# Invoices in advance of their period are known before anything of it is missing.
AHEAD = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class Once:
    """Something that is billed once, on a day."""

    product: str
    span: Span
    bill_on: date
    net_minor: int


@dataclass(frozen=True, slots=True)
class Covered:
    """Days that somebody billed: by product; under no known contract, with the product; and on invoices that are not
    judged, which may leave out a product and are looked at for that elsewhere."""

    by_product: Mapping[str, Sequence[Span]]
    unplaced: Sequence[tuple[str | None, Span]]
    unjudged: Sequence[Span]

    def of(self, product: str) -> list[Span]:
        unplaced = [span for code, span in self.unplaced if code == product]
        return [*self.by_product.get(product, ()), *unplaced, *self.unjudged]


@dataclass(frozen=True, slots=True)
class Gap:
    """Days for which a product was not billed, and what it costs for them."""

    product: str
    span: Span
    net_minor: int


def once_due(agreement: Agreement, today: date, measured: Collection[str]) -> list[Once]:
    """What is billed once and was or will be due around now."""
    products = {charge.key: charge.product_code for charge in agreement.charges}
    due = [slot for slot in slots(agreement, today + AHEAD) if slot.kind in ("one_off", "milestone", "credit")]
    wanted = [slot for slot in due if products[slot.charge_key] not in measured]
    amounts = slot_amounts(wanted, rate(agreement, wanted, {}).lines) if wanted else {}
    return [Once(products[slot.charge_key], slot.span, slot.bill_on, amounts[slot]) for slot in wanted]


def gaps(agreed: Agreed, covered: Covered, missed: Iterable[Once], since: date, today: date) -> Iterator[Gap]:
    """What began in the time that is known here and is overdue, while the contract was running."""
    contract, agreement = agreed.contract, agreed.agreement
    if agreement is None or contract.status == "draft" or is_over_before_its_end(contract, today):
        return
    for product in sorted({charge.product_code for charge in agreement.charges}):
        charges = [charge for charge in agreement.charges if charge.product_code == product]
        for span in _missing(agreement, charges, covered.of(product), _Window(since, today - PATIENCE)):
            net_minor = _least(agreement, charges, span)
            if net_minor:
                yield Gap(product, span, net_minor)
    for once in missed:
        is_due = since <= once.span.starts_on and once.bill_on <= today - PATIENCE
        if is_due and once.net_minor and uncovered([once.span], covered.of(once.product)):
            yield Gap(once.product, once.span, once.net_minor)


@dataclass(frozen=True, slots=True)
class _Window:
    """Periods count that begin from `since` on and were to be billed by `until`."""

    since: date
    until: date


def _missing(
    agreement: Agreement, charges: Sequence[Charge], covering: Sequence[Span], window: _Window
) -> Iterator[Span]:
    """Days are counted on beyond the window, so that a period that ends later is seen as a whole."""
    recurring = replace(agreement, charges=tuple(charge for charge in charges if charge.terms.kind == "recurring"))
    months = max((grid_of(agreement, charge).months for charge in recurring.charges), default=0)
    found = slots(recurring, add_months(window.until, 2 * months))
    periods = {slot.span: slot.bill_on for slot in reversed(found) if slot.span.starts_on >= window.since}
    is_after = all(bill_on >= span.ends_on for span, bill_on in periods.items())
    for run in uncovered(list(periods), covering):
        for span, whole in _parts(run, sorted(periods), months):
            bill_on = periods.get(span, span.ends_on if is_after else span.starts_on)
            if bill_on <= window.until and 2 * span.days >= whole.days:
                yield span


def _parts(run: Span, periods: Sequence[Span], months: int) -> Iterator[tuple[Span, Span]]:
    """The run in the agreement's periods where it begins with one, otherwise in periods from its first day on; each
    with the whole period that it is, or is a part of."""
    day = run.starts_on
    while day < run.ends_on:
        whole = next((span for span in periods if span.starts_on == day), Span(day, add_months(day, months)))
        yield Span(day, min(whole.ends_on, run.ends_on)), whole
        day = whole.ends_on


def _least(agreement: Agreement, charges: Sequence[Charge], span: Span) -> int:
    """The cheaper reading: what was added inside the period may rightly wait for the next one."""
    found: dict[str, int] = {}
    try:
        for reading in readings(agreement, charges, span, (BY_DAY, AT_FIRST)):
            found.setdefault(reading.way, reading.net_minor)
    except Unpriceable:
        return 0
    return min(found.values(), default=0)
