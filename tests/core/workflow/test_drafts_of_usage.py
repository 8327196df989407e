"""Drafts of usage are rated again together, and bill nothing that was not used in the end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.canonical import OrderLineRecord
from core.db.tables import BillingRun, Document
from core.db.tables import ScheduleItem as Item
from core.runtime import Runtime
from core.usage.store import save_meters
from core.workflow import execute
from core.workflow.billing_commands import CorrectUsage, ReleaseInvoices, ReleaseRun
from core.workflow.command import Target
from jobs.run_billing import bill_due, run_billing, run_unfinished
from tests import builders as b
from tests import work
from tests.billing import HOUSE_METERED, house_contract, seats, start, used
from tests.core.usage.house import CUSTOMER, meter
from tests.corrections import agreed, all_of, only_of, posted
from tests.fakes import NOON, FixedClock
from tests.stores import Furniture
from tests.work import all_rows, person, record

COMMITTED = HOUSE_METERED.model_copy(update={"commit_amount": Decimal(1000)})
IN_GRACE, AFTER_GRACE = datetime(2026, 12, 1, 1, tzinfo=UTC), datetime(2026, 12, 2, 14, tzinfo=UTC)
IN_JANUARY = datetime(2027, 1, 2, 14, tzinfo=UTC)


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


@pytest.fixture(autouse=True)
def metered(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        save_meters(session, [meter("api_calls", "sum")], NOON)


def calls(price: str = "1", **facts: Any) -> OrderLineRecord:
    return seats(**{"quantity": Decimal(0), "unit_price": Decimal(price), "charge": HOUSE_METERED, **facts})


def billed_on(runtime: Runtime, clock: FixedClock, at: datetime) -> None:
    clock.at = at
    bill_due(runtime)
    run_unfinished(runtime)
    posted(runtime)


def used_in_two_months(runtime: Runtime) -> None:
    """900 each, of a commitment of 1,000.00 at 1.00."""
    house_contract(runtime, (calls(charge=COMMITTED),))
    used(runtime, 900, datetime(2026, 11, 5, tzinfo=UTC), "e1")
    used(runtime, 900, datetime(2026, 12, 5, tzinfo=UTC), "e2")


def drafted_in_two_months(runtime: Runtime, clock: FixedClock) -> None:
    used_in_two_months(runtime)
    for at in (IN_GRACE, datetime(2027, 1, 1, 1, tzinfo=UTC)):
        clock.at = at
        run_billing(runtime, start(runtime, "review", at.date()))
    assert nets(runtime) == [0, 80_000]
    clock.at = IN_JANUARY


def nets(runtime: Runtime) -> list[int]:
    """By period."""
    rows = [row for row in all_of(runtime, "invoice") if row.state != "void"]
    return [row.subtotal_minor - row.discount_minor for row in sorted(rows, key=_began)]


def _began(row: Document) -> date:
    assert row.period_start is not None
    return row.period_start


def taken_out(runtime: Runtime) -> None:
    wish = CorrectUsage(
        customer_id=CUSTOMER,
        meter="api_calls",
        since=datetime(2026, 11, 1, tzinfo=UTC),
        until=datetime(2026, 11, 30, tzinfo=UTC),
        kind="take_out",
        quantity=None,
        reason="A load test",
    )
    execute(runtime, wish, person(runtime, "Ana"))


def test_drafts_of_two_months_that_are_released_together_draw_a_commitment_once(
    runtime: Runtime, clock: FixedClock
) -> None:
    drafted_in_two_months(runtime, clock)
    for run in all_rows(runtime, BillingRun):
        execute(runtime, ReleaseRun(run=Target(run.id, run.revision)), person(runtime, "Ana"))
    run_unfinished(runtime)
    bill_due(runtime)
    assert {row.state for row in all_of(runtime, "invoice")} == {"released"}
    assert nets(runtime) == [0, 80_000]


def test_drafts_of_two_months_that_a_person_releases_draw_a_commitment_once(
    runtime: Runtime, clock: FixedClock
) -> None:
    drafted_in_two_months(runtime, clock)
    targets = tuple(Target(row.id, row.revision) for row in all_of(runtime, "invoice"))
    execute(runtime, ReleaseInvoices(targets=targets), person(runtime, "Ana"))
    assert {row.state for row in all_of(runtime, "invoice")} == {"released"}
    assert nets(runtime) == [0, 80_000]


def test_held_invoices_that_are_drafted_again_draw_a_commitment_once_the_first_month_first(
    runtime: Runtime, clock: FixedClock
) -> None:
    record(runtime, b.CRM, customers=(b.customer(is_on_hold=True),))
    used_in_two_months(runtime)
    billed_on(runtime, clock, AFTER_GRACE)
    billed_on(runtime, clock, IN_JANUARY)
    assert nets(runtime) == [0, 80_000]
    record(runtime, b.CRM, order_lines=(calls("2", charge=COMMITTED),))
    assert nets(runtime) == [80_000, 180_000]


def test_a_draft_of_usage_that_was_taken_out_does_not_go_out_as_an_invoice_of_nothing(
    runtime: Runtime, clock: FixedClock
) -> None:
    house_contract(runtime, (calls("20"),))
    used(runtime, 60, datetime(2026, 11, 5, tzinfo=UTC))
    billed_on(runtime, clock, IN_GRACE)
    assert only_of(runtime, "invoice").subtotal_minor == 120_000
    taken_out(runtime)
    billed_on(runtime, clock, AFTER_GRACE)
    assert (only_of(runtime, "invoice").state, only_of(runtime, "invoice").is_issued) == ("void", False)
    billed_on(runtime, clock, AFTER_GRACE)
    (november,) = [item for item in all_rows(runtime, Item) if item.period_start == date(2026, 11, 1)]
    assert (november.state, november.document_id, november.used) == ("billed", None, 0)


def test_what_a_draft_took_back_is_credited_when_its_usage_was_taken_out(runtime: Runtime, clock: FixedClock) -> None:
    house_contract(runtime, (seats(quantity=Decimal(50)), calls("20", source_ref="802M")))
    billed_on(runtime, clock, clock.at)
    used(runtime, 60, datetime(2026, 11, 5, tzinfo=UTC))
    clock.at = IN_GRACE
    record(runtime, b.CRM, order_lines=(seats(quantity=Decimal(0)),))
    billed_on(runtime, clock, IN_GRACE)
    assert [row.subtotal_minor for row in all_of(runtime, "invoice")] == [100_000, 20_000]
    taken_out(runtime)
    billed_on(runtime, clock, AFTER_GRACE)
    billed_on(runtime, clock, AFTER_GRACE)
    assert sorted(row.state for row in all_of(runtime, "invoice")) == ["posted", "void"]
    agreed(runtime)
    assert (only_of(runtime, "credit_memo").state, only_of(runtime, "credit_memo").subtotal_minor) == (
        "released",
        -100_000,
    )
