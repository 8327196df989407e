"""Recording usage: what a batch is told, which exceptions it opens, and how much it asks of the store."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from core.db.tables import AuditEntry, Case, Customer, UsageEvent
from core.kit.errors import Forbidden
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import RecordUsage
from core.workflow.command import Target
from core.workflow.commands import WaiveCases
from tests import builders as b
from tests.core.usage.house import CUSTOMER, charged_house, codes, on, send, usage
from tests.fakes import NOON
from tests.stores import Furniture, people
from tests.work import all_rows, only, person, record


@pytest.fixture
def furniture() -> Furniture:
    return people


@pytest.fixture
def charged(runtime: Runtime) -> Runtime:
    charged_house(runtime)
    return runtime


def test_usage_beyond_what_is_included_is_told_with_the_event_that_goes_beyond(charged: Runtime) -> None:
    assert codes(send(charged, usage("a", 60), usage("b", 40))) == []
    receipt = send(charged, usage("c", "0.5"))
    assert codes(receipt) == [("c", "over_entitlement")]
    assert receipt.result["warnings"][0]["sentence"] == "100.5 used where contract CT-5001 includes 100."


def test_a_breach_is_one_exception_per_charge_and_period_even_after_it_was_settled(charged: Runtime) -> None:
    send(charged, usage("a", 101))
    case = only(charged, Case)
    assert (case.code, case.type, case.is_blocking, case.entity) == ("entitlement.breach", "usage", False, "DE")
    assert (case.customer_id, case.evidence["included"]) == (CUSTOMER, "100")
    waive = WaiveCases(targets=(Target(case.id, case.revision),), reason="Agreed with the customer")
    execute(charged, waive, person(charged, "Ana"))
    assert codes(send(charged, usage("b", 1))) == [("b", "over_entitlement")]
    assert only(charged, Case).state == "waived"


def test_another_meter_or_period_does_not_count_against_the_entitlement(charged: Runtime) -> None:
    receipt = send(charged, usage("a", 90), usage("b", 90, on(31, 23, month=10)), usage("c", 90, meter="storage"))
    assert "over_entitlement" not in {code for _, code in codes(receipt)}


def test_usage_of_a_period_that_was_billed_is_told_and_opens_an_exception(charged: Runtime) -> None:
    receipt = send(charged, usage("a", 5, on(31, 23, month=10)), usage("b", 5))
    assert codes(receipt) == [("a", "billed")]
    case = only(charged, Case)
    assert (case.code, case.evidence["quantity"], case.evidence["events"]) == ("usage.after_billing", "5", ["a"])


def test_a_contract_that_somebody_else_bills_has_no_entitlement_here(charged: Runtime) -> None:
    with charged.transaction() as session:
        session.connection().exec_driver_sql("update contracts set billed_by = 'stripe'")
    assert codes(send(charged, usage("a", 500))) == []


def test_placed_usage_can_break_an_entitlement_too(charged: Runtime) -> None:
    with charged.transaction() as session:
        session.get_one(Customer, CUSTOMER).number = "C-0"
    send(charged, usage("a", 500))
    assert [case.code for case in all_rows(charged, Case)] == ["usage.unplaced"]
    record(charged, b.CRM, customers=(b.customer(number="C-1001", name="Renamed"),))
    assert {(case.code, case.state) for case in all_rows(charged, Case)} == {
        ("usage.unplaced", "resolved"),
        ("entitlement.breach", "open"),
    }


def test_a_clean_batch_leaves_no_entry_in_the_trail_and_one_with_exceptions_does(charged: Runtime) -> None:
    before = len(all_rows(charged, AuditEntry))
    send(charged, usage("a", 1))
    assert len(all_rows(charged, AuditEntry)) == before
    send(charged, usage("b", 1, subject="nobody"))
    assert [row.command for row in all_rows(charged, AuditEntry)[before:]] == ["RecordUsage"]


def test_a_batch_of_any_size_asks_the_store_equally_often(charged: Runtime) -> None:
    statements: list[str] = []
    event.listen(charged.engine, "after_cursor_execute", lambda *args: statements.append(args[2]))
    send(charged, usage("one", 1), usage("late", 1, NOON - timedelta(days=40)))
    few = len(statements)
    statements.clear()
    send(charged, *[usage(f"n{n}", "0.1") for n in range(400)], usage("late2", 1, NOON - timedelta(days=40)))
    assert len(statements) <= few
    assert len(all_rows(charged, UsageEvent)) == 403


def test_people_do_not_send_usage(charged: Runtime) -> None:
    with pytest.raises(Forbidden):
        execute(charged, RecordUsage(key_id=None, events=(usage("a", 1),)), person(charged, "Chen"))
