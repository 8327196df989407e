"""Stripe's objects become canonical records, and what does not fit is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from time import perf_counter

import pytest

from connectors.stripe.mapping import to_canonical
from core.canonical import CreditMemoRecord, CustomerRecord, DisputeRecord, InvoiceRecord, PaymentRecord, ProductRecord
from tests.connectors.payloads import (
    DAY,
    NOV_1,
    STRIPE_CREDIT_NOTE,
    STRIPE_CUSTOMER,
    STRIPE_DISPUTE,
    STRIPE_INVOICE,
    STRIPE_LINE,
    STRIPE_PAYMENT,
    changed,
    record,
)


def invoice(**fields: object) -> InvoiceRecord:
    (found,) = to_canonical(record("invoice", STRIPE_INVOICE, **fields))
    assert isinstance(found, InvoiceRecord)
    return found


def with_line(**fields: object) -> dict[str, object]:
    return {**STRIPE_INVOICE["lines"], "data": [changed(STRIPE_LINE, **fields)]}


def event(kind: str, obj: dict[str, object]) -> tuple[object, ...]:
    payload = {"id": "evt_1", "object": "event", "type": kind, "created": NOV_1 + DAY, "data": {"object": obj}}
    return to_canonical(record(f"event:{kind}", payload))


def test_an_invoice_keeps_its_amounts_dates_and_references() -> None:
    found = invoice()
    assert (found.source, found.source_ref, found.number, found.status) == ("stripe", "in_1", "HC-2026-000001", "open")
    assert (found.subtotal_minor, found.discount_minor, found.tax_minor, found.total_minor) == (
        120_000,
        12_000,
        21_600,
        129_600,
    )
    assert (found.issue_date, found.due_date) == (date(2026, 11, 1), date(2026, 12, 1))
    assert (found.contract_number, found.entity, found.po_number) == ("00010001", "UK", "PO-77")
    assert (found.currency, found.tax_id, found.bill_to_country) == ("GBP", "GB123456789", "GB")
    assert found.bill_to == "1 High Street, N1 9GU London, GB"


def test_a_line_states_its_price_in_major_units_and_its_amount_before_discount_and_tax() -> None:
    (line,) = invoice().lines
    assert (line.product_code, line.quantity, line.unit_price) == ("HC-CORE", Decimal(20), Decimal("60.00"))
    assert (line.amount_minor, line.discount_minor, line.tax_minor) == (120_000, 12_000, 21_600)
    assert (line.period_start, line.period_end) == (date(2026, 11, 1), date(2026, 12, 1))


def test_prices_below_a_cent_stay_exact() -> None:
    pricing = {**STRIPE_LINE["pricing"], "unit_amount_decimal": "0.0125"}
    (line,) = invoice(lines=with_line(pricing=pricing)).lines
    assert line.unit_price == Decimal("0.000125")


def test_a_currency_without_minor_units_is_not_divided_by_a_hundred() -> None:
    found = invoice(currency="jpy")
    assert found.lines[0].unit_price == Decimal(6000)
    assert found.total_minor == 129_600


def test_a_line_without_a_price_is_valued_by_its_amount() -> None:
    (line,) = invoice(lines=with_line(pricing=None, quantity=None)).lines
    assert (line.quantity, line.unit_price) == (Decimal(1), Decimal(1200))


def test_an_invoice_without_a_due_date_is_due_when_issued() -> None:
    assert invoice(due_date=None).due_date == date(2026, 11, 1)


def test_a_draft_has_no_number_of_its_own_and_is_dated_by_its_making() -> None:
    found = invoice(id="in_1A2B3C4D5E", status="draft", number=None, effective_at=None, customer_tax_ids=None)
    assert (found.number, found.status, found.issue_date, found.tax_id) == (
        "Draft 2B3C4D5E",
        "draft",
        date(2026, 11, 1),
        None,
    )


def test_an_instant_late_in_the_day_stays_on_that_day_in_utc() -> None:
    assert invoice(effective_at=NOV_1 + DAY - 1).issue_date == date(2026, 11, 1)


def test_missing_metadata_leaves_the_references_open() -> None:
    found = invoice(metadata={})
    assert (found.contract_number, found.entity, found.po_number) == (None, None, None)


def test_unknown_fields_change_nothing() -> None:
    assert invoice(sandbox_surprise={"deep": [1]}) == invoice()


@pytest.mark.parametrize(
    "name", ["id", "number", "status", "customer", "currency", "created", "due_date", "lines", "total", "metadata"]
)
def test_a_missing_field_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is missing"):
        to_canonical(record("invoice", STRIPE_INVOICE, **{name: ...}))


@pytest.mark.parametrize(("name", "value"), [("total", "129600"), ("total", 1.5), ("currency", 826), ("lines", [])])
def test_a_field_of_another_type_is_named(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"Stripe sent “invoice” in a form we do not know: {name}"):
        to_canonical(record("invoice", STRIPE_INVOICE, **{name: value}))


def test_a_field_deep_in_a_line_is_named_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"lines\.data\.0\.amount is missing"):
        invoice(lines=with_line(amount=...))


def test_a_status_nobody_knows_is_told() -> None:
    with pytest.raises(ValueError, match="status should be 'draft', 'open'"):
        invoice(status="escheated")


def test_a_currency_nobody_knows_is_told() -> None:
    with pytest.raises(ValueError, match="XXQ"):
        invoice(currency="xxq")


def test_lines_that_were_left_out_are_not_ignored() -> None:
    with pytest.raises(ValueError, match="without all of its lines"):
        invoice(lines={**STRIPE_INVOICE["lines"], "has_more": True})


def test_prices_that_include_tax_are_refused() -> None:
    taxes = [{"amount": 200, "tax_behavior": "inclusive"}]
    with pytest.raises(ValueError, match="include tax"):
        invoice(lines=with_line(taxes=taxes))


def test_a_customer_names_its_account_in_the_crm() -> None:
    (found,) = to_canonical(record("customer", STRIPE_CUSTOMER))
    assert isinstance(found, CustomerRecord)
    assert (found.crm_ref, found.number, found.entity, found.currency) == ("001A", "AC-1", "UK", "GBP")


def test_a_customer_without_a_name_is_called_by_its_email() -> None:
    (found,) = to_canonical(record("customer", STRIPE_CUSTOMER, name=None, address=None, metadata={}))
    assert isinstance(found, CustomerRecord)
    assert (found.name, found.crm_ref, found.address) == ("ap@amber.example", None, None)


def test_only_products_with_a_code_are_products_of_ours() -> None:
    product = {"id": "prod_1", "name": "Core", "metadata": {"product_code": "HC-CORE"}}
    assert to_canonical(record("product", product)) == (
        ProductRecord(source="stripe", source_ref="prod_1", code="HC-CORE", name="Core"),
    )
    assert to_canonical(record("product", product, metadata={})) == ()
    assert to_canonical(record("price", {"id": "price_1"})) == ()


@pytest.mark.parametrize(
    ("kind", "method"), [("payment_intent", "card"), ("payment_record", "bank"), ("voucher", "other")]
)
def test_a_payment_is_card_or_bank_by_what_stands_behind_it(kind: str, method: str) -> None:
    (found,) = to_canonical(record("invoice_payment", STRIPE_PAYMENT, payment={"type": kind}))
    assert isinstance(found, PaymentRecord)
    assert (found.method, found.amount_minor, found.invoice_ref) == (method, 129_600, "in_1")
    assert found.received_on == date(2026, 11, 4)


@pytest.mark.parametrize("status", ["open", "canceled"])
def test_an_attempt_to_pay_is_no_payment(status: str) -> None:
    assert to_canonical(record("invoice_payment", STRIPE_PAYMENT, status=status, amount_paid=None)) == ()


def test_a_credit_note_corrects_its_invoice() -> None:
    (found,) = to_canonical(record("credit_note", STRIPE_CREDIT_NOTE))
    assert isinstance(found, CreditMemoRecord)
    assert (found.invoice_ref, found.total_minor, found.tax_minor) == ("in_1", 6_000, 1_000)
    assert (found.status, found.reason, found.issue_date) == ("issued", "order_change", date(2026, 11, 1))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("needs_response", "open"),
        ("warning_under_review", "open"),
        ("lost", "upheld"),
        ("won", "rejected"),
        ("warning_closed", "withdrawn"),
    ],
)
def test_a_card_dispute_ends_as_the_card_holder_sees_it(status: str, state: str) -> None:
    (found,) = to_canonical(record("dispute", STRIPE_DISPUTE, status=status))
    assert isinstance(found, DisputeRecord)
    assert (found.kind, found.state, found.invoice_ref, found.payment_ref) == ("card", state, "in_9", "pi_1")
    assert found.due_at == datetime(2026, 12, 1, tzinfo=UTC)


def test_a_dispute_status_nobody_knows_is_told() -> None:
    with pytest.raises(ValueError, match="“pondering” is not a state"):
        to_canonical(record("dispute", STRIPE_DISPUTE, status="pondering"))


def test_an_event_brings_the_object_as_it_was_then() -> None:
    then = datetime(2026, 11, 2, tzinfo=UTC)
    paid = invoice(status="paid").model_copy(update={"told_at": then})
    assert event("invoice.paid", changed(STRIPE_INVOICE, status="paid")) == (paid,)
    assert len(event("invoice_payment.paid", STRIPE_PAYMENT)) == 1
    assert len(event("customer.updated", STRIPE_CUSTOMER)) == 1
    assert len(event("credit_note.created", STRIPE_CREDIT_NOTE)) == 1


def test_a_dispute_is_closed_when_its_event_happened() -> None:
    (found,) = event("charge.dispute.closed", changed(STRIPE_DISPUTE, status="won"))
    assert isinstance(found, DisputeRecord)
    assert found.closed_at == datetime(2026, 11, 2, tzinfo=UTC)


def test_a_deleted_draft_is_out_of_the_receivables() -> None:
    (found,) = event("invoice.deleted", changed(STRIPE_INVOICE, status="draft"))
    assert isinstance(found, InvoiceRecord)
    assert found.status == "deleted"


@pytest.mark.parametrize(
    "kind", ["payout.paid", "subscription_schedule.updated", "invoice.upcoming", "customer.deleted"]
)
def test_events_about_other_things_mean_nothing(kind: str) -> None:
    assert event(kind, {"id": "x"}) == ()


def test_a_kind_nobody_sends_is_told() -> None:
    with pytest.raises(ValueError, match="“mandate”"):
        to_canonical(record("mandate", {"id": "x"}))


def test_translating_an_invoice_of_three_lines_takes_microseconds() -> None:
    """Measured at about 45 microseconds; the bound is loose, because machines differ."""
    lines = {**STRIPE_INVOICE["lines"], "data": [STRIPE_LINE] * 3}
    raw = record("invoice", STRIPE_INVOICE, lines=lines)
    to_canonical(raw)
    best = min(_seconds(raw, 200) for _ in range(5))
    assert best < 300e-6


def _seconds(raw: object, times: int) -> float:
    start = perf_counter()
    for _ in range(times):
        to_canonical(raw)  # type: ignore[arg-type]
    return (perf_counter() - start) / times
