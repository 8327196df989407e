"""Contracts that charge for API calls, and calls that come."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from core.canonical import OrderLineRecord
from core.db.tables import Case
from core.runtime import Runtime
from core.usage.store import save_meters
from core.workflow import execute
from core.workflow.billing_commands import RecordUsage
from jobs.run_billing import bill_due, run_unfinished
from tests.billing import HOUSE_METERED, house_contract, seats
from tests.core.usage.house import meter, usage
from tests.corrections import all_of, posted
from tests.fakes import NOON, FixedClock
from tests.work import JOB, all_rows

MID_NOVEMBER = datetime(2026, 11, 12, tzinfo=UTC)
END_OF_NOVEMBER = datetime(2026, 11, 30, 23, tzinfo=UTC)
IN_GRACE, AFTER_GRACE = datetime(2026, 12, 1, 1, tzinfo=UTC), datetime(2026, 12, 2, 14, tzinfo=UTC)


def calls(price: str = "20", **facts: Any) -> OrderLineRecord:
    """API calls at a price each."""
    return seats(**{"quantity": Decimal(0), "unit_price": Decimal(price), "charge": HOUSE_METERED, **facts})


def count_calls(runtime: Runtime) -> None:
    """Their meter is set up: it adds them up."""
    with runtime.transaction() as session:
        save_meters(session, [meter("api_calls", "sum")], NOON)


def metered_house(runtime: Runtime) -> Runtime:
    """A contract that charges for calls, which are counted."""
    count_calls(runtime)
    house_contract(runtime, (calls(),))
    return runtime


def came(runtime: Runtime, id: str, value: int, at: datetime = END_OF_NOVEMBER, **facts: Any) -> None:
    execute(runtime, RecordUsage(key_id=None, events=(usage(id, value, at, **facts),)), JOB)


def billed_on(runtime: Runtime, clock: FixedClock, at: datetime) -> None:
    clock.at = at
    bill_due(runtime)
    run_unfinished(runtime)
    posted(runtime)


def nets(runtime: Runtime) -> list[int]:
    return [row.subtotal_minor for row in all_of(runtime, "invoice") if row.state != "void"]


def open_cases(runtime: Runtime, code: str = "usage.after_billing") -> list[Case]:
    return [row for row in all_rows(runtime, Case) if row.state == "open" and row.code == code]
