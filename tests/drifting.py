"""A contract that Stripe bills, its invoices, and what the drift watch finds."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import update

from core.canonical import CreditMemoRecord, InvoiceRecord, OrderLineRecord, SubscriptionItemRecord, SubscriptionRecord
from core.db.tables import Case, Document
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.billing_commands import ApplyDriftFix
from core.workflow.command import Target
from jobs.watch_drift import watch_drift
from tests import builders as b
from tests import work

TERM: dict[str, Any] = {"starts_on": date(2026, 8, 1), "ends_on": date(2027, 7, 31)}


def found(runtime: Runtime) -> list[Case]:
    watch_drift(runtime)
    return [row for row in work.all_rows(runtime, Case) if row.type == "drift" and row.state == "open"]


def only(runtime: Runtime) -> Case:
    (case,) = found(runtime)
    return case


def fix(runtime: Runtime, case: Case, who: str = "Ana") -> None:
    execute(runtime, ApplyDriftFix(case=Target(case.id, case.revision)), work.person(runtime, who))


def change(runtime: Runtime, table: type[Any], id: UUID, **values: Any) -> None:
    with runtime.transaction() as session:
        session.execute(update(table).where(table.id == id).values(**values))


def theirs(runtime: Runtime, *amendments: OrderLineRecord, **terms: Any) -> None:
    """A contract that Stripe bills since August: 10 seats at 20.00 a month, and what was agreed later."""
    contract = b.contract(**{**TERM, **terms})
    work.record(runtime, b.CRM, contracts=(contract,), order_lines=(b.order_line(**TERM), *amendments))


def amendment(starts_on: date, quantity: int) -> OrderLineRecord:
    """More seats, or fewer, by a line that leads to no other."""
    ref = f"802-{starts_on}-{quantity}"
    return b.order_line(source_ref=ref, quantity=Decimal(quantity), starts_on=starts_on, ends_on=TERM["ends_on"])


def stripe_invoice(month: int, **line: Any) -> InvoiceRecord:
    return stripe_period(date(2026, month, 1), date(2026, month + 1, 1), f"{month}", **line)


def stripe_period(first: date, end: date, mark: str, **line: Any) -> InvoiceRecord:
    return b.invoice(
        source_ref=f"in_{mark}",
        number=f"HC-{mark}",
        issue_date=first,
        due_date=first + timedelta(days=30),
        period_start=first,
        period_end=end,
        lines=(b.line(period_start=first, period_end=end, **line),),
    )


def billed_by_stripe(runtime: Runtime, *records: InvoiceRecord) -> None:
    theirs(runtime)
    billed(runtime, *records)


def billed(runtime: Runtime, *records: InvoiceRecord, memos: tuple[CreditMemoRecord, ...] = ()) -> None:
    """Issued, and posted long ago."""
    work.record(runtime, b.PAYMENTS, invoices=records, credit_memos=memos)
    with runtime.transaction() as session:
        session.execute(update(Document).values(state="posted", posted_at=runtime.now()))
        session.execute(update(Case).values(state="resolved"))


AS_AGREED = (stripe_invoice(8), stripe_invoice(9), stripe_invoice(10), stripe_invoice(11))


def subscribe(runtime: Runtime, quantity: int, unit_price: str, interval_months: int) -> None:
    """What runs at the payment platform for the contract."""
    item = SubscriptionItemRecord(
        product_code="HC-CORE",
        quantity=Decimal(quantity),
        unit_price=Decimal(unit_price),
        interval_months=interval_months,
    )
    runs = SubscriptionRecord(
        source=b.PAYMENTS,
        source_ref="sub_1",
        contract_number="CT-5001",
        customer_ref=b.PAYMENTS_CUSTOMER,
        status="active",
        currency="EUR",
        items=(item,),
    )
    work.record(runtime, b.PAYMENTS, subscriptions=(runs,))
