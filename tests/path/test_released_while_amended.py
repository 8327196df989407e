"""A contract changes at the very moment at which its invoice goes out: what has gone out stays as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from core.canonical import OrderLineRecord
from core.db.tables import Approval, BillingRun, Delivery, Document, ScheduleItem, User
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from core.workflow.actors import Actor
from core.workflow.billing_commands import ReleaseInvoices, ReleaseRun, SettleDrafts
from core.workflow.command import Target
from jobs.run_billing import bill_due, run_billing, run_unfinished
from tests import builders as b
from tests.billing import house_contract, seats, start
from tests.corrections import all_of, only_of, posted
from tests.fakes import FixedClock
from tests.path.racing import ending_while
from tests.stores import Furniture
from tests.work import JOB, all_rows, only, open_house, person, record


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def released_while_amended(
    runtime: Runtime, release: c.AnyCommand, actor: Actor, lines: tuple[OrderLineRecord, ...]
) -> None:
    """The invoice goes out in a transaction that ends only when the amendment has come and waits for it."""
    ending_while(runtime, release, actor, lambda: house_contract(runtime, lines))


def open_corrections(runtime: Runtime) -> list[int | None]:
    found = [item for item in all_rows(runtime, ScheduleItem) if item.kind == "adjustment" and item.state == "open"]
    return [item.expected_minor for item in found]


def reviewed(runtime: Runtime) -> UUID:
    house_contract(runtime)
    run_id = start(runtime, "review")
    run_billing(runtime, run_id)
    run = only(runtime, BillingRun)
    execute(runtime, ReleaseRun(run=Target(run.id, run.revision)), person(runtime, "Ana"))
    return run_id


def test_seats_that_are_added_while_the_invoice_goes_out_are_billed_beside_it(
    runtime: Runtime, clock: FixedClock
) -> None:
    run_id = reviewed(runtime)
    release = SettleDrafts(run_id=run_id, limit=10)
    released_while_amended(runtime, release, JOB, (seats(quantity=Decimal(150)),))
    invoice = only_of(runtime, "invoice")
    assert (invoice.state, invoice.subtotal_minor, invoice.open_minor) == ("released", 200_000, 238_000)
    assert open_corrections(runtime) == [100_000]
    posted(runtime)
    clock.at = datetime(2026, 12, 2, 14, tzinfo=UTC)
    bill_due(runtime)
    run_unfinished(runtime)
    assert [row.subtotal_minor for row in all_of(runtime, "invoice")] == [200_000, 400_000]


def test_an_invoice_that_goes_out_is_not_void_because_its_contract_begins_later_now(runtime: Runtime) -> None:
    run_id = reviewed(runtime)
    release = SettleDrafts(run_id=run_id, limit=10)
    later = seats(starts_on=datetime(2026, 12, 1, tzinfo=UTC).date())
    released_while_amended(runtime, release, JOB, (later,))
    assert only_of(runtime, "invoice").state == "released"
    assert [row.state for row in all_rows(runtime, Delivery)] == ["queued"]
    assert open_corrections(runtime) == [-200_000]


def test_an_invoice_that_a_person_releases_stays_as_that_person_saw_it(runtime: Runtime) -> None:
    record(runtime, b.CRM, customers=(b.customer(release_mode="manual"),))
    house_contract(runtime)
    bill_due(runtime)
    run_unfinished(runtime)
    row = only_of(runtime, "invoice")
    release = ReleaseInvoices(targets=(Target(row.id, row.revision),))
    released_while_amended(runtime, release, person(runtime, "Ana"), (seats(quantity=Decimal(150)),))
    assert stands(runtime) == ("released", 200_000)
    assert open_corrections(runtime) == [100_000]


def test_an_invoice_stays_as_it_was_approved(runtime: Runtime) -> None:
    house_contract(runtime, (seats(quantity=Decimal(3000)),))
    bill_due(runtime)
    run_unfinished(runtime)
    asked = only(runtime, Approval)
    people = {row.id: row.name for row in all_rows(runtime, User)}
    verdict = c.DecideApprovals(targets=(Target(asked.id, asked.revision),), verdict="approve", note=None)
    who = person(runtime, people[asked.assignee_id])
    released_while_amended(runtime, verdict, who, (seats(quantity=Decimal(4000)),))
    assert stands(runtime) == ("released", 6_000_000)
    assert open_corrections(runtime) == [2_000_000]


def stands(runtime: Runtime) -> tuple[str, int]:
    row: Document = only_of(runtime, "invoice")
    return row.state, row.subtotal_minor
