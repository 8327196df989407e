"""A draft of the house is no receivable and no billing; once it is released it is both."""

from __future__ import annotations

import pytest

from core.db.tables import BillingRun, Document
from core.reporting.ageing import ageing
from core.reporting.figures import figures
from core.reporting.invoices import InvoiceFilters, list_invoices
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import ReleaseRun
from core.workflow.command import Target
from jobs.run_billing import run_billing
from tests import work
from tests.billing import TODAY, house_contract, start
from tests.stores import Furniture


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def test_a_draft_counts_in_no_figure_until_it_is_released(runtime: Runtime) -> None:
    house_contract(runtime)
    run_billing(runtime, start(runtime, "review"))
    before = figures(runtime, TODAY)
    assert (before.open_count, before.billed_90d, before.straight_through_rate) == (0, 0, None)
    assert before.billing_accuracy is None
    assert ageing(runtime, None, TODAY).total_minor == 0
    assert list_invoices(runtime, None, InvoiceFilters()).rows == ()
    (row,) = list_invoices(runtime, None, InvoiceFilters(is_open_only=False, state="draft")).rows
    assert (row.number, row.open_minor) == ("Draft CT-5001", 0)
    run = work.only(runtime, BillingRun)
    execute(runtime, ReleaseRun(run=Target(run.id, run.revision)), work.person(runtime, "Ana"))
    run_billing(runtime, run.id)
    after = figures(runtime, TODAY)
    assert (after.open_count, after.billing_accuracy) == (1, 100)
    # Ana released it: a person's step, so it did not go straight through.
    assert after.straight_through_rate == 0
    assert ageing(runtime, None, TODAY).total_minor > 0


def test_a_straight_run_goes_straight_through_and_what_is_held_does_not(runtime: Runtime) -> None:
    house_contract(runtime)
    run_billing(runtime, start(runtime, "straight"))
    assert figures(runtime, TODAY).straight_through_rate == 100
    with runtime.transaction() as session:
        row = session.get_one(Document, work.only(runtime, Document).id)
        row.state, row.is_issued, row.released_at, row.open_minor = "on_hold", False, None, 0
    held = figures(runtime, TODAY)
    assert (held.straight_through_rate, held.open_count) == (0, 0)
