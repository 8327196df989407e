"""The figures of Overview with everything a reader may ask: formula, settings, both parts, and the rows behind them."""

from __future__ import annotations

from decimal import Decimal

from core.kit.money import to_decimal
from core.reporting.figure import Cell, Drill, Figure, Part, Working
from core.reporting.figures import Figures
from core.reporting.formulas import BUCKETS, WINDOW_DAYS, CountBack, window_start
from core.reporting.process import CYCLE_DAYS, STRAIGHT_THROUGH_DAYS, Portion

BUCKET_WORDS = {
    "current": "Not due",
    "d1_30": "1–30 days",
    "d31_60": "31–60 days",
    "d61_90": "61–90 days",
    "d90_plus": "Over 90 days",
}


# Figures that count invoices of a window, by what they are called: the list can show those alone.
COUNTED_BY = {
    "billing_accuracy": "Billing accuracy",
    "straight_through_rate": "Straight-through rate",
    "cycle_time": "Time to post",
}


def explained(figures: Figures) -> dict[str, Figure]:
    """Every figure by its key."""
    made = (
        _countback(figures),
        _best_possible(figures),
        _delinquent(figures),
        _simple(figures),
        _overdue(figures),
        _effectiveness(figures),
        _open_total(figures),
        _accuracy(figures),
        _straight(figures),
        _cycle(figures),
        _cases(figures),
        _approvals(figures),
    )
    return {figure.key: figure for figure in made}


def _settings(figures: Figures, *extra: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    rates = ", ".join(
        f"{currency} {figures.measured.rates.rates[currency].normalize():f}"
        for currency in sorted(figures.measured.currencies - {figures.currency})
        if currency in figures.measured.rates.rates
    )
    return (
        *extra,
        ("As of", f"close of {figures.as_of:%d %b %Y}"),
        ("Legal entity", figures.measured.scope.entity or "all that you may see"),
        ("Open", "issued on or before the day, not settled by its close; void documents left out"),
        ("Disputed invoices", "included"),
        ("Tax", "included on both sides"),
        ("Credit memos", f"left out: {figures.currency} {figures.credits:,.2f}"),
        ("Unapplied cash", f"left out: {figures.currency} {figures.unapplied:,.2f}"),
        ("Exchange rates", rates or "none needed"),
    )


def _drill(figures: Figures, page: str = "invoices", **params: str) -> Drill:
    chosen = {"as_of": figures.as_of.isoformat(), **params}
    if figures.measured.scope.entity:
        chosen["entity"] = figures.measured.scope.entity
    return Drill(page, tuple(chosen.items()))


def _note(figures: Figures) -> str | None:
    return " ".join(figures.notes) or None


def _walk(figures: Figures, walked: CountBack) -> Working:
    shown = figures.measured.shown
    rows: list[tuple[Cell, ...]] = [
        (f"{step.month:%b %Y}", shown(step.before), shown(step.billed), round(step.days, 2)) for step in walked.walk
    ]
    return Working(("Month", "Receivables left", "Billed in the month", "Days counted"), tuple(rows))


def _by_bucket(figures: Figures, wanted: tuple[str, ...]) -> Working:
    """Per currency and age: the amount in its own currency, the rate, and the converted amount that adds up."""
    rates = figures.measured.rates
    rows: list[tuple[Cell, ...]] = []
    for each, minor in sorted(figures.measured.converted(), key=lambda pair: pair[0].currency):
        if each.bucket in wanted and rates.knows(each.currency):
            own, converted = to_decimal(each.open_minor, each.currency), figures.measured.amount(minor)
            rows.append((each.currency, BUCKET_WORDS[each.bucket], each.count, own, converted))
    return Working(("Currency", "Age", "Invoices", "Open", f"In {figures.currency}"), tuple(rows))


def _countback(figures: Figures) -> Figure:
    return Figure(
        key="dso_countback",
        name="DSO, count-back",
        value=figures.dso_countback,
        unit="days",
        formula=(
            "Take open receivables. Subtract what was billed in each month, latest first, and count the month's days. "
            "For the month that cannot be covered: what is left ÷ its billing × its days. Add up."
        ),
        settings=_settings(figures, ("Months", "calendar months; this month to date")),
        numerator=Part("Open receivables", figures.open_total, figures.currency),
        denominator=None,
        working=_walk(figures, figures.countback),
        drill=_drill(figures),
        note=_note(figures),
    )


def _best_possible(figures: Figures) -> Figure:
    return Figure(
        key="dso_best_possible",
        name="Best possible DSO",
        value=figures.dso_best_possible,
        unit="days",
        formula="The same walk back over the months as count-back DSO, on the receivables that are not yet due.",
        settings=_settings(figures, ("Not yet due", "due today or later")),
        numerator=Part("Receivables not yet due", figures.ageing["current"], figures.currency),
        denominator=None,
        working=_walk(figures, figures.best_possible),
        drill=_drill(figures, bucket=BUCKET_WORDS["current"]),
        note=_note(figures),
    )


def _delinquent(figures: Figures) -> Figure:
    days = "Days"
    rows = (
        ("DSO, count-back", _two(figures.dso_countback)),
        ("less best possible DSO", _two(figures.dso_best_possible)),
    )
    return Figure(
        key="average_days_delinquent",
        name="Average days delinquent",
        value=figures.average_days_delinquent,
        unit="days",
        formula="DSO, count-back − best possible DSO (both by the same walk)",
        settings=_settings(figures),
        numerator=None,
        denominator=None,
        working=Working(("Figure", days), rows),
        drill=_drill(figures, overdue="true"),
        note=_note(figures),
    )


def _simple(figures: Figures) -> Figure:
    start = window_start(figures.as_of)
    rates, billed = figures.measured.rates, figures.measured.billed
    converted = rates.parts([(currency, minor) for currency, minor, _ in billed])
    rows = tuple(
        (currency, count, to_decimal(minor, currency), figures.measured.amount(part))
        for (currency, minor, count), part in zip(billed, converted, strict=True)
        if rates.knows(currency)
    )
    return Figure(
        key="dso_simple",
        name="DSO, simple",
        value=figures.dso_simple,
        unit="days",
        formula=f"Open receivables ÷ billed in the last {WINDOW_DAYS} days × {WINDOW_DAYS}",
        settings=_settings(figures, ("Window", f"{start:%d %b %Y} to {figures.as_of:%d %b %Y}, by invoice date")),
        numerator=Part("Open receivables", figures.open_total, figures.currency),
        denominator=Part(f"Billed in {WINDOW_DAYS} days", figures.billed_90d, figures.currency),
        working=Working(("Currency", "Invoices", "Billed", f"In {figures.currency}"), rows),
        drill=_drill(figures, show="All"),
        note=_note(figures),
    )


def _overdue(figures: Figures) -> Figure:
    overdue = figures.open_total - figures.ageing["current"]
    return Figure(
        key="overdue_share",
        name="Overdue share",
        value=figures.overdue_share,
        unit="percent",
        formula="Open and past due ÷ open receivables × 100",
        settings=_settings(figures, ("Past due", "due before the day; due today is not late")),
        numerator=Part("Past due", overdue, figures.currency),
        denominator=Part("Open receivables", figures.open_total, figures.currency),
        working=_by_bucket(figures, BUCKETS[1:]),
        drill=_drill(figures, overdue="true"),
        note=_note(figures),
    )


def _effectiveness(figures: Figures) -> Figure:
    opening = figures.measured.amount(figures.measured.rates.total(figures.measured.opening))
    current = figures.ageing["current"]
    rows: tuple[tuple[Cell, ...], ...] = (
        ("Opening receivables", opening),
        (f"+ billed in {WINDOW_DAYS} days", figures.billed_90d),
        ("− ending receivables", figures.open_total),
        ("− ending receivables not yet due (below the line only)", current),
    )
    return Figure(
        key="cei",
        name="Collection effectiveness",
        value=figures.cei,
        unit="percent",
        formula="(opening + billed − ending) ÷ (opening + billed − ending not yet due) × 100",
        settings=_settings(figures, ("Window", f"{WINDOW_DAYS} days; opening is the close of the day before it")),
        numerator=Part("Collected", opening + figures.billed_90d - figures.open_total, figures.currency),
        denominator=Part("Could have been collected", opening + figures.billed_90d - current, figures.currency),
        working=Working(("Part", figures.currency), rows),
        drill=_drill(figures),
        note=_note(figures),
    )


def _open_total(figures: Figures) -> Figure:
    return Figure(
        key="open_total",
        name="Open receivables",
        value=figures.open_total,
        unit=figures.currency,
        formula="Sum of what is open on each invoice, by age of its due date",
        settings=_settings(figures),
        numerator=None,
        denominator=None,
        working=_by_bucket(figures, BUCKETS),
        drill=_drill(figures),
        note=_note(figures),
    )


def _accuracy(figures: Figures) -> Figure:
    portion = figures.measured.accuracy
    return Figure(
        key="billing_accuracy",
        name=COUNTED_BY["billing_accuracy"],
        value=figures.billing_accuracy,
        unit="percent",
        formula="Invoices without credit memo, upheld dispute or correction ÷ invoices issued × 100",
        settings=_settings(figures, ("Window", f"invoices issued in the last {WINDOW_DAYS} days; provisional")),
        numerator=Part("Right the first time", portion.part, "count"),
        denominator=Part("Issued", portion.whole, "count"),
        working=_portion(portion, "Right the first time", "Credited, disputed or corrected"),
        drill=_drill(figures, show="All", sort="Newest", figure="billing_accuracy"),
    )


def _straight(figures: Figures) -> Figure:
    portion = figures.measured.straight
    window = f"invoices recorded in the last {STRAIGHT_THROUGH_DAYS} days; imports and invoices already posted left out"
    return Figure(
        key="straight_through_rate",
        name=COUNTED_BY["straight_through_rate"],
        value=figures.straight_through_rate,
        unit="percent",
        formula="Invoices released or posted without a step by a person ÷ invoices recorded (waiting ones too) × 100",
        settings=_settings(figures, ("Window", window)),
        numerator=Part("Without a person", portion.part, "count"),
        denominator=Part("Recorded", portion.whole, "count"),
        working=_portion(portion, "Without a person", "With a person, or still waiting"),
        drill=_drill(figures, show="All", sort="Newest", figure="straight_through_rate"),
    )


def _cycle(figures: Figures) -> Figure:
    spread = figures.measured.cycle
    window = f"invoices posted in the last {CYCLE_DAYS} days; imports and invoices already posted left out"
    rows: tuple[tuple[Cell, ...], ...] = (
        ("Half of them within", spread.median),
        ("Nine of ten within", spread.p90),
    )
    return Figure(
        key="cycle_time",
        name=COUNTED_BY["cycle_time"],
        value=figures.cycle_time,
        unit="hours",
        formula="Median of (posted to the ledger − recorded); not the average, which hides the long ones",
        settings=_settings(
            figures, ("Window", window), ("Hours", "of Monday to Friday, in UTC; weekends are not counted")
        ),
        numerator=None,
        denominator=Part("Posted", spread.count, "count"),
        working=Working(("Invoices", "Hours"), rows),
        drill=_drill(figures, show="All", sort="Newest", figure="cycle_time"),
    )


def _portion(portion: Portion, part: str, rest: str) -> Working:
    rows: tuple[tuple[Cell, ...], ...] = ((part, portion.part), (rest, portion.whole - portion.part))
    return Working(("Invoices", "Count"), rows)


def _cases(figures: Figures) -> Figure:
    return _count(figures, "open_cases", "Open exceptions", figures.open_cases, "exceptions")


def _approvals(figures: Figures) -> Figure:
    return _count(figures, "pending_approvals", "Approvals waiting", figures.pending_approvals, "approvals")


def _count(figures: Figures, key: str, name: str, value: int, page: str) -> Figure:
    return Figure(
        key=key,
        name=name,
        value=value,
        unit="count",
        formula=f"{name} at the close of the day, counted",
        settings=_settings(figures)[:2],
        numerator=None,
        denominator=None,
        working=Working(("What", "Count"), ((name, value),)),
        drill=Drill(page, ()),
    )


def _two(value: Decimal | None) -> Decimal | None:
    return None if value is None else round(value, 2)
