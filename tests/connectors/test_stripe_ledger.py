"""Collecting through Stripe, over HTTP against its emulator: one invoice, our amounts, whatever breaks on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import stripe
from connectors.stripe.invoice_form import line_forms
from core.kit.ids import new_id
from core.ports import ConnectorFailure, InDoubt, Ledger, LedgerDocument, Rejected, TaxLine, Transient
from sandbox.faults import Control, Faults
from sandbox.server import Serving, open_emulators
from tests.core.documents.letters import letter, line

CARD = {"default_payment_method": "pm_card_visa"}
TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    made: Any = open_emulators(("stripe",), tmp_path_factory.mktemp("stripe"), lambda: datetime.now(UTC), Control(), 7)
    serving = Serving(made["stripe"].app, 0)
    serving.start()
    made["stripe"].address = serving.address
    yield made["stripe"]
    serving.stop()
    made["stripe"].close()


@pytest.fixture
def faults(emulator: Any) -> Iterator[Faults]:
    found: Faults = emulator.faults
    found.reset()
    yield found
    found.reset()


@pytest.fixture
def open_ledger(emulator: Any, faults: Faults) -> Callable[[], Ledger]:
    """A new one each time: what the last one remembered is gone."""
    system = {"address": emulator.address, "credentials": emulator.credentials()}

    def build() -> Ledger:
        ledger = stripe.build(stripe.Config.from_sandbox(system)).ledger
        assert ledger is not None
        return ledger

    return build


def customer(emulator: Any, **facts: Any) -> str:
    return str(emulator.store.create("customer", name="Wisła", email="ap@wisla.example", **facts)["id"])


def document(key: str, **facts: Any) -> LedgerDocument:
    dates = {"issue_date": TODAY, "due_date": TODAY + timedelta(days=30)}
    return letter(**{"key": f"house_{key}", "number": f"DE-{key}", **dates, **facts})


def held(emulator: Any, key: str) -> list[dict[str, Any]]:
    rows = emulator.store.records.query("SELECT id FROM record WHERE kind = 'invoice'")
    found = (emulator.get("invoice", id) for (id,) in rows)
    return [doc for doc in found if doc["metadata"].get("house_key") == f"house_{key}"]


def test_an_invoice_is_made_under_our_number_with_our_amounts(emulator: Any, open_ledger: Callable[[], Ledger]) -> None:
    wanted = document("made", payer_ref=customer(emulator))
    posted = open_ledger().post(wanted)
    (invoice,) = held(emulator, "made")
    assert (invoice["number"], invoice["total"], invoice["status"]) == (wanted.number, wanted.total_minor, "open")
    assert (posted.external_id, posted.number, posted.total_minor) == (invoice["id"], wanted.number, wanted.total_minor)
    assert invoice["collection_method"] == "send_invoice"
    assert invoice["metadata"]["house_document"] == wanted.document_id
    assert invoice["metadata"]["contract_number"] == "CT-5001"
    (tax,) = invoice["total_taxes"]
    assert tax["amount"] == 41_040


def test_a_payment_method_on_file_is_charged(emulator: Any, open_ledger: Callable[[], Ledger]) -> None:
    open_ledger().post(document("card", payer_ref=customer(emulator, invoice_settings=CARD)))
    (invoice,) = held(emulator, "card")
    assert (invoice["collection_method"], invoice["status"]) == ("charge_automatically", "paid")


def test_a_card_that_is_declined_leaves_the_invoice_open_and_the_delivery_done(
    emulator: Any, open_ledger: Callable[[], Ledger]
) -> None:
    declined = {"default_payment_method": "pm_card_chargeCustomerFail"}
    posted = open_ledger().post(document("declined", payer_ref=customer(emulator, invoice_settings=declined)))
    (invoice,) = held(emulator, "declined")
    assert (invoice["status"], posted.external_id) == ("open", invoice["id"])


def test_a_customer_whom_stripe_does_not_know_is_made_once_with_the_crms_id(
    emulator: Any, open_ledger: Callable[[], Ledger]
) -> None:
    before = emulator.count("customer")
    for key in ("new1", "new2"):
        open_ledger().post(document(key, customer_ref="001New"))
    assert emulator.count("customer") == before + 1
    (first,), (second,) = held(emulator, "new1"), held(emulator, "new2")
    assert first["customer"] == second["customer"]
    assert emulator.get("customer", first["customer"])["metadata"]["sf_account_id"] == "001New"


def test_a_customer_that_stripe_has_lost_is_named(open_ledger: Callable[[], Ledger]) -> None:
    with pytest.raises(Rejected, match="does not have this customer") as raised:
        open_ledger().post(document("lost", payer_ref="cus_gone"))
    assert raised.value.code == "customer_unknown"


def test_posting_twice_makes_one_invoice_which_can_be_found(emulator: Any, open_ledger: Callable[[], Ledger]) -> None:
    wanted = document("twice", payer_ref=customer(emulator))
    first, second = open_ledger().post(wanted), open_ledger().post(wanted)
    assert first.external_id == second.external_id
    assert len(held(emulator, "twice")) == 1
    found = open_ledger().find(wanted.key, "invoice")
    assert found is not None and found.external_id == first.external_id
    assert open_ledger().find("house_never", "invoice") is None


def test_more_lines_than_stripe_takes_at_once_all_arrive(emulator: Any, open_ledger: Callable[[], Ledger]) -> None:
    lines = tuple(line(description=f"Position {n}", net_minor=1_000 + n, tax_minor=190) for n in range(230))
    wanted = document("many", payer_ref=customer(emulator), lines=lines)
    assert open_ledger().post(wanted).total_minor == wanted.total_minor


def test_a_draft_that_was_left_half_done_is_finished(emulator: Any, open_ledger: Callable[[], Ledger]) -> None:
    """The process died after the first lines were on the draft."""
    lines = tuple(line(description=f"Position {n}") for n in range(120))
    wanted = document("half", payer_ref=customer(emulator), lines=lines)
    ledger: Any = open_ledger()
    client = ledger._client
    form = stripe.ledger.invoice_form(wanted, wanted.payer_ref, False)
    draft = client.post("/v1/invoices", form, f"{wanted.key}:invoice:1")
    client.post(f"/v1/invoices/{draft['id']}/add_lines", {"lines": line_forms(wanted)[:100]}, f"{wanted.key}:lines:0")
    assert open_ledger().find(wanted.key, "invoice") is None, "a draft is not delivered"
    posted = open_ledger().post(wanted)
    assert (posted.external_id, posted.total_minor) == (draft["id"], wanted.total_minor)


def test_an_invoice_whose_total_differs_there_is_not_finalized(
    emulator: Any, open_ledger: Callable[[], Ledger]
) -> None:
    wanted = replace(document("differs", payer_ref=customer(emulator)), total_minor=1)
    with pytest.raises(Rejected, match=r"makes 2,570\.40 of invoice") as raised:
        open_ledger().post(wanted)
    assert raised.value.code == "total_differs"
    assert held(emulator, "differs")[0]["status"] == "draft"


def test_a_credit_memo_lowers_what_is_due_and_credits_the_rest(
    emulator: Any, open_ledger: Callable[[], Ledger]
) -> None:
    ledger = open_ledger()
    for key, facts in (("due", {}), ("paid", {"invoice_settings": CARD})):
        invoice = ledger.post(document(key, payer_ref=customer(emulator, **facts))).external_id
        memo = document(f"memo-{key}", kind="credit_memo", corrects_ref=invoice, total_minor=10_000)
        first, second = ledger.post(memo), open_ledger().post(memo)
        assert (first.total_minor, first.external_id) == (10_000, second.external_id)
        note = emulator.get("credit_note", first.external_id)
        assert note["metadata"]["house_document"] == memo.document_id
        assert (note["pre_payment_amount"], note["post_payment_amount"]) == (
            (10_000, 0) if key == "due" else (0, 10_000)
        )
        found = open_ledger().find(memo.key, "credit_memo")
        assert found is not None and found.external_id == first.external_id


def test_a_credit_memo_for_an_invoice_that_stripe_never_had_is_refused(open_ledger: Callable[[], Ledger]) -> None:
    with pytest.raises(Rejected) as raised:
        open_ledger().post(document("orphan", kind="credit_memo"))
    assert raised.value.code == "invoice_unknown"


def test_a_connection_cut_after_the_work_is_in_doubt(
    emulator: Any, open_ledger: Callable[[], Ledger], faults: Faults
) -> None:
    wanted = document("cut", payer_ref=customer(emulator))
    faults.commit_then_disconnect = 1.0
    with pytest.raises(InDoubt) as raised:
        open_ledger().post(wanted)
    assert raised.value.exchange["request"]["method"] == "POST"
    assert emulator.credentials()["api_key"] not in repr(raised.value.exchange)
    faults.reset()
    open_ledger().post(wanted)
    assert len(held(emulator, "cut")) == 1


@pytest.mark.parametrize("fault", [{"rate_429": 1.0}, {"outage": True}])
def test_when_stripe_is_away_nothing_is_made(
    emulator: Any, open_ledger: Callable[[], Ledger], faults: Faults, fault: dict[str, Any]
) -> None:
    key = f"away-{next(iter(fault))}"
    wanted = document(key, payer_ref=customer(emulator))
    faults.set(fault)
    with pytest.raises(Transient):
        open_ledger().post(wanted)
    assert held(emulator, key) == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 5), failed=st.integers(0, 4))
def test_whatever_breaks_on_the_way_there_is_one_invoice_in_the_end(
    emulator: Any, open_ledger: Callable[[], Ledger], faults: Faults, cut: int, failed: int
) -> None:
    key = f"storm-{new_id().hex}"
    wanted = document(key, payer_ref=customer(emulator, invoice_settings=CARD))
    faults.set({"commit_then_disconnect": cut / 10, "rate_500": failed / 10, "rate_429": 0.1})
    for _ in range(60):
        try:
            open_ledger().post(wanted)
            break
        except ConnectorFailure as problem:
            assert not isinstance(problem, Rejected), problem.sentence
    faults.reset()
    posted = open_ledger().post(wanted)
    (invoice,) = held(emulator, key)
    assert (posted.external_id, invoice["total"]) == (invoice["id"], wanted.total_minor)
    assert invoice["status"] in ("open", "paid")


def test_each_line_carries_its_period_product_and_reason() -> None:
    taxes = (TaxLine("PL", "VAT", Decimal(0), 216_000, 0, "reverse_charge"),)
    (form,) = line_forms(letter(lines=(line(tax_minor=0, tax_percent=Decimal(0)),), taxes=taxes))
    assert form["amount"] == 216_000
    assert form["description"] == "Halden Core seats (120 × 20.00)"
    assert form["metadata"] == {"product_code": "HC-CORE"}
    assert form["period"]["end"] - form["period"]["start"] == 30 * 86_400
    assert form["tax_amounts"][0]["taxability_reason"] == "reverse_charge"
