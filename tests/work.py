"""A house in which people can work: policies, people, a customer under contract, and facts through the one door."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from core.canonical import InvoiceRecord
from core.db.tables import User
from core.runtime import Runtime
from core.workflow import Actor, Receipt, Role, execute
from core.workflow import commands as c
from core.workflow.actors import job
from core.workflow.bootstrap import bootstrap
from tests import builders as b

JOB = job("test")


def settled_house(runtime: Runtime) -> None:
    """Policies, people, one customer under contract and a mapped product."""
    bootstrap(runtime, is_demo=True)
    record(runtime, b.LEDGER, entities=(b.entity(),), products=(b.product(source=b.LEDGER, source_ref="9"),))
    record(runtime, b.CRM, customers=(b.customer(),), contracts=(b.contract(),), order_lines=(b.order_line(),))
    record(runtime, b.PAYMENTS, customers=(b.payer(),))


def open_house(runtime: Runtime) -> None:
    """The settled house, which knows what a euro is in dollars."""
    settled_house(runtime)
    record(runtime, b.LEDGER, rates=(b.rate(),))


def record(runtime: Runtime, source: str, **facts: Any) -> Receipt:
    return execute(runtime, c.RecordFacts(source=source, **facts), JOB)


def person(runtime: Runtime, name: str) -> Actor:
    with runtime.reading() as session:
        row = session.scalars(select(User).where(User.name.startswith(name))).one()
        scope = None if row.entities is None else frozenset(row.entities)
        return Actor(row.name, Role(row.role), row.id, scope, row.approval_limit_minor)


def all_rows(runtime: Runtime, table: type[Any]) -> list[Any]:
    with runtime.reading() as session:
        return list(session.scalars(select(table)))


def only(runtime: Runtime, table: type[Any]) -> Any:
    (row,) = all_rows(runtime, table)
    return row


def invoice(month: int, /, **facts: Any) -> InvoiceRecord:
    """The n-th monthly invoice backwards in time: each has its own period."""
    first = (date(2026, 10, 1) - timedelta(days=31 * (month - 1))).replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    defaults: dict[str, Any] = {
        "source_ref": f"in_{month}",
        "number": f"HC-{month:06}",
        "issue_date": first,
        "due_date": first + timedelta(days=30),
        "period_start": first,
        "period_end": last,
        "lines": (b.line(period_start=first, period_end=last),),
    }
    return b.invoice(**{**defaults, **facts})


def dear_invoice(month: int, /, **facts: Any) -> InvoiceRecord:
    """Billed at 25.00 a seat where the contract says 20.00: 50.00 EUR at stake."""
    line = b.line(unit_price=Decimal("25.00"), amount_minor=25_000, tax_minor=4_750)
    return invoice(month, lines=(line,), **facts)


def big_invoice(month: int, /, **facts: Any) -> InvoiceRecord:
    """3,000 seats: 71,400.00 EUR, which asks for an approver. Needs `big_contract`."""
    line = b.line(quantity=Decimal(3000), amount_minor=6_000_000, tax_minor=1_140_000)
    return invoice(month, lines=(line,), **facts)


def big_contract(runtime: Runtime) -> None:
    record(runtime, b.CRM, order_lines=(b.order_line(quantity=Decimal(3000)),))
