from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from core.reporting.explained import COUNTED_BY, explained
from core.reporting.figures import figures
from core.reporting.invoices import InvoiceFilters, list_invoices
from core.runtime import Runtime
from tests.core.reporting import rows

DAY = date(2026, 10, 31)


def test_an_empty_store_has_undefined_ratios_and_zero_amounts(runtime: Runtime) -> None:
    shown = figures(runtime, DAY).as_json()
    assert shown["open_total"] == "0.00"
    ratios = ("dso_simple", "dso_countback", "dso_best_possible", "average_days_delinquent", "cei", "overdue_share")
    assert [shown[key] for key in (*ratios, "billing_accuracy", "straight_through_rate")] == [None] * 8


def test_when_everything_billed_is_paid_the_days_are_none_and_not_undefined(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        row = rows.document(session)
        rows.pay(session, row, 10_000, date(2026, 10, 10))
    shown = figures(runtime, DAY).as_json()
    assert [shown[key] for key in ("dso_simple", "dso_countback", "dso_best_possible")] == [0.0] * 3
    assert shown["overdue_share"] is None


def test_the_keys_are_the_documented_ones(runtime: Runtime) -> None:
    assert list(figures(runtime, DAY).as_json()) == [
        *("as_of", "currency", "open_count", "open_total", "ageing", "billed_90d", "dso_simple", "dso_countback"),
        *("dso_best_possible", "average_days_delinquent", "cei", "overdue_share", "billing_accuracy"),
        *("straight_through_rate", "open_cases", "pending_approvals"),
    ]


def test_due_today_is_current_and_due_yesterday_is_not(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rows.document(session, due_date=DAY)
        rows.document(session, due_date=DAY - timedelta(days=1), total_minor=3_000)
    found = figures(runtime, DAY)
    assert (found.ageing["current"], found.ageing["d1_30"]) == (Decimal(100), Decimal(30))
    assert round(found.overdue_share or 0, 2) == Decimal("23.08")


def test_a_payment_counts_from_its_effective_day(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        row = rows.document(session)
        rows.pay(session, row, 4_000, date(2026, 10, 10))
        rows.pay(session, row, 6_000, date(2026, 10, 20))
    by_day = {day: figures(runtime, date(2026, 10, day)).open_total for day in (9, 10, 19, 20)}
    assert by_day == {9: Decimal(100), 10: Decimal(60), 19: Decimal(60), 20: Decimal(0)}


def test_an_invoice_is_not_open_before_it_is_issued(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rows.document(session, issue_date=date(2026, 10, 5))
    assert figures(runtime, date(2026, 10, 4)).open_count == 0
    assert figures(runtime, date(2026, 10, 5)).open_count == 1


def test_credit_memos_and_void_invoices_are_no_receivables(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rows.document(session, kind="credit_memo", total_minor=-2_500)
        rows.document(session, state="void")
    found = figures(runtime, DAY)
    assert (found.open_total, found.billed_90d, found.credits) == (0, 0, Decimal(25))


def test_other_currencies_are_converted_at_the_rate_of_the_day(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rows.document(session)
        rows.document(session, currency="EUR")
        rows.rate(session, "EUR", date(2026, 10, 1), "1.10")
        rows.rate(session, "EUR", date(2026, 11, 1), "1.50")
    assert figures(runtime, DAY).open_total == Decimal("210.00")


def test_a_cent_that_rounding_makes_does_not_make_the_receivables_larger_than_all_billing(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rows.rate(session, "EUR", date(2026, 9, 1), "1.10")
        for due, total in ((date(2026, 10, 5), 5), (date(2026, 10, 31), 10_000), (date(2026, 11, 30), 5)):
            rows.document(session, currency="EUR", due_date=due, total_minor=total)
        rows.document(session, total_minor=0)
    found = figures(runtime, DAY)
    # 0.055 + 0.055 + 110.00: each rounded alone, the parts came to 110.12 and what was billed to 110.11.
    assert (found.open_total, found.billed_90d, sum(found.ageing.values())) == (
        *[Decimal("110.11")] * 2,
        found.open_total,
    )
    assert (found.dso_countback, found.notes) == (Decimal(31), ())
    assert found.average_days_delinquent == found.dso_countback - (found.dso_best_possible or 0)


def test_nothing_to_collect_stays_nothing_when_its_parts_round_up(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rows.rate(session, "EUR", date(2026, 6, 1), "1.10")
        for issued in (date(2026, 7, 1), date(2026, 10, 1)):
            rows.document(session, currency="EUR", issue_date=issued, due_date=DAY, total_minor=5)
        rows.document(session, total_minor=0)
    # 0.055 from before the window and 0.055 billed in it, all of it open and not yet due.
    assert figures(runtime, DAY).cei is None


def test_a_currency_without_a_rate_is_left_out_and_named(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rows.document(session)
        rows.document(session, currency="EUR")
    found = figures(runtime, DAY)
    assert (found.open_total, found.open_count, found.left_out) == (Decimal(100), 1, ("EUR",))
    assert "EUR" in found.as_json()["notes"][0]


def test_one_foreign_currency_without_a_rate_is_the_currency_of_the_figures(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rows.document(session, currency="EUR")
    found = figures(runtime, DAY)
    assert (found.currency, found.open_total, found.left_out) == ("EUR", Decimal(100), ())


def test_an_entity_has_figures_of_its_own(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rows.document(session, entity="US")
        rows.document(session, entity="CA", total_minor=5_000)
    assert figures(runtime, DAY, "CA").open_total == Decimal(50)


def test_a_reader_of_one_entity_sees_that_entity_only(runtime: Runtime) -> None:
    class Clerk:
        entities = frozenset({"CA"})

    with runtime.transaction() as session:
        rows.document(session, entity="US")
        rows.document(session, entity="CA", total_minor=5_000)
        rows.document(session, entity=None)
    assert figures(runtime, DAY, viewer=Clerk()).open_total == Decimal(50)
    assert figures(runtime, DAY, "US", viewer=Clerk()).open_total == 0


def test_receivables_older_than_all_billing_say_more_than(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rows.document(session, issue_date=date(2026, 10, 1))
        session.flush()
        row = rows.document(session, issue_date=date(2026, 9, 1), total_minor=5_000)
        row.open_minor = 9_000
    found = figures(runtime, DAY)
    assert found.dso_countback is None
    assert found.notes == ("Count-back DSO is more than 61 days: receivables exceed all billing.",)


def test_credit_memo_upheld_dispute_and_correction_each_spoil_accuracy_once(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        clean = rows.document(session)
        credited, disputed = rows.document(session), rows.document(session)
        rows.document(session, corrections={"po_number": "PO-1"})
        rows.document(session, kind="credit_memo", corrects_id=credited.id, total_minor=-1_000)
        rows.dispute(session, disputed, state="upheld", closed_at=rows.AT)
        rows.dispute(session, clean, state="rejected", closed_at=rows.AT)
    assert figures(runtime, DAY).billing_accuracy == 25


def test_waiting_and_human_work_stay_in_the_denominator_of_straight_through(runtime: Runtime) -> None:
    recorded = {"recorded_at": rows.instant(date(2026, 10, 20)), "released_at": rows.instant(date(2026, 10, 21))}
    with runtime.transaction() as session:
        alone = rows.document(session, **recorded)
        helped = rows.document(session, **recorded)
        rows.document(session, **{**recorded, "released_at": None, "posted_at": None, "state": "on_hold"})
        rows.document(session, **recorded, source="import")
        rows.transitions(session, alone, [("received", "released")])
        rows.transitions(session, helped, [("on_hold", "released")], actor="Erika Lund")
    assert round(figures(runtime, DAY).straight_through_rate or 0, 2) == Decimal("33.33")


def test_time_to_post_counts_working_days_and_leaves_out_what_was_posted_elsewhere(runtime: Runtime) -> None:
    friday, monday = datetime(2026, 10, 23, 18, tzinfo=UTC), datetime(2026, 10, 26, 2, tzinfo=UTC)
    with runtime.transaction() as session:
        rows.document(session, recorded_at=friday, released_at=monday, posted_at=monday)
        for hours in (1, 2, 3):
            posted = friday - timedelta(hours=20 - hours)
            rows.document(session, recorded_at=friday - timedelta(hours=20), released_at=posted, posted_at=posted)
        rows.document(session, recorded_at=friday, released_at=None, posted_at=monday)
        rows.document(session, recorded_at=friday, released_at=monday, posted_at=monday, source="import")
    found = figures(runtime, DAY).measured.cycle
    assert (found.median, found.count) == (Decimal("2.50"), 4)
    assert found.p90 == Decimal("6.50")


def test_the_list_shows_the_invoices_that_a_figure_counts(runtime: Runtime) -> None:
    monday, later = rows.instant(date(2026, 10, 26)), rows.instant(date(2026, 10, 27))
    with runtime.transaction() as session:
        rows.document(session, recorded_at=monday, released_at=later, posted_at=later)
        rows.document(session, recorded_at=monday, released_at=later, posted_at=None, state="released")
        rows.document(session, recorded_at=monday, released_at=None, posted_at=later)
        rows.document(session, issue_date=date(2026, 5, 1), settled_on=date(2026, 6, 1), open_minor=0)
        rows.document(session, state="void", recorded_at=monday)
        rows.document(session, source="import", recorded_at=monday, released_at=later, posted_at=later)
    shown = explained(figures(runtime, DAY))
    assert {key: shown[key].denominator.value for key in COUNTED_BY} == {  # type: ignore[union-attr]
        "billing_accuracy": 4,
        "straight_through_rate": 2,
        "cycle_time": 1,
    }
    for key in COUNTED_BY:
        chosen = InvoiceFilters(as_of=DAY, is_open_only=False, counted_in=key)
        assert len(list_invoices(runtime, None, chosen).rows) == shown[key].denominator.value, key  # type: ignore[union-attr]
        assert ("figure", key) in shown[key].drill.params  # type: ignore[union-attr]


def test_time_to_post_is_undefined_when_nothing_was_posted(runtime: Runtime) -> None:
    assert figures(runtime, DAY).cycle_time is None


def test_open_cases_and_pending_approvals_are_as_of_the_day(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        row = rows.document(session)
        rows.case(session)
        rows.case(session, state="resolved", closed_at=rows.instant(date(2026, 10, 10)))
        rows.approval(session, row)
    now, then = figures(runtime, DAY), figures(runtime, date(2026, 10, 5))
    assert (now.open_cases, then.open_cases, now.pending_approvals) == (1, 2, 1)


def test_a_date_that_a_source_got_wrong_by_centuries_does_not_stop_the_figures(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        rows.document(session, source_ref="ancient", issue_date=date(1, 1, 1), due_date=date(1, 1, 1))
        rows.document(session, source_ref="recent", issue_date=date(2026, 10, 1), total_minor=3_000)
    found = figures(runtime, DAY)
    assert found.open_total == Decimal(130)
    assert found.countback.is_lower_bound
