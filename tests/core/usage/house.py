"""A customer of the house that is charged for usage, and events on their way to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.canonical import MeterRecord, UsageRecord
from core.db.tables import Contract, ContractLine, ScheduleItem
from core.kit.ids import id_from, new_id
from core.runtime import Runtime
from core.usage.model import Wanted
from core.usage.store import measured, save_meters
from core.workflow import Receipt, execute
from core.workflow.actors import job
from core.workflow.billing_commands import RecordUsage
from tests import builders as b
from tests.fakes import NOON
from tests.work import record

CUSTOMER = id_from("customer", b.CRM, b.CRM_CUSTOMER)
JOB = job("test")
OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)


def charged_house(runtime: Runtime, included: str = "100") -> None:
    """One customer whose contract charges for API calls: October has been billed, November is open."""
    record(runtime, b.CRM, customers=(b.customer(),))
    contract = id_from("contract", "test")
    with runtime.transaction() as session:
        save_meters(
            session, [meter("api_calls", "sum"), meter("storage", "max", "day"), meter("logins", "count")], NOON
        )
        session.add_all([*_sold(contract, included), _period(contract, OCTOBER, NOVEMBER, "billed")])
        session.add(_period(contract, NOVEMBER, DECEMBER, "open"))


def _sold(contract: UUID, included: str) -> tuple[Contract, ContractLine]:
    return (
        Contract(
            id=contract,
            number="CT-5001",
            customer_id=CUSTOMER,
            status="active",
            starts_on=OCTOBER,
            currency="EUR",
            discount_percent=Decimal(0),
            billed_by="house",
            updated_at=NOON,
        ),
        ContractLine(
            id=new_id(),
            contract_id=contract,
            source_ref="802A",
            product_code="API",
            quantity=Decimal(0),
            unit_price=Decimal("0.05"),
            starts_on=OCTOBER,
            charge={"kind": "usage", "meter": "api_calls", "included_quantity": included},
        ),
    )


def _period(contract: UUID, first: date, after: date, state: str) -> ScheduleItem:
    return ScheduleItem(
        id=new_id(),
        contract_id=contract,
        charge_key="802A",
        kind="usage",
        period_start=first,
        period_end=after,
        bill_on=after,
        state=state,
        document_id=new_id() if state == "billed" else None,
        used=Decimal(0) if state == "billed" else None,
        currency="EUR",
        planned_at=NOON,
        lines=[],
        covers=[],
    )


def meter(code: str, aggregation: str, window: str | None = None) -> MeterRecord:
    facts: dict[str, Any] = {"code": code, "name": code, "aggregation": aggregation, "window": window}
    return MeterRecord(source="house", source_ref=code, **facts)


def usage(id: str, value: object, at: datetime = NOON, **facts: Any) -> UsageRecord:
    stated: dict[str, Any] = {"source": "app", "source_ref": id, "meter": "api_calls", "subject": "C-1001", "at": at}
    return UsageRecord(**stated | {"value": Decimal(str(value))} | facts)


def send(runtime: Runtime, *events: UsageRecord) -> Receipt:
    return execute(runtime, RecordUsage(key_id=None, events=events), JOB)


def codes(receipt: Receipt) -> list[tuple[str, str]]:
    return [(each["id"], each["code"]) for each in receipt.result["warnings"]]


def on(day: int, hour: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def total(runtime: Runtime, since: datetime, until: datetime, meter: str = "api_calls") -> Decimal:
    with runtime.reading() as session:
        return measured(session, [Wanted("it", meter, CUSTOMER, since, until)])["it"]


def many(events: Iterable[UsageRecord], size: int) -> list[tuple[UsageRecord, ...]]:
    """The events in batches of `size`."""
    every = list(events)
    return [tuple(every[start : start + size]) for start in range(0, len(every), size)]
