from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import delete

from core.db.tables import Application, Document, Payment, Table
from core.reporting.ageing import Grouping, ageing
from core.reporting.explained import explained
from core.reporting.figures import figures
from core.reporting.formulas import BUCKETS
from core.reporting.invoices import InvoiceFilters, list_invoices
from core.reporting.paging import COUNT_CAP, CountCapped
from core.runtime import Runtime
from tests.core.reporting import rows

DAY = date(2026, 10, 31)
assert Table.metadata.tables


def numbers(runtime: Runtime, filters: InvoiceFilters, cursor: str | None = None, size: int = 50) -> list[str]:
    return [row.number for row in list_invoices(runtime, None, filters, cursor, size).rows]


def test_pages_follow_each_other_without_gap_or_double_and_lead_back(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        for at in range(7):  # ties on the due date are broken by the id
            rows.document(session, number=f"A-{at}", due_date=date(2026, 10, 1 + at // 3))
    every = numbers(runtime, InvoiceFilters())
    first = list_invoices(runtime, None, InvoiceFilters(), None, 3)
    second = list_invoices(runtime, None, InvoiceFilters(), first.next_cursor, 3)
    third = list_invoices(runtime, None, InvoiceFilters(), second.next_cursor, 3)
    assert [row.number for page in (first, second, third) for row in page.rows] == every
    assert (first.previous_cursor, third.next_cursor) == (None, None)
    back = list_invoices(runtime, None, InvoiceFilters(), third.previous_cursor, 3)
    assert back.rows == second.rows
    assert list_invoices(runtime, None, InvoiceFilters(), back.previous_cursor, 3).rows == first.rows


def test_a_cursor_of_another_sort_or_nonsense_opens_the_first_page(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        for at in range(3):
            rows.document(session, number=f"A-{at}")
    cursor = list_invoices(runtime, None, InvoiceFilters(), None, 1).next_cursor
    newest = InvoiceFilters(sort="issue_date", is_descending=True)
    assert numbers(runtime, newest, cursor, 1) == numbers(runtime, newest, None, 1)
    assert numbers(runtime, InvoiceFilters(), "nonsense!", 1) == numbers(runtime, InvoiceFilters(), None, 1)


def test_a_count_beyond_the_cap_says_so() -> None:
    assert (str(CountCapped(COUNT_CAP, True)), str(CountCapped(12, False))) == ("10,000+", "12")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (InvoiceFilters(bucket="current"), ["today", "future"]),
        (InvoiceFilters(bucket="d1_30"), ["late"]),
        (InvoiceFilters(is_overdue_only=True), ["old", "late"]),
        (InvoiceFilters(bucket="d90_plus"), ["old"]),
        (InvoiceFilters(currency="EUR"), ["future"]),
        (InvoiceFilters(entity="DE"), ["future"]),
        (InvoiceFilters(state="on_hold"), ["late"]),
        (InvoiceFilters(search="nord"), ["future"]),
        (InvoiceFilters(search="today"), ["today"]),
        (InvoiceFilters(segment="Mid-market"), ["future"]),
        (InvoiceFilters(is_disputed=True), ["old"]),
        (InvoiceFilters(is_open_only=False), ["old", "paid", "late", "today", "future"]),
        (InvoiceFilters(is_descending=True), ["future", "today", "late", "old"]),
    ],
)
def test_each_filter_keeps_what_it_names(runtime: Runtime, filters: InvoiceFilters, expected: list[str]) -> None:
    today = runtime.today()
    with runtime.transaction() as session:
        who = rows.customer(session)
        rows.document(session, number="old", due_date=today - timedelta(days=91), is_disputed=True)
        paid = rows.document(session, number="paid", due_date=today - timedelta(days=40))
        rows.pay(session, paid, 10_000, date(2026, 10, 5))
        rows.document(session, number="late", due_date=today - timedelta(days=1), state="on_hold")
        rows.document(session, number="today", due_date=today)
        future = today + timedelta(days=3)
        rows.document(session, number="future", due_date=future, entity="DE", currency="EUR", customer_id=who.id)
        rows.document(session, number="memo", kind="credit_memo", total_minor=-500)
    page = list_invoices(runtime, None, filters)
    assert [row.number for row in page.rows] == expected
    assert page.count == CountCapped(len(expected), False)


def test_a_past_day_shows_what_was_open_then_with_the_amount_of_then(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        row = rows.document(session, number="A-1")
        rows.pay(session, row, 4_000, date(2026, 10, 10))
        rows.pay(session, row, 6_000, date(2026, 10, 20))
    page = list_invoices(runtime, None, InvoiceFilters(as_of=date(2026, 10, 15)))
    assert [(each.number, each.open_minor, each.days_past) for each in page.rows] == [("A-1", 6_000, -16)]


INVOICES = some.lists(
    some.tuples(
        some.integers(1, 1_000_000),  # total
        some.sampled_from(["USD", "EUR", "JPY", "GBP"]),  # GBP has no rate
        some.sampled_from(["US", "DE", None]),
        some.integers(0, 200),  # issued so many days before the day
        some.integers(-10, 60),  # terms
        some.lists(some.tuples(some.integers(1, 100), some.integers(0, 220)), max_size=3),  # percent paid, days after
    ),
    max_size=12,
)


def _fill(runtime: Runtime, invoices: list[tuple[int, str, str | None, int, int, list[tuple[int, int]]]]) -> None:
    with runtime.transaction() as session:
        for table in (Application, Payment, Document):
            session.execute(delete(table))
        for total, currency, entity, age, terms, payments in invoices:
            issued = DAY - timedelta(days=age)
            row = rows.document(
                session,
                total_minor=total,
                currency=currency,
                entity=entity,
                issue_date=issued,
                due_date=issued + timedelta(days=terms),
            )
            for percent, after in sorted(payments, key=lambda each: each[1]):
                if amount := min(row.open_minor, total * percent // 100):
                    rows.pay(session, row, amount, issued + timedelta(days=after))


def _expected(
    invoices: list[tuple[int, str, str | None, int, int, list[tuple[int, int]]]], back: int
) -> dict[str, int]:
    """What is open per currency, worked out invoice by invoice."""
    day, found = DAY - timedelta(days=back), dict[str, int]()
    for total, currency, _, age, _, payments in invoices:
        issued, left, paid = DAY - timedelta(days=age), total, 0
        for percent, after in sorted(payments, key=lambda each: each[1]):
            amount = min(left, total * percent // 100)
            left -= amount
            paid += amount if issued + timedelta(days=after) <= day else 0
        if issued <= day and total > paid:
            found[currency] = found.get(currency, 0) + total - paid
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    invoices=INVOICES,
    back=some.integers(0, 120),
    by=some.sampled_from(["entity", "segment", "customer", "currency"]),
    is_by_invoice=some.booleans(),
)
def test_buckets_always_sum_to_what_is_outstanding(
    runtime: Runtime, invoices: list, back: int, by: Grouping, is_by_invoice: bool
) -> None:
    _fill(runtime, invoices)
    with runtime.transaction() as session:
        for currency, units in (("EUR", "1.0837"), ("JPY", "0.0067")):
            session.execute(delete(rows.FxRate).where(rows.FxRate.currency == currency))
            rows.rate(session, currency, date(2020, 1, 1), units)
    day = DAY - timedelta(days=back)
    report = ageing(runtime, None, day, by=by, filters=InvoiceFilters(basis="invoice" if is_by_invoice else "due"))
    open_by_currency: dict[str, int] = {}
    for row in report.rows:
        open_by_currency[row.currency] = open_by_currency.get(row.currency, 0) + row.total_minor
    assert open_by_currency == _expected(invoices, back)
    found = figures(runtime, day)
    assert dict(found.measured.opening) == _expected(invoices, back + 90)
    assert sum(found.ageing.values(), Decimal(0)) == found.open_total
    assert not found.countback.is_lower_bound, "each open invoice was billed"
    assert found.open_count == sum(report.counts.values()) - _uncounted(runtime, day, found.left_out)
    if not is_by_invoice and report.currency == found.currency:  # each is in its own when only one is present
        assert [found.measured.bucket_minor(bucket) for bucket in BUCKETS] == list(report.buckets.values())


def _uncounted(runtime: Runtime, day: date, left_out: tuple[str, ...]) -> int:
    """Open invoices of currencies without a rate."""
    return sum(
        len(list_invoices(runtime, None, InvoiceFilters(as_of=day, currency=currency)).rows) for currency in left_out
    )


def test_the_working_of_each_figure_makes_the_figure_again(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rows.document(session, due_date=date(2026, 10, 20), total_minor=30_000)
        rows.document(session, currency="EUR", issue_date=date(2026, 8, 20), total_minor=70_000)
        row = rows.document(session, issue_date=date(2026, 9, 2), total_minor=90_000)
        rows.pay(session, row, 45_000, date(2026, 9, 20))
        rows.rate(session, "EUR", date(2026, 1, 1), "1.10")
    found = figures(runtime, DAY)
    shown = explained(found)
    days = sum(Decimal(str(each[-1])) for each in shown["dso_countback"].working.rows)
    assert abs(days - (found.dso_countback or 0)) <= Decimal("0.02")
    assert sum(Decimal(str(each[-1])) for each in shown["open_total"].working.rows) == found.open_total
    overdue = sum(Decimal(str(each[-1])) for each in shown["overdue_share"].working.rows)
    assert overdue == shown["overdue_share"].numerator.value  # type: ignore[union-attr]
    for figure in shown.values():
        if figure.numerator and figure.denominator and figure.denominator.value:
            factor = 90 if figure.unit == "days" else 100
            assert Decimal(figure.numerator.value) / Decimal(figure.denominator.value) * factor == pytest.approx(
                figure.value
            )
