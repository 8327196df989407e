"""Work › Billing runs, as Ana sees it."""

from __future__ import annotations

import pytest

from core.db.tables import BillingRun, Document
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import StartBillingRun
from jobs.run_billing import run_billing
from tests import builders as b
from tests import work
from tests.billing import TODAY, house_contract, seats, start
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
