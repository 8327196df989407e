"""What a first synchronisation has brought is decided beside the rest of it, and not before what decisions look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import select

from core.canonical import CanonicalRecord
from core.db.tables import Case, Document
from core.intake import store
from core.ports import Page, RawRecord, Transient
from core.runtime import Runtime
from jobs.pull import Way, pull
from jobs.schedule import is_decidable
from tests.builders import invoice
from tests.fakes import FakeSource, raw
from tests.stores import Furniture, policies


@pytest.fixture
def furniture() -> Furniture:
    return policies


def test_decisions_wait_for_what_they_look_at_and_for_nothing_else() -> None:
    looked_at = {("stripe", name) for name in ("customers", "products", "invoices", "credit_notes", "events")}

    assert is_decidable(looked_at, frozenset({"stripe"}))
    assert not is_decidable(looked_at - {("stripe", "credit_notes")}, frozenset({"stripe"}))
    assert not is_decidable(looked_at - {("stripe", "events")}, frozenset({"stripe"}))
    assert not is_decidable(looked_at, frozenset({"stripe", "netsuite"}))


class _WithoutPayments(FakeSource):
    """Its payments cannot be read."""

    def pull(self, stream: str, cursor: Mapping[str, Any]) -> Iterator[Page]:
        if stream == "invoice_payments":
            raise Transient("Stripe is busy.", "busy")
        return super().pull(stream, cursor)


def test_what_history_brought_is_decided_beside_the_rest_of_it(runtime: Runtime) -> None:
    streams: dict[str, list[list[RawRecord]]] = {
        name: [[]] for name in ("customers", "products", "credit_notes", "events")
    }
    streams = {"invoices": [[raw("invoices", "in_1")]]} | streams | {"invoice_payments": [[]]}
    stripe = _WithoutPayments("stripe", streams, lambda record: (invoice(source_ref=record.external_id),))
    agreed = _agreed()
    pull(runtime, agreed, ["salesforce", "stripe"])
    pull(runtime, stripe, ["salesforce", "stripe"])
    assert _states(runtime) == ["received"]

    pull(runtime, agreed, ["salesforce", "stripe"])
    assert _states(runtime) == ["on_hold"]


def test_nothing_is_decided_beside_a_history_whose_changes_meanwhile_are_not_known_yet(runtime: Runtime) -> None:
    voided = [raw("events", "in_1", status="void")]
    streams: dict[str, list[list[RawRecord]]] = {name: [[]] for name in ("customers", "products", "credit_notes")}
    streams = {"invoices": [[raw("invoices", "in_1", status="open")]]} | streams | {"events": [voided]}
    stripe = FakeSource("stripe", streams, _invoice_as_told)
    agreed = _agreed()
    pull(runtime, agreed, ["salesforce", "stripe"])
    pull(runtime, stripe, ["salesforce", "stripe"], Way(lambda: _has_read(runtime, "credit_notes")))
    pull(runtime, agreed, ["salesforce", "stripe"])
    assert _states(runtime) == ["received"]

    pull(runtime, stripe, ["salesforce", "stripe"])
    with runtime.reading() as session:
        assert session.scalars(select(Case)).all() == []
    assert _states(runtime) == ["void"]


def _agreed() -> FakeSource:
    return FakeSource("salesforce", {name: [[]] for name in ("accounts", "products", "contracts", "order_items")})


def _invoice_as_told(record: RawRecord) -> tuple[CanonicalRecord, ...]:
    return (invoice(source_ref=record.external_id, status=record.payload["status"]),)


def _has_read(runtime: Runtime, stream: str) -> bool:
    with runtime.reading() as session:
        return ("stripe", stream) in store.completed_streams(session)


def _states(runtime: Runtime) -> list[str]:
    with runtime.reading() as session:
        return list(session.scalars(select(Document.state)))
