"""What the payment platform's invoices say of past periods beside what the contract says of the same days. Pure.

Each period is judged as the platform billed it, in its own days. It is right when one of the fair readings of the
contract comes to the same: by the day, or as things stood on its first or last day. Credits make good what was billed
too much; what somebody gives back beyond that is a kindness, and nothing that was billed too little.

Not judged is what is judged elsewhere: invoices that wait for a decision, or that a person has let through as they are,
and lines in another currency. Their days count as billed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from core.billing.holding import Unpriceable
from core.billing.model import Agreement, Charge, Span
from core.billing.readings import AT_FIRST, AT_LAST, BY_DAY, readings
from core.documents.held_against import Stated
from core.kit.money import format_minor
from core.validation.drift import ACCEPTED, PastPeriod
from core.workflow.agreed import Agreed
from core.workflow.drift_gaps import Covered, Gap, Once, gaps, once_due

_DAY = timedelta(days=1)
# What is sold once is looked for on invoices of the time around it.
NEAR = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class Billed:
    """Lines that name the contract, and those of its customer that name no contract we know."""

    lines: Sequence[Stated]
    unplaced: Sequence[Stated] = ()


@dataclass
class _Cell:
    """A product in one period of the platform's; `once_minor`: what is due once in these days."""

    span: Span
    lines: list[Stated] = field(default_factory=list)
    once_minor: int = 0

    @property
    def billed_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)


@dataclass
class _Difference:
    """`expected`: the readings, none of which is what was billed; `credited_minor` makes good what was too much."""

    product: str
    cell: _Cell
    expected: Mapping[int, str]
    credited_minor: int = 0

    @property
    def nearest_minor(self) -> int:
        return min(self.expected, key=lambda net: abs(net - self.cell.billed_minor))

    @property
    def too_much_minor(self) -> int:
        return max(self.cell.billed_minor - self.credited_minor - self.nearest_minor, 0)


def past_periods(agreed: Agreed, billed: Billed, since: date, today: date) -> tuple[PastPeriod, ...]:
    """The periods that were billed otherwise than agreed, and those that should have been billed by now and were not.

    Nothing for contracts that cannot be rated or whose lines name no product or days, and for products that are
    measured: those the platform counts.
    """
    agreement = agreed.agreement
    invoiced = [line for line in billed.lines if not line.is_credit]
    if agreement is None or any(line.net_minor and _is_vague(line) for line in invoiced):
        return ()
    measured = {charge.product_code for charge in agreement.charges if _is_measured(charge)}
    plain = [line for line in invoiced if not _is_vague(line) and line.product not in measured]
    cells = _cells(plain)
    missed = _take_in(cells, agreement, once_due(agreement, today, measured))
    differences = [
        each
        for product, found in sorted(cells.items())
        for each in _differing(agreement, product, [cell for cell in found if _is_judged(cell, agreement)])
    ]
    _make_good(differences, [line for line in billed.lines if line.is_credit])
    wrong = [_wrong(each, agreement.currency) for each in differences if _is_left(each)]
    covered = Covered(
        {product: [cell.span for cell in found] for product, found in cells.items()},
        [(line.product, span_of(line)) for line in billed.unplaced if not _is_vague(line)],
        [span_of(line) for line in plain if not _counts(line, agreement)],
    )
    left = gaps(agreed, covered, missed, since, today)
    return (*wrong, *(_missing(gap, agreement.currency) for gap in left if gap.product not in measured))


def _is_vague(line: Stated) -> bool:
    return line.product is None or line.first is None


def _is_measured(charge: Charge) -> bool:
    """Sold by use; a promise of zero is an open quantity."""
    return charge.terms.kind == "usage" or not any(step.quantity for step in charge.steps)


def _counts(line: Stated, agreement: Agreement) -> bool:
    return line.is_decided and line.currency == agreement.currency and ACCEPTED.isdisjoint(line.waived_codes)


def _is_judged(cell: _Cell, agreement: Agreement) -> bool:
    return all(_counts(line, agreement) for line in cell.lines)


# --- the periods as they were billed ---------------------------------------------------------------------------------


def span_of(line: Stated) -> Span:
    assert line.first is not None
    return Span(line.first, max(line.end or line.first, line.first + _DAY))


def _cells(lines: Iterable[Stated]) -> dict[str, list[_Cell]]:
    """By product. A line whose days are mostly inside a longer one's, such as a proration, belongs to its period."""
    found: dict[str, list[_Cell]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (-span_of(line).days, span_of(line), line.number)):
        cells, span = found[line.product or ""], span_of(line)
        best = max(cells, key=lambda cell: _common_days(cell.span, span), default=None)
        if best is None or 2 * _common_days(best.span, span) <= span.days:
            best = _Cell(span)
            cells.append(best)
        best.lines.append(line)
    return found


def _common_days(one: Span, other: Span) -> int:
    both = one.overlap(other)
    return both.days if both is not None else 0


def _take_in(cells: Mapping[str, list[_Cell]], agreement: Agreement, due: Iterable[Once]) -> list[Once]:
    """Puts what is billed once into the period of its day; for what is sold only once, into the nearest. The rest."""
    periodic = {charge.product_code for charge in agreement.charges if charge.terms.kind == "recurring"}
    missed = []
    for once in due:
        found = cells.get(once.product, [])
        home = next((cell for cell in found if cell.span.overlap(once.span)), None)
        if home is None and once.product not in periodic:
            near = [cell for cell in found if abs(cell.span.starts_on - once.span.starts_on) <= NEAR]
            home = min(near, key=lambda cell: abs(cell.span.starts_on - once.span.starts_on), default=None)
        if home is None:
            missed.append(once)
        else:
            home.once_minor += once.net_minor
    return missed


def _differing(agreement: Agreement, product: str, cells: Iterable[_Cell]) -> Iterator[_Difference]:
    charges = [charge for charge in agreement.charges if charge.product_code == product]
    for cell in cells:
        try:
            expected = _unless_explained(agreement, charges, cell)
        except Unpriceable:
            continue
        if expected:
            yield _Difference(product, cell, expected)


def _unless_explained(agreement: Agreement, charges: Sequence[Charge], cell: _Cell) -> dict[int, str]:
    """What each reading comes to; nothing when one of them is what was billed, but for the rounding of its lines."""
    found: dict[int, str] = {}
    for reading in readings(agreement, charges, cell.span, (BY_DAY, AT_FIRST, AT_LAST)):
        expected_minor = reading.net_minor + cell.once_minor
        if abs(expected_minor - cell.billed_minor) <= max(reading.lines + len(cell.lines) - 1, 1):
            return {}
        found.setdefault(expected_minor, reading.way)
    return found


# --- credits ---------------------------------------------------------------------------------------------------------


def _make_good(differences: Sequence[_Difference], credits: Iterable[Stated]) -> None:
    """Each credit is for what its invoice bills too much: of the product that it names first, then of any."""
    for credit in credits:
        left_minor = -credit.net_minor
        same = [each for each in differences if any(line.document_id == credit.document_id for line in each.cell.lines)]
        for each in sorted(same, key=lambda each: each.product != credit.product):
            drawn_minor = min(left_minor, each.too_much_minor)
            each.credited_minor += drawn_minor
            left_minor -= drawn_minor


def _is_left(each: _Difference) -> bool:
    return each.cell.billed_minor - each.credited_minor != each.nearest_minor


# --- in words --------------------------------------------------------------------------------------------------------


def _wrong(each: _Difference, currency: str) -> PastPeriod:
    cell, biggest = each.cell, max(each.cell.lines, key=lambda line: line.net_minor)
    billed_minor = cell.billed_minor - each.credited_minor
    numbers = ", ".join(dict.fromkeys(line.number for line in cell.lines))
    less = f" less credits of {format_minor(each.credited_minor, currency)}" if each.credited_minor else ""
    return PastPeriod(
        product=each.product,
        first=cell.span.starts_on,
        end=cell.span.ends_on,
        expected_minor=each.nearest_minor,
        billed_minor=billed_minor,
        expected_words=_readings_in_words(each.expected, currency),
        billed_words=f"{currency} {format_minor(cell.billed_minor, currency)} on {numbers}{less}",
        document_id=biggest.document_id,
        number=biggest.number,
        creditable_minor=biggest.net_minor,
    )


def _readings_in_words(expected: Mapping[int, str], currency: str) -> str:
    if len(expected) == 1:
        return f"{currency} {format_minor(next(iter(expected)), currency)}"
    return " or ".join(f"{currency} {format_minor(net, currency)} {way}" for net, way in expected.items())


def _missing(gap: Gap, currency: str) -> PastPeriod:
    return PastPeriod(
        product=gap.product,
        first=gap.span.starts_on,
        end=gap.span.ends_on,
        expected_minor=gap.net_minor,
        billed_minor=0,
        expected_words=f"{currency} {format_minor(gap.net_minor, currency)}",
        billed_words="No invoice",
        document_id=None,
        number=None,
    )
