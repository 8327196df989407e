"""The figures of Overview, as of the close of a day, for the whole company or one legal entity.

Switches, the same for every figure: open = issued on or before the day and not settled by its close (a payment counts
from its effective day); due today = current; void documents count nowhere; credit memos and unapplied cash are left out
of receivables and shown beside them; disputed invoices are in; tax is in on both sides; other currencies are converted
at the rate stated on or last before the day, and a currency without a rate is left out and named. Formulas reckon with
converted amounts that are not rounded, so that the open and the billed side of one invoice are the same sum; what is
shown is rounded once, and the ages add up to the total.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from core.kit.clock import EARLIEST, month_start, previous_month
from core.kit.money import exponent, to_decimal, to_minor
from core.reporting import formulas, process, receivables
from core.reporting.exchange import Rates, rates_for
from core.reporting.figure import Figure as Figure
from core.reporting.formulas import BUCKETS, CountBack, MonthBilled
from core.reporting.paging import Viewer
from core.reporting.process import Portion, Spread
from core.reporting.receivables import OpenSum, Scope
from core.runtime import Runtime

# How many months of billing are read at a time while walking back.
_MONTHS_AT_A_TIME = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """The sums that all figures are made of; amounts are minor units of their own currency unless said otherwise."""

    as_of: date
    scope: Scope
    rates: Rates
    open: tuple[OpenSum, ...]
    opening: tuple[tuple[str, int], ...]  # open at the close of the day before the window
    billed: tuple[tuple[str, int, int], ...]  # in the window: currency, amount, invoices
    months: tuple[MonthBilled, ...]  # common currency, not rounded, latest first
    credits: tuple[tuple[str, int], ...]
    unapplied: tuple[tuple[str, int], ...]
    accuracy: Portion
    straight: Portion
    cycle: Spread
    open_cases: int
    pending_approvals: int

    def amount(self, minor: int) -> Decimal:
        return to_decimal(minor, self.rates.currency)

    def shown(self, exact: Decimal) -> Decimal:
        """A converted amount as it is shown, with the digits of the common currency."""
        return self.amount(to_minor(exact, self.rates.currency))

    def converted(self) -> list[tuple[OpenSum, int]]:
        """What is open by age and currency, youngest first, in minor units of the common currency that add up."""
        ordered = sorted(self.open, key=lambda each: (BUCKETS.index(each.bucket), each.currency))
        minors = self.rates.parts([(each.currency, each.open_minor) for each in ordered])
        return list(zip(ordered, minors, strict=True))

    def bucket_minor(self, bucket: str) -> int:
        return sum(minor for each, minor in self.converted() if each.bucket == bucket)

    def open_exact(self, *buckets: str) -> Decimal:
        """Open receivables of these ages, or of all, not rounded."""
        wanted = buckets or BUCKETS
        return self.rates.exact((each.currency, each.open_minor) for each in self.open if each.bucket in wanted)

    def bucket_count(self, bucket: str) -> int:
        return sum(each.count for each in self.open if each.bucket == bucket and self.rates.knows(each.currency))

    @property
    def currencies(self) -> set[str]:
        return {each.currency for each in self.open} | {row[0] for row in self.billed}


@dataclass(frozen=True, slots=True)
class Figures:
    """Amounts in `currency`; days and percentages exact; None = undefined."""

    as_of: date
    currency: str
    open_count: int
    open_total: Decimal
    ageing: dict[str, Decimal]
    billed_90d: Decimal
    dso_simple: Decimal | None
    dso_countback: Decimal | None
    dso_best_possible: Decimal | None
    average_days_delinquent: Decimal | None
    cei: Decimal | None
    overdue_share: Decimal | None
    billing_accuracy: Decimal | None
    straight_through_rate: Decimal | None
    cycle_time: Decimal | None
    open_cases: int
    pending_approvals: int
    credits: Decimal
    unapplied: Decimal
    left_out: tuple[str, ...]  # currencies without a rate
    countback: CountBack
    best_possible: CountBack
    measured: Measured

    def as_json(self) -> dict[str, Any]:
        """The documented keys: amounts as decimal strings, days and percentages with two digits, null = undefined."""
        return {
            "as_of": self.as_of.isoformat(),
            "currency": self.currency,
            "open_count": self.open_count,
            "open_total": self._text(self.open_total),
            "ageing": {bucket: self._text(self.ageing[bucket]) for bucket in BUCKETS},
            "billed_90d": self._text(self.billed_90d),
            **{key: _two_digits(getattr(self, key)) for key in _RATIOS},
            "open_cases": self.open_cases,
            "pending_approvals": self.pending_approvals,
            **({"notes": list(self.notes)} if self.notes else {}),
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know beside the numbers."""
        said = []
        if self.left_out:
            said.append(f"Left out for want of an exchange rate to {self.currency}: {', '.join(self.left_out)}.")
        if self.countback.is_lower_bound:
            said.append(f"Count-back DSO is more than {self.countback.days:.0f} days: receivables exceed all billing.")
        return tuple(said)

    def _text(self, amount: Decimal) -> str:
        return f"{amount:.{exponent(self.currency)}f}"


_RATIOS = (
    "dso_simple",
    "dso_countback",
    "dso_best_possible",
    "average_days_delinquent",
    "cei",
    "overdue_share",
    "billing_accuracy",
    "straight_through_rate",
)


def _two_digits(value: Decimal | None) -> float | None:
    return None if value is None else float(round(value, 2))


def _month_spans(as_of: date) -> Iterator[tuple[date, date]]:
    """First and last day of each month back from the day; the first span ends on the day itself."""
    first, last = month_start(as_of), as_of
    while True:
        yield first, last
        first, last = previous_month(first), first - timedelta(days=1)


def _billed_back(session: Session, scope: Scope, as_of: date, rates: Rates, target: Decimal) -> list[MonthBilled]:
    """Billing of the last months, and of as many before them as it takes to cover `target` or as there are."""
    first_issue, spans, found = receivables.first_issue(session), _month_spans(as_of), list[MonthBilled]()
    # A date that a source got wrong by centuries must not make this a walk through all of them.
    earliest = max(first_issue, EARLIEST) if first_issue else None
    covered = Decimal(0)
    while earliest and (not found or covered < target):
        batch = [next(spans) for _ in range(_MONTHS_AT_A_TIME)]
        billed = receivables.billed_months(session, scope, batch[-1][0], batch[0][1])
        for first, last in batch:
            exact = rates.exact((row.currency, row.billed_minor) for row in billed if row.month == first)
            found.append(MonthBilled(first, (last - first).days + 1, exact))
            covered += exact
        if batch[-1][0] <= earliest:
            return [month for month in found if month.month >= month_start(earliest)]
    return found


def measure(session: Session, scope: Scope, as_of: date, reporting_currency: str) -> Measured:
    """Reads everything the figures need, each in one set-based statement."""
    opened = receivables.open_sums(session, scope, as_of)
    start = formulas.window_start(as_of)
    billed = receivables.billed_between(session, scope, start, as_of)
    opening = receivables.open_totals(session, scope, start - timedelta(days=1))
    present = {each.currency for each in opened} | {row[0] for row in opening} | {row[0] for row in billed}
    rates = rates_for(session, as_of, reporting_currency, present)
    total = rates.exact((each.currency, each.open_minor) for each in opened)
    return Measured(
        as_of=as_of,
        scope=scope,
        rates=rates,
        open=tuple(opened),
        opening=tuple(opening),
        billed=tuple(billed),
        months=tuple(_billed_back(session, scope, as_of, rates, total)),
        credits=tuple(receivables.unused_credits(session, scope, as_of)),
        unapplied=tuple(receivables.unapplied_cash(session, scope, as_of)),
        accuracy=process.billing_accuracy(session, scope, as_of),
        straight=process.straight_through(session, scope, as_of),
        cycle=process.cycle_time(session, scope, as_of),
        open_cases=process.open_cases(session, scope, as_of),
        pending_approvals=process.pending_approvals(session, scope, as_of),
    )


def figures_of(measured: Measured) -> Figures:
    """The figures, from the sums alone."""
    m, rates = measured, measured.rates
    ageing = {bucket: m.amount(m.bucket_minor(bucket)) for bucket in BUCKETS}
    total, current = m.open_exact(), m.open_exact("current")
    billed = rates.exact((currency, minor) for currency, minor, _ in m.billed)
    countback, best = formulas.count_back(total, m.months), formulas.count_back(current, m.months)
    left_out = rates.left_out([*m.currencies, *(row[0] for row in m.opening), *(row[0] for row in m.credits)])
    return Figures(
        as_of=m.as_of,
        currency=rates.currency,
        open_count=sum(each.count for each in m.open if rates.knows(each.currency)),
        open_total=m.shown(total),
        ageing=ageing,
        billed_90d=m.shown(billed),
        dso_simple=formulas.dso_simple(total, billed),
        dso_countback=countback.exact,
        dso_best_possible=best.exact,
        average_days_delinquent=formulas.average_days_delinquent(countback.exact, best.exact),
        cei=formulas.collection_effectiveness(rates.exact(m.opening), billed, total, current),
        overdue_share=formulas.percent(total - current, total),
        billing_accuracy=formulas.percent(m.accuracy.part, m.accuracy.whole),
        straight_through_rate=formulas.percent(m.straight.part, m.straight.whole),
        cycle_time=m.cycle.median,
        open_cases=m.open_cases,
        pending_approvals=m.pending_approvals,
        credits=m.amount(rates.total(m.credits)),
        unapplied=m.amount(rates.total(m.unapplied)),
        left_out=left_out,
        countback=countback,
        best_possible=best,
        measured=m,
    )


def figures(runtime: Runtime, as_of: date, entity: str | None = None, viewer: Viewer | None = None) -> Figures:
    """All figures as of the close of a day. `viewer` None = the house itself, which sees every entity."""
    scope = Scope(entity, viewer.entities if viewer else None)
    with runtime.reading() as session:
        return figures_of(measure(session, scope, as_of, runtime.settings.reporting_currency))
