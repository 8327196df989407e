"""What usage costs when a commitment pays for it, and when its price changes after it was billed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.canonical import ChargeTerms
from core.db.tables import Document, DocumentLine, ScheduleItem
from core.runtime import Runtime
from jobs.plan_schedules import plan_schedules
from tests import builders as b
from tests import work
from tests.billing import house_contract, seats, used
from tests.corrections import agreed, all_of, issue, only_of, posted
from tests.fakes import FixedClock
from tests.metered import AFTER_GRACE, IN_GRACE, MID_NOVEMBER, billed_on, calls, came, count_calls, metered_house, nets
from tests.stores import Furniture
from tests.work import all_rows, record


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


@pytest.fixture
def metered(runtime: Runtime) -> Runtime:
    return metered_house(runtime)


# --- commitments -----------------------------------------------------------------------------------------------------

COMMITTED = ChargeTerms(kind="usage", meter="api_calls", commit_amount=Decimal(1000))


def test_a_commitment_is_there_anew_when_its_term_is_renewed(runtime: Runtime, clock: FixedClock) -> None:
    count_calls(runtime)
    house_contract(runtime, (calls("1", charge=COMMITTED),), auto_renews=True, renewal_months=12)
    used(runtime, 1000, MID_NOVEMBER)
    billed_on(runtime, clock, AFTER_GRACE)
    used(runtime, 400, datetime(2027, 11, 5, tzinfo=UTC), "e2")
    billed_on(runtime, clock, datetime(2027, 12, 2, 14, tzinfo=UTC))
    assert _drawn(runtime) == [-100_000, -40_000]


def test_a_credit_memo_gives_what_the_commitment_paid_back_to_it(runtime: Runtime, clock: FixedClock) -> None:
    count_calls(runtime)
    house_contract(runtime, (calls("1", charge=COMMITTED), seats(source_ref="802B", quantity=Decimal(1))))
    used(runtime, 600, MID_NOVEMBER)
    billed_on(runtime, clock, AFTER_GRACE)
    issue(runtime, all_of(runtime, "invoice")[-1], reason="wrong_quantity")
    agreed(runtime)
    posted(runtime)
    used(runtime, 700, datetime(2026, 12, 5, tzinfo=UTC), "e2")
    billed_on(runtime, clock, datetime(2027, 1, 2, 14, tzinfo=UTC))
    assert _drawn(runtime) == [-70_000, -60_000]


def _drawn(runtime: Runtime) -> list[int]:
    """What commitments paid on invoices."""
    invoices = {row.id for row in all_rows(runtime, Document) if row.kind == "invoice"}
    lines = [row for row in all_rows(runtime, DocumentLine) if row.document_id in invoices and row.amount_minor < 0]
    return sorted(row.amount_minor for row in lines)


def test_a_price_of_committed_usage_is_corrected_once_the_commitment_is_used_up(
    runtime: Runtime, clock: FixedClock
) -> None:
    """600 in November at 1.00 are paid by the commitment of 1,000.00, which 300 in December at 2.00 use up. So both
    months cost 1,800.00 now, of which 800.00 is to be paid."""
    count_calls(runtime)
    house_contract(runtime, (calls("1", charge=COMMITTED),))
    used(runtime, 600, MID_NOVEMBER)
    billed_on(runtime, clock, AFTER_GRACE)
    house_contract(runtime, (calls("2", charge=COMMITTED),))
    came(runtime, "e2", 300, datetime(2026, 12, 1, 23, tzinfo=UTC))
    billed_on(runtime, clock, datetime(2027, 1, 2, 14, tzinfo=UTC))
    clock.at = datetime(2027, 2, 2, 14, tzinfo=UTC)
    plan_schedules(runtime)
    for month in (3, 4):
        billed_on(runtime, clock, datetime(2027, month, 2, 14, tzinfo=UTC))
        assert sum(nets(runtime)) == 80_000


def test_a_price_of_usage_beyond_a_commitment_is_corrected(runtime: Runtime, clock: FixedClock) -> None:
    """2,000 at 1.00, of which the commitment pays 1,000.00; at 3.00 they cost 6,000.00."""
    count_calls(runtime)
    house_contract(runtime, (calls("1", charge=COMMITTED),))
    used(runtime, 2_000, MID_NOVEMBER)
    billed_on(runtime, clock, AFTER_GRACE)
    house_contract(runtime, (calls("3", charge=COMMITTED),))
    billed_on(runtime, clock, datetime(2027, 1, 2, 14, tzinfo=UTC))
    assert nets(runtime) == [100_000, 400_000]


# --- prices ----------------------------------------------------------------------------------------------------------


def test_a_changed_price_of_usage_is_on_the_draft_before_it_goes_out(metered: Runtime, clock: FixedClock) -> None:
    used(metered, 100, MID_NOVEMBER)
    billed_on(metered, clock, IN_GRACE)
    record(metered, b.CRM, order_lines=(calls("3"),))
    billed_on(metered, clock, AFTER_GRACE)
    assert nets(metered) == [30_000]
    assert [row for row in all_rows(metered, ScheduleItem) if row.kind == "adjustment"] == []


def test_a_changed_price_of_usage_corrects_closed_periods_once(metered: Runtime, clock: FixedClock) -> None:
    used(metered, 100, MID_NOVEMBER)
    billed_on(metered, clock, AFTER_GRACE)
    for price in ("25", "30"):
        record(metered, b.CRM, order_lines=(calls(price),))
    used(metered, 10, datetime(2026, 12, 5, tzinfo=UTC), "e2")
    billed_on(metered, clock, datetime(2027, 1, 2, 14, tzinfo=UTC))
    assert nets(metered) == [200_000, 130_000]
    lines = [(row.amount_minor, row.arithmetic) for row in all_rows(metered, DocumentLine)]
    assert (-200_000, "taken back for 1 Nov 2026 to 30 Nov 2026: 100 units × EUR 20.00 = -2,000.00") in lines
    assert (300_000, "as agreed now for 1 Nov 2026 to 30 Nov 2026: 100 units × EUR 30.00 = 3,000.00") in lines
    billed_on(metered, clock, datetime(2027, 2, 2, 14, tzinfo=UTC))
    assert nets(metered) == [200_000, 130_000]


def test_what_a_credit_memo_gave_back_of_usage_is_not_taken_back_again(metered: Runtime, clock: FixedClock) -> None:
    used(metered, 100, MID_NOVEMBER)
    billed_on(metered, clock, AFTER_GRACE)
    issue(metered, only_of(metered, "invoice"), lines=((1, Decimal(500)),), reason="wrong_price")
    agreed(metered)
    posted(metered)
    record(metered, b.CRM, order_lines=(calls("15"),))
    used(metered, 10, datetime(2026, 12, 5, tzinfo=UTC), "e2")
    billed_on(metered, clock, datetime(2027, 1, 2, 14, tzinfo=UTC))
    assert nets(metered) == [200_000, 15_000]
