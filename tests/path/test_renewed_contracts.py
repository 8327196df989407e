"""A contract that renews itself is billed on beyond its first term, and nobody has to look at that."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.db.tables import Case, Document
from core.runtime import Runtime
from jobs.run_billing import bill_due, run_unfinished
from tests import builders as b
from tests.billing import house_contract, seats
from tests.fakes import FixedClock
from tests.stores import Furniture
from tests.work import all_rows, only, open_house, record

pytestmark = pytest.mark.slow
RENEWED = datetime(2027, 11, 1, 14, tzinfo=UTC)
TERMS: dict[str, Any] = {"auto_renews": True, "renewal_months": 12, "billing_frequency": "annual"}


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def codes(runtime: Runtime) -> set[str]:
    return {row.code for row in all_rows(runtime, Case) if row.state == "open"}


def bill(runtime: Runtime) -> None:
    assert bill_due(runtime) == 1
    run_unfinished(runtime)


@pytest.mark.parametrize(("uplift", "net"), [("0", 240_000), ("5", 252_000)])
def test_the_invoice_of_a_renewed_term_goes_out_by_itself(
    runtime: Runtime, clock: FixedClock, uplift: str, net: int
) -> None:
    house_contract(runtime, (seats(quantity=Decimal(10)),), uplift_percent=Decimal(uplift), **TERMS)
    bill(runtime)
    clock.at = RENEWED
    bill(runtime)
    first, second = sorted(all_rows(runtime, Document), key=lambda row: row.issue_date)
    assert (first.state, second.state, codes(runtime)) == ("released", "released", set())
    assert (first.subtotal_minor, second.subtotal_minor) == (240_000, net)


@pytest.mark.parametrize(
    ("terms", "is_held"), [({}, False), ({"status": "expired"}, True), ({"auto_renews": False}, True)]
)
def test_only_while_the_contract_is_active_and_renews_its_later_invoices_pass(
    runtime: Runtime, terms: dict[str, Any], is_held: bool
) -> None:
    """Of the payment platform: 10 seats for October 2026 under a contract that first ran until 30 September."""
    first_term = {"ends_on": date(2026, 9, 30), "auto_renews": True, "renewal_months": 12, **terms}
    line = b.order_line(ends_on=date(2026, 9, 30))
    record(runtime, b.CRM, contracts=(b.contract(**first_term),), order_lines=(line,))
    record(runtime, b.PAYMENTS, invoices=(b.invoice(),))
    assert (codes(runtime) == {"contract.not_active"}) is is_held
    assert (only(runtime, Document).state == "on_hold") is is_held


@pytest.mark.parametrize(("price", "codes_found"), [("20.00", {"price.outdated"}), ("21.00", set())])
def test_in_a_renewed_term_the_raised_price_is_the_contracts(
    runtime: Runtime, price: str, codes_found: set[str]
) -> None:
    terms = {"ends_on": date(2026, 9, 30), "auto_renews": True, "renewal_months": 12, "uplift_percent": Decimal(5)}
    line = b.order_line(ends_on=date(2026, 9, 30))
    record(runtime, b.CRM, contracts=(b.contract(**terms),), order_lines=(line,))
    net = int(Decimal(price) * 1000)
    billed = b.line(unit_price=Decimal(price), amount_minor=net, tax_minor=net * 19 // 100)
    record(runtime, b.PAYMENTS, invoices=(b.invoice(lines=(billed,)),))
    assert codes(runtime) == codes_found
