"""The drift watch: nothing on a clean house; each planted difference with its exact money, and its fix."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from core.db.tables import Delivery, Document, DocumentLine, ScheduleItem
from core.kit.errors import Forbidden, Refused, Stale
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from core.workflow.billing_commands import WatchDrift
from core.workflow.command import Target
from tests import builders as b
from tests import work
from tests.corrections import agreed, all_of, only_of, posted_invoice
from tests.drifting import AS_AGREED, billed_by_stripe, change, fix, found, only, stripe_invoice, subscribe
from tests.fakes import FixedClock
from tests.stores import Furniture


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def test_a_clean_house_has_no_drift(runtime: Runtime, clock: FixedClock) -> None:
    posted_invoice(runtime)
    assert found(runtime) == []
    clock.advance(days=3)
    assert found(runtime) == []


def test_a_contract_that_stripe_bills_as_agreed_has_no_drift(runtime: Runtime, clock: FixedClock) -> None:
    billed_by_stripe(runtime, *AS_AGREED)
    assert found(runtime) == []
    clock.advance(days=15)
    assert found(runtime) == []


def test_a_schedule_that_somebody_changed_is_planned_again(runtime: Runtime) -> None:
    posted_invoice(runtime)
    item = next(row for row in work.all_rows(runtime, ScheduleItem) if row.period_start == date(2027, 1, 1))
    change(runtime, ScheduleItem, item.id, expected_minor=150_000)
    case = only(runtime)
    assert (case.code, case.amount_minor, case.currency) == ("drift.schedule", 50_000, "EUR")
    fix(runtime, case)
    assert found(runtime) == []
    fresh = next(row for row in work.all_rows(runtime, ScheduleItem) if row.id == item.id)
    assert fresh.expected_minor == 200_000


def test_an_invoice_that_bills_too_little_is_credited_and_billed_again(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    with runtime.transaction() as session:
        session.execute(update(DocumentLine).values(amount_minor=150_000, tax_minor=28_500))
        session.execute(update(Document).values(total_minor=178_500, open_minor=178_500, tax_minor=28_500))
    case = only(runtime)
    assert (case.code, case.amount_minor, case.document_id) == ("drift.invoice", 50_000, invoice.id)
    fix(runtime, case)
    agreed(runtime)
    old, new = all_of(runtime, "invoice")
    assert (only_of(runtime, "credit_memo").total_minor, new.total_minor) == (-178_500, 238_000)
    assert (old.open_minor, new.state) == (0, "released")
    assert found(runtime) == []


def test_an_item_that_no_invoice_bills_is_opened_again(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime)
    change(runtime, Document, invoice.id, state="void")
    case = only(runtime)
    assert (case.code, case.amount_minor) == ("drift.invoice", 200_000)
    fix(runtime, case)
    assert {row.state for row in work.all_rows(runtime, ScheduleItem)} == {"open"}
    assert found(runtime) == []


@pytest.mark.parametrize(
    ("october", "effect"),
    [
        ({"quantity": Decimal(8), "amount_minor": 16_000, "tax_minor": 3_040}, 4_000),
        ({"unit_price": Decimal("19.00"), "amount_minor": 19_000, "tax_minor": 3_610}, 1_000),
        ({"discount_minor": 2_000, "tax_minor": 3_420}, 2_000),
        ({"quantity": Decimal(12), "amount_minor": 24_000, "tax_minor": 4_560}, -4_000),
    ],
)
def test_seats_prices_and_discounts_that_stripe_billed_wrong(
    runtime: Runtime, october: dict[str, Any], effect: int
) -> None:
    billed_by_stripe(runtime, stripe_invoice(8), stripe_invoice(9), stripe_invoice(10, **october), stripe_invoice(11))
    case = only(runtime)
    assert (case.code, case.amount_minor) == ("drift.billed", effect)


def test_a_month_that_stripe_did_not_bill_is_leakage_and_only_after_some_days(
    runtime: Runtime, clock: FixedClock
) -> None:
    billed_by_stripe(runtime, stripe_invoice(8), stripe_invoice(10))
    case = only(runtime)
    assert (case.code, case.amount_minor) == ("drift.billed", 20_000)
    assert "2026-09-01" in case.key
    with pytest.raises(Refused, match="Add an invoice item of EUR 200"):
        fix(runtime, case)
    clock.advance(days=7)
    assert len(found(runtime)) == 2


def test_what_stripe_billed_too_much_is_credited_by_a_memo_of_the_house(runtime: Runtime) -> None:
    dear = stripe_invoice(10, quantity=Decimal(12), amount_minor=24_000, tax_minor=4_560)
    billed_by_stripe(runtime, stripe_invoice(8), stripe_invoice(9), dear)
    fix(runtime, only(runtime))
    memo = only_of(runtime, "credit_memo")
    assert (memo.total_minor, memo.tax_minor, memo.state) == (-4_760, -760, "awaiting_approval")
    assert found(runtime) == [], "what is on its way back is no drift"


def test_a_subscription_that_runs_fewer_seats_is_told_with_its_money_a_month(runtime: Runtime) -> None:
    billed_by_stripe(runtime, *AS_AGREED)
    subscribe(runtime, 7, "240.00", 12)
    case = only(runtime)
    assert (case.code, case.amount_minor) == ("drift.subscription", 6_000)
    subscribe(runtime, 10, "240.00", 12)
    assert found(runtime) == []


def entry(runtime: Runtime, invoice: Document, **facts: Any) -> None:
    record = b.ledger_record(key=f"house_{invoice.source_ref}", **facts)
    work.record(runtime, b.LEDGER, ledger=(record,))


def test_a_posted_invoice_that_the_ledger_lost_is_looked_up_and_posted_again(
    runtime: Runtime, clock: FixedClock
) -> None:
    invoice = posted_invoice(runtime)
    clock.advance(days=2)
    assert found(runtime) == [], "nobody has read the ledger since"
    work.record(runtime, b.LEDGER, ledger=(b.ledger_record(source_ref="99", key="other", modified_at=clock()),))
    case = only(runtime)
    assert (case.code, case.amount_minor, case.document_id) == ("drift.ledger", 238_000, invoice.id)
    fix(runtime, case)
    assert work.only(runtime, Delivery).state == "in_doubt"


@pytest.mark.parametrize(("facts", "effect"), [({"total_minor": 230_000}, 8_000), ({"currency": "USD"}, 0)])
def test_another_total_or_currency_in_the_ledger(
    runtime: Runtime, clock: FixedClock, facts: dict[str, Any], effect: int
) -> None:
    invoice = posted_invoice(runtime)
    clock.advance(days=2)
    entry(runtime, invoice, **{"total_minor": 238_000, "currency": "EUR", **facts})
    case = only(runtime)
    assert (case.code, case.amount_minor) == ("drift.ledger", effect)
    with pytest.raises(Refused, match="no automatic fix"):
        fix(runtime, case)
    entry(runtime, invoice, total_minor=238_000, currency="EUR", modified_at=clock())
    assert found(runtime) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"po_number": "PO-9"}, "purchase order PO-9; agreed is PO-1"),
        ({"due_date": date(2026, 11, 16)}, "payment terms 14 days; agreed is 30 days"),
        ({"tax_id": "DE999999999"}, "tax id DE999999999"),
    ],
)
def test_terms_of_the_latest_invoice_that_are_not_as_agreed(
    runtime: Runtime, values: dict[str, Any], said: str
) -> None:
    invoice = posted_invoice(runtime, po_number="PO-1")
    change(runtime, Document, invoice.id, **values)
    case = only(runtime)
    assert (case.code, case.amount_minor) == ("drift.terms", 0)
    assert said in case.sentence


def test_a_fix_of_what_has_moved_meanwhile_is_refused(runtime: Runtime) -> None:
    posted_invoice(runtime)
    item = next(row for row in work.all_rows(runtime, ScheduleItem) if row.period_start == date(2027, 1, 1))
    change(runtime, ScheduleItem, item.id, expected_minor=150_000)
    case = only(runtime)
    change(runtime, ScheduleItem, item.id, expected_minor=160_000)
    with pytest.raises(Stale):
        fix(runtime, case)
    again = only(runtime)
    assert (again.id, again.amount_minor, again.revision) == (case.id, 40_000, case.revision + 1)
    with pytest.raises(Stale):
        fix(runtime, case)
    with pytest.raises(Forbidden):
        fix(runtime, again, who="Amara")
    fix(runtime, again)


def test_what_a_person_accepts_does_not_come_back_until_it_changes(runtime: Runtime) -> None:
    invoice = posted_invoice(runtime, po_number="PO-1")
    change(runtime, Document, invoice.id, po_number="PO-9")
    case = only(runtime)
    waive = c.WaiveCases(targets=(Target(case.id, case.revision),), reason="Agreed by telephone")
    execute(runtime, waive, work.person(runtime, "Ana"))
    assert found(runtime) == []


def test_contracts_are_watched_in_bounded_batches(runtime: Runtime) -> None:
    for number in range(5):
        work.record(runtime, b.CRM, contracts=(b.contract(source_ref=f"800-{number}", number=f"CT-{number}"),))
    after, seen = None, 0
    while True:
        result = execute(runtime, WatchDrift(after=after, limit=2), work.JOB).result
        seen += 1
        if result["last"] is None:
            break
        after = UUID(result["last"])
    assert seen == 4, "six contracts, two at a time, and a look behind the last"
