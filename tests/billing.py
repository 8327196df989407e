"""Contracts that the house bills itself, and what happens to them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from core.canonical import ChargeTerms, MeterRecord, OrderLineRecord
from core.db.tables import UsageEvent
from core.parties import store as parties
from core.runtime import Runtime
from core.usage.store import meters, save_meters
from core.workflow import execute
from core.workflow.billing_commands import StartBillingRun
from tests import builders as b
from tests import work

SEATS = ChargeTerms()
_ADDED_UP = MeterRecord(source="house", source_ref="api_calls", code="api_calls", name="API calls", aggregation="sum")
HOUSE_METERED = ChargeTerms(kind="usage", meter="api_calls")
TODAY = date(2026, 11, 2)
STARTS, ENDS = date(2026, 11, 1), date(2027, 10, 31)


def seats(**facts: Any) -> OrderLineRecord:
    """100 seats at 20.00 a month."""
    return b.order_line(**{"starts_on": STARTS, "ends_on": ENDS, "quantity": Decimal(100), **facts})


def house_contract(runtime: Runtime, lines: tuple[OrderLineRecord, ...] | None = None, **facts: Any) -> None:
    """A contract over a year from 1 November 2026 on, billed monthly in advance by the house."""
    terms = {"starts_on": STARTS, "ends_on": ENDS, "billed_by": "house", **facts}
    work.record(runtime, b.CRM, contracts=(b.contract(**terms),), order_lines=lines or (seats(),))


def start(runtime: Runtime, mode: Literal["review", "straight"] = "review", through: date = date(2026, 11, 2)) -> UUID:
    command = StartBillingRun(name="November", through=through, mode=mode)
    return UUID(execute(runtime, command, work.person(runtime, "Ana")).result["run_id"])


def used(runtime: Runtime, quantity: int, at: datetime, event: str = "e1") -> None:
    """An event of the customer, counted; its meter adds up unless it was said otherwise."""
    with runtime.transaction() as session:
        if not meters(session, ["api_calls"]):
            save_meters(session, [_ADDED_UP], datetime.now(UTC))
        customer = parties.linked(session, "customer", b.CRM, [b.CRM_CUSTOMER])[b.CRM_CUSTOMER]
        session.add(
            UsageEvent(
                source="test",
                event_id=event,
                meter="api_calls",
                subject=b.CRM_CUSTOMER,
                customer_id=UUID(customer),
                value=Decimal(quantity),
                at=at,
                received_at=datetime.now(UTC),
                state="counted",
                is_late=False,
                correction_id=None,
            )
        )
