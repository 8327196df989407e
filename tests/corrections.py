"""Posted invoices, and people who give them back."""

from __future__ import annotations

from typing import Any

from core.canonical import OrderLineRecord
from core.db.tables import Approval, Delivery, Document, User
from core.runtime import Runtime
from core.workflow import Receipt, execute
from core.workflow import commands as c
from core.workflow.billing_commands import IssueCreditMemo
from core.workflow.command import Target
from jobs.run_billing import bill_due, run_unfinished
from tests import work
from tests.billing import house_contract


def posted(runtime: Runtime) -> None:
    """The ledger takes all that is on its way to it."""
    for row in work.all_rows(runtime, Delivery):
        if row.system == "netsuite" and row.state == "queued":
            outcome = c.RecordDelivery(
                delivery_id=row.id, attempt=1, outcome="delivered", external_id=f"ns-{row.key}", external_number=None
            )
            execute(runtime, outcome, work.JOB)


def posted_invoice(runtime: Runtime, lines: tuple[OrderLineRecord, ...] | None = None, **terms: Any) -> Document:
    """100 seats at 20.00 for November, and 19 % tax: 2,380.00 EUR."""
    house_contract(runtime, lines, **terms)
    bill_due(runtime)
    run_unfinished(runtime)
    posted(runtime)
    return only_of(runtime, "invoice")


def only_of(runtime: Runtime, kind: str) -> Document:
    (row,) = all_of(runtime, kind)
    return row


def all_of(runtime: Runtime, kind: str) -> list[Document]:
    rows = [row for row in work.all_rows(runtime, Document) if row.kind == kind]
    return sorted(rows, key=lambda row: (row.recorded_at, row.replaces_id is not None))


def wish(row: Document, **facts: Any) -> IssueCreditMemo:
    return IssueCreditMemo(**{"document": Target(row.id, row.revision), "reason": "wrong_price", **facts})


def issue(runtime: Runtime, row: Document, who: str = "Ana", **facts: Any) -> Receipt:
    return execute(runtime, wish(row, **facts), work.person(runtime, who))


def agreed(runtime: Runtime, name: str | None = None) -> None:
    """Whoever is asked for an approval gives it."""
    people = {row.id: row.name for row in work.all_rows(runtime, User)}
    for row in work.all_rows(runtime, Approval):
        if row.state == "waiting":
            who = work.person(runtime, name or people[row.assignee_id])
            targets = (Target(row.id, row.revision),)
            execute(runtime, c.DecideApprovals(targets=targets, verdict="approve", note=None), who)
