"""Events of Stripe that are handled in another order than they happened in."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.stripe.mapping import AS_OF, to_canonical
from core.db.tables import Case, Delivery, Dispute, Document
from core.intake import store as intake
from core.ports import RawRecord
from core.runtime import Runtime
from jobs.handle_inbox import handle_waiting
from jobs.pull import pull
from tests import builders as b
from tests.connectors.payloads import DAY, NOV_1, STRIPE_CREDIT_NOTE, STRIPE_DISPUTE, STRIPE_INVOICE, Doc, changed
from tests.fakes import FakeSource
from tests.stores import Furniture
from tests.work import all_rows, only, open_house, record

SOON, LATER = NOV_1 + DAY, NOV_1 + DAY + 100


@pytest.fixture
def furniture() -> Furniture:
    return open_house


@pytest.fixture
def stripe(runtime: Runtime) -> FakeSource:
    """Its history is read; from here on there are only events."""
    source = FakeSource("stripe", {"events": [[]]}, to_canonical)
    pull(runtime, source, ["stripe"])
    return source


def handle(runtime: Runtime, stripe: FakeSource, *events: RawRecord) -> None:
    """Each by itself, as webhooks come."""
    for event in events:
        with runtime.transaction() as session:
            intake.receive(session, "stripe", [event], runtime.now())
        handle_waiting(runtime, stripe)


def event(kind: str, created: int, content: Doc, **fields: Any) -> RawRecord:
    id = f"evt_{kind}_{created}"
    payload = {
        "id": id,
        "object": "event",
        "type": kind,
        "created": created,
        "data": {"object": changed(content, **fields)},
    }
    return RawRecord(f"event:{kind}", id, id, payload)


def invoice(kind: str, created: int, **fields: Any) -> RawRecord:
    return event(f"invoice.{kind}", created, STRIPE_INVOICE, **fields)


def with_order(number: str) -> dict[str, Any]:
    facts: Doc = {**STRIPE_INVOICE}
    return {"metadata": {**facts["metadata"], "po_number": number}}


def test_an_invoice_that_was_voided_stays_void_when_its_making_is_told_last(
    runtime: Runtime, stripe: FakeSource
) -> None:
    told = (invoice("voided", LATER, status="void"), invoice("finalized", SOON), invoice("sent", LATER))
    handle(runtime, stripe, *told)
    row = only(runtime, Document)
    assert (row.state, row.open_minor) == ("void", 0)
    assert (all_rows(runtime, Delivery), all_rows(runtime, Case)) == ([], [])


def test_the_newest_content_stands_whatever_comes_last(runtime: Runtime, stripe: FakeSource) -> None:
    new = invoice("updated", LATER, **with_order("PO-NEW"))
    handle(runtime, stripe, new, invoice("finalized", SOON, **with_order("PO-OLD")))
    assert (only(runtime, Document).state, only(runtime, Document).po_number) == ("on_hold", "PO-NEW")
    newest = invoice("updated", LATER + 5, **with_order("PO-NEWEST"))
    handle(runtime, stripe, newest)
    assert only(runtime, Document).po_number == "PO-NEWEST"


def listed(as_of: int, **fields: Any) -> RawRecord:
    payload = changed(STRIPE_INVOICE, **fields) | {AS_OF: as_of}
    return RawRecord("invoice", payload["id"], f"listed {as_of}", payload)


def test_an_event_of_before_a_list_was_read_says_nothing_of_what_is_in_it(runtime: Runtime) -> None:
    stripe = FakeSource("stripe", {"invoices": [[listed(LATER, **with_order("PO-LIST"))]]}, to_canonical)
    pull(runtime, stripe, ["stripe"])
    handle(runtime, stripe, invoice("finalized", SOON, **with_order("PO-OLD")))
    assert only(runtime, Document).po_number == "PO-LIST"
    handle(runtime, stripe, invoice("updated", LATER + 1, **with_order("PO-NEW")))
    assert only(runtime, Document).po_number == "PO-NEW"


def test_a_list_that_was_read_before_an_event_does_not_take_back_what_that_has_told(
    runtime: Runtime, stripe: FakeSource
) -> None:
    handle(runtime, stripe, invoice("updated", LATER, **with_order("PO-NEW")))
    handle(runtime, stripe, listed(SOON, **with_order("PO-LIST")))
    assert only(runtime, Document).po_number == "PO-NEW"


def test_events_of_one_batch_leave_the_newest_content_too(runtime: Runtime, stripe: FakeSource) -> None:
    new = invoice("updated", LATER, **with_order("PO-NEW"))
    with runtime.transaction() as session:
        old = invoice("finalized", SOON, **with_order("PO-OLD"))
        intake.receive(session, "stripe", [new, old], runtime.now())
    handle_waiting(runtime, stripe)
    assert only(runtime, Document).po_number == "PO-NEW"


def test_a_deleted_draft_is_no_document_here(runtime: Runtime, stripe: FakeSource) -> None:
    told = (invoice("deleted", LATER, status="draft"), invoice("created", SOON, status="draft"))
    handle(runtime, stripe, *told)
    assert (all_rows(runtime, Document), all_rows(runtime, Case)) == ([], [])


def test_a_card_dispute_that_was_won_is_not_opened_by_its_own_beginning(runtime: Runtime, stripe: FakeSource) -> None:
    beginning = event("charge.dispute.created", SOON, STRIPE_DISPUTE)
    handle(runtime, stripe, event("charge.dispute.closed", LATER, STRIPE_DISPUTE, status="won"), beginning)
    assert only(runtime, Dispute).state == "rejected"


def test_a_credit_note_that_comes_first_is_put_against_its_invoice_when_that_comes(
    runtime: Runtime, stripe: FakeSource
) -> None:
    record(runtime, b.PAYMENTS, customers=(b.payer(),))
    handle(runtime, stripe, event("credit_note.created", LATER, STRIPE_CREDIT_NOTE), invoice("finalized", SOON))
    rows = {row.kind: row for row in all_rows(runtime, Document)}
    assert rows["credit_memo"].corrects_id == rows["invoice"].id
    assert (rows["invoice"].open_minor, rows["credit_memo"].open_minor) == (123_600, 0)
    open_codes = {row.code for row in all_rows(runtime, Case) if row.state == "open"}
    assert "credit.unknown_invoice" not in open_codes
    gone = event("credit_note.voided", LATER + 5, STRIPE_CREDIT_NOTE, status="void")
    handle(runtime, stripe, gone, event("credit_note.updated", LATER, STRIPE_CREDIT_NOTE))
    rows = {row.kind: row for row in all_rows(runtime, Document)}
    assert (rows["invoice"].open_minor, rows["credit_memo"].state) == (129_600, "void")
