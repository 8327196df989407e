"""Rows that jobs start from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from core.db.tables import Document
from core.documents.model import DocumentState
from core.kit.ids import new_id
from core.ports import LedgerDocument, LedgerLine
from core.posting import store as posting
from core.runtime import Runtime


def ledger_document(number: str) -> LedgerDocument:
    lines = (LedgerLine("HC-CORE", "Halden Core seats", Decimal(10), 20_000, 3_800, Decimal(19)),)
    return LedgerDocument(
        key=f"stripe_{number}",
        kind="invoice",
        number=number,
        entity="DE",
        customer_ref="001A",
        currency="EUR",
        issue_date=date(2026, 10, 1),
        due_date=date(2026, 10, 31),
        po_number=None,
        memo="",
        lines=lines,
        total_minor=23_800,
    )


def released(runtime: Runtime, number: str = "HC-000001") -> UUID:
    """A released invoice whose delivery waits for its turn; answers the delivery's id."""
    now = runtime.now()
    row = Document(
        id=new_id(),
        kind="invoice",
        source="stripe",
        source_ref=number,
        content_hash="",
        number=number,
        entity="DE",
        customer_name="Nordlicht Logistik GmbH",
        currency="EUR",
        issue_date=date(2026, 10, 1),
        due_date=date(2026, 10, 31),
        subtotal_minor=20_000,
        discount_minor=0,
        tax_minor=3_800,
        total_minor=23_800,
        open_minor=23_800,
        state=DocumentState.RELEASED,
        recorded_at=now,
        released_at=now,
    )
    with runtime.transaction() as session:
        session.add(row)
        session.flush()
        [delivery_id] = posting.enqueue(session, [(row.id, ledger_document(number))], "netsuite", now)
    return delivery_id
