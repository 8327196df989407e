"""Work › Billing runs, as Ana sees it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.db.tables import BillingRun, Document
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import StartBillingRun
from jobs.run_billing import run_billing
from tests import builders as b
from tests import work
from tests.billing import TODAY, house_contract, seats, start
from tests.corrections import agreed, posted, posted_invoice
from tests.fakes import FixedClock
from tests.pages.app import open_page, said, shown, tick
from tests.stores import Furniture

ANA, VERA, DIETER = "ana@halden.example", "vera@halden.example", "dieter@halden.example"
LIST, RUN = "work/billing_runs.py", "work/billing_run.py"


@pytest.fixture
def furniture() -> Furniture:
    return work.open_house


def run_of(house: Runtime) -> BillingRun:
    found: BillingRun = work.only(house, BillingRun)
    return found


def test_a_preview_stands_before_every_run_and_starts_it(house: Runtime) -> None:
    house_contract(house)
    at = open_page(LIST, ANA, br_through=TODAY.isoformat())
    assert "No billing runs yet" in said(at)
    at.button(key="br_preview").click()
    shown(at)
    assert {metric.label: metric.value for metric in at.metric}["Clean"] == "1"
    assert work.all_rows(house, BillingRun) == []
    at.button(key="br_start").click()
    shown(at)
    assert at.toast[0].value == "The run has started"
    assert run_of(house).mode == "review"
    assert list(at.dataframe[0].value["Contracts"]) == [1]


def test_a_preview_tells_findings_and_failures_in_words(house: Runtime) -> None:
    work.record(house, b.CRM, customers=(b.customer(is_po_required=True),))
    house_contract(house)
    lines = (seats(source_ref="802B", contract_ref="800B"),)
    house_contract(house, lines, source_ref="800B", number="CT-5002", customer_ref="001MISSING")
    at = open_page(LIST, ANA, br_through=TODAY.isoformat())
    at.button(key="br_preview").click()
    shown(at)
    frames = {frame.value.columns[0]: frame.value for frame in at.dataframe}
    assert frames["What the rules found"].values.tolist() == [["Purchase order missing", "Purchase order", 1]]
    ((contract, reason),) = frames["Cannot be billed"].values.tolist()
    assert contract == "CT-5002" and "not in the CRM" in reason
    assert "`" not in said(at)


def test_a_preview_counts_credit_memos_beside_invoices(house: Runtime, clock: FixedClock) -> None:
    posted_invoice(house, billing_frequency="annual")
    agreed(house)
    posted(house)
    half = seats(source_ref="802B", root_ref="802A", quantity=Decimal(-50), starts_on=date(2027, 1, 1))
    work.record(house, b.CRM, order_lines=(half,))
    clock.advance(days=60)
    at = open_page(LIST, ANA)
    at.button(key="br_preview").click()
    shown(at)
    counts = {metric.label: metric.value for metric in at.metric}
    assert (counts["Credit memos"], counts["Invoices"]) == ("1", "0")
    money = next(frame.value for frame in at.dataframe if "Given back" in frame.value.columns)
    # 50 seats at 20.00 for 304 days of a year of 365, and 19 % tax.
    assert (money["Total with tax"][0], money["Given back"][0]) == ("0.00", "11,893.48")


def test_a_released_run_with_failed_parts_says_so_and_is_found_by_it(house: Runtime) -> None:
    house_contract(house)
    run_billing(house, start(house, "straight"))
    lines = (seats(source_ref="802B", contract_ref="800B"),)
    house_contract(house, lines, source_ref="800B", number="CT-5002", customer_ref="001MISSING")
    run_billing(house, start(house, "straight"))
    assert {run.state for run in work.all_rows(house, BillingRun)} == {"released"}

    def states(**filters: str) -> list[list[str]]:
        grids = [frame.value for frame in open_page(LIST, ANA, **filters).dataframe]
        return list(grids[0]["State"]) if grids else []

    assert states() == [["Released, 1 failed"], ["Released"]]
    assert states(br_state="Released, some failed") == [["Released, 1 failed"]]
    assert states(br_state="Released") == [["Released"]]
    assert states(br_state="Cancelled") == []
    partly = max(work.all_rows(house, BillingRun), key=lambda run: run.id)
    at = open_page(RUN, ANA, id=str(partly.id))
    assert ":orange-badge[Released, 1 failed]" in said(at)


def test_nothing_due_is_said_and_cannot_be_started(house: Runtime) -> None:
    at = open_page(LIST, ANA)
    at.button(key="br_preview").click()
    shown(at)
    assert "Nothing is to be billed" in said(at)
    assert [button.key for button in at.button if button.key == "br_start"] == []


def test_a_reviewed_run_is_released_after_a_question(house: Runtime) -> None:
    house_contract(house)
    run_billing(house, start(house, "review"))
    at = open_page(RUN, ANA, id=str(run_of(house).id))
    assert {metric.label: metric.value for metric in at.metric}["Drafts"] == "1"
    at.button(key="br_release").click()
    shown(at)
    assert "will be checked once more" in said(at)
    at.button(key="br_sure").click()
    shown(at)
    assert run_of(house).state == "releasing"
    run_billing(house, run_of(house).id)
    at = open_page(RUN, ANA, id=str(run_of(house).id))
    assert {metric.label: metric.value for metric in at.metric}["Released"] == "1"
    assert "released by Ana" in said(at)


def test_a_run_is_cancelled_only_with_a_reason(house: Runtime) -> None:
    house_contract(house)
    run_billing(house, start(house, "review"))
    at = open_page(RUN, ANA, id=str(run_of(house).id))
    at.button(key="br_cancel").click()
    shown(at)
    at.button(key="br_sure").click()
    shown(at)
    assert "Say why" in said(at)
    at.text_input(key="br_cancel_reason").set_value("Wrong month")
    at.button(key="br_sure").click()
    shown(at)
    assert run_of(house).state == "cancelled"


def test_failures_are_listed_with_their_reason(house: Runtime) -> None:
    house_contract(house, customer_ref="001MISSING")
    run_billing(house, start(house, "review"))
    at = open_page(RUN, ANA, id=str(run_of(house).id))
    failed = at.dataframe[0].value
    assert list(failed["Contract"]) == ["CT-5001"]
    assert "not in the CRM" in failed["Reason"][0]
    assert at.button(key="br_resume").disabled is False


def test_drafts_show_what_the_rules_found_and_one_can_go_out_alone(house: Runtime) -> None:
    house_contract(house)
    house_contract(house, (seats(source_ref="802B", contract_ref="800B"),), source_ref="800B", number="CT-5002")
    run_billing(house, start(house, "review"))
    at = open_page(RUN, ANA, id=str(run_of(house).id))
    assert len(at.dataframe[-1].value) == 2
    tick(at, "br_grid", [0])
    at.button(key="br_release_ticked").click()
    shown(at)
    assert sorted(row.state for row in work.all_rows(house, Document)) == ["draft", "released"]


def test_a_viewer_has_no_billing_runs(house: Runtime) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page(LIST, VERA)


def test_who_acts_for_some_entities_cannot_release_a_run_of_all(house: Runtime) -> None:
    house_contract(house)
    run_billing(house, start(house, "review"))
    at = open_page(RUN, DIETER, id=str(run_of(house).id))
    assert [button.key for button in at.button if button.key in ("br_release", "br_cancel")] == []
    own = StartBillingRun(name="", through=TODAY, mode="review")
    work.record(house, b.CRM, contracts=(b.contract(source_ref="800C", number="CT-5003"),))
    with pytest.raises(Exception, match="Nothing is to be billed"):
        execute(house, own, work.person(house, "Dieter"))
