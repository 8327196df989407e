"""What past periods of a contract should have cost beside what the payment platform's invoices say. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from core.billing.model import Agreement, Charge, Span
from core.billing.periods import slots
from core.billing.rating import rate
from core.documents.held_against import Stated
from core.kit.money import format_minor
from core.validation.drift import PastPeriod
from core.workflow.agreed import Agreed
from core.workflow.planning import FIXED, slot_amounts

# The platform's invoice may come some days after the period has begun.
PATIENCE = timedelta(days=7)
# Invoices in advance of their period are known before anything of it is missing.
AHEAD = timedelta(days=62)
_DAY = timedelta(days=1)


@dataclass
class _Cell:
    """A product in one period: what is expected of it, and the lines that bill it."""

    span: Span
    bill_on: date
    expected_minor: int = 0
    lines: list[Stated] = field(default_factory=list)

    @property
    def billed_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)


_Cells = dict[str, list[_Cell]]


def past_periods(agreed: Agreed, stated: Sequence[Stated], since: date, today: date) -> tuple[PastPeriod, ...]:
    """A period without an invoice counts when it began in the time that is known here and its invoice is overdue.

    Nothing for contracts that cannot be rated or whose lines name no product, and for products that are measured:
    those the platform counts.
    """
    agreement = agreed.agreement
    if agreement is None or any(line.product is None and line.net_minor for line in stated):
        return ()
    cells = _expected(agreement, today)
    _place(cells, stated)
    measured = {charge.product_code for charge in agreement.charges if _is_measured(charge)}
    return tuple(
        _period(product, cell, agreement.currency)
        for product, found in sorted(cells.items())
        if product not in measured
        for cell in found
        if cell.lines or (cell.span.starts_on >= since and cell.bill_on <= today - PATIENCE)
    )


def _is_measured(charge: Charge) -> bool:
    """Sold by use; a promise of zero is an open quantity."""
    return charge.terms.kind == "usage" or not any(step.quantity for step in charge.steps)


def _expected(agreement: Agreement, today: date) -> _Cells:
    products = {charge.key: charge.product_code for charge in agreement.charges}
    due = [slot for slot in slots(agreement, today + AHEAD) if slot.kind in FIXED]
    amounts = slot_amounts(due, rate(agreement, due, {}).lines)
    found: _Cells = {}
    for slot in due:
        cells = found.setdefault(products[slot.charge_key], [])
        cell = next((each for each in cells if each.span == slot.span), None)
        if cell is None:
            cell = _Cell(slot.span, slot.bill_on)
            cells.append(cell)
        cell.expected_minor += amounts[slot]
    return found


def _place(cells: _Cells, stated: Iterable[Stated]) -> None:
    """Each line in the period that it has most days of; a credit beside a line of the invoice that it corrects."""
    for line in (line for line in stated if not line.is_credit and line.first is not None):
        _cell_of(cells.setdefault(line.product or "", []), line).lines.append(line)
    for line in (line for line in stated if line.is_credit):
        same = [cell for cell in cells.get(line.product or "", []) if _bills(cell, line)]
        spanned = [cell for cell in same if line.first is not None and cell.span.overlap(_span(line))]
        if home := next(iter([*spanned, *same]), None):
            home.lines.append(line)


def _bills(cell: _Cell, credit: Stated) -> bool:
    return any(line.document_id == credit.document_id and not line.is_credit for line in cell.lines)


def _cell_of(cells: list[_Cell], line: Stated) -> _Cell:
    span = _span(line)
    best = max(cells, key=lambda cell: _days(cell.span, span), default=None)
    if best is not None and _days(best.span, span):
        return best
    extra = _Cell(span, span.starts_on)
    cells.append(extra)
    return extra


def _days(one: Span, other: Span) -> int:
    both = one.overlap(other)
    return both.days if both is not None else 0


def _span(line: Stated) -> Span:
    assert line.first is not None
    return Span(line.first, max(line.end or line.first, line.first + _DAY))


def _period(product: str, cell: _Cell, currency: str) -> PastPeriod:
    billed = [line for line in cell.lines if not line.is_credit]
    biggest = max(billed, key=lambda line: line.net_minor, default=None)
    numbers = ", ".join(dict.fromkeys(line.number for line in billed))
    billed_words = f"{currency} {format_minor(cell.billed_minor, currency)} on {numbers}" if billed else "No invoice"
    return PastPeriod(
        product=product,
        first=cell.span.starts_on,
        end=cell.span.ends_on,
        expected_minor=cell.expected_minor,
        billed_minor=cell.billed_minor,
        expected_words=f"{currency} {format_minor(cell.expected_minor, currency)}",
        billed_words=billed_words,
        document_id=biggest.document_id if biggest else None,
        number=biggest.number if biggest else None,
        creditable_minor=biggest.net_minor if biggest else 0,
    )
