"""An invoice that the house drafted and released by itself."""

from __future__ import annotations

from typing import Any

from core.canonical import OrderLineRecord
from core.db.tables import Document
from core.runtime import Runtime
from jobs.run_billing import bill_due, run_unfinished
from tests.billing import house_contract
from tests.work import only


def billed(runtime: Runtime, number: str, lines: tuple[OrderLineRecord, ...] | None = None, **terms: Any) -> Document:
    """The invoice of a contract of this number, drafted and released without a person."""
    house_contract(runtime, lines, number=number, **terms)
    assert bill_due(runtime) == 1
    run_unfinished(runtime)
    return one_invoice(runtime)


def one_invoice(runtime: Runtime) -> Document:
    found: Document = only(runtime, Document)
    return found
