"""Payments, refunds, credit notes and disputes."""

from typing import Any

import pytest
import stripe


def paid(v1: Any, invoice: Any, card: str = "pm_card_visa") -> Any:
    return v1.invoices.pay(invoice.id, {"payment_method": card})


def test_paying_by_card_links_invoice_payment_intent_and_charge(v1: Any, make_invoice: Any) -> None:
    invoice = paid(v1, make_invoice())
    assert (invoice.status, invoice.amount_paid, invoice.amount_remaining) == ("paid", 11_900, 0)
    payment = v1.invoice_payments.list({"invoice": invoice.id, "status": "paid"}).data[0]
    intent = v1.payment_intents.retrieve(payment.payment.payment_intent, {"expand": ["latest_charge"]})
    assert intent.status == "succeeded" and intent.latest_charge.amount == 11_900
    found = v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": intent.id}})
    assert [p.invoice for p in found.data] == [invoice.id]
    row = v1.balance_transactions.retrieve(intent.latest_charge.balance_transaction)
    assert (row.amount, row.fee, row.net, row.reporting_category) == (11_900, 375, 11_525, "charge")


def test_a_declined_card_leaves_the_invoice_open_and_a_trace(v1: Any, make_invoice: Any) -> None:
    invoice = make_invoice()
    with pytest.raises(stripe.CardError) as refused:
        paid(v1, invoice, "pm_card_chargeCustomerFail")
    assert (refused.value.code, refused.value.http_status) == ("card_declined", 402)
    invoice = v1.invoices.retrieve(invoice.id)
    assert (invoice.status, invoice.attempt_count) == ("open", 1)
    assert [c.status for c in v1.charges.list().data] == ["failed"]
    assert "invoice.payment_failed" in {e.type for e in v1.events.list({"limit": 100}).data}
    assert paid(v1, invoice).status == "paid"


def test_paying_out_of_band_makes_no_charge(v1: Any, make_invoice: Any) -> None:
    invoice = v1.invoices.pay(make_invoice().id, {"paid_out_of_band": True})
    assert (invoice.status, invoice.amount_paid, invoice.amount_paid_off_stripe) == ("paid", 11_900, 11_900)
    assert v1.charges.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        v1.invoices.pay(invoice.id, {"paid_out_of_band": True})


def test_bank_transfers_pay_in_parts_and_too_much(v1: Any, make_invoice: Any, customer: Any) -> None:
    invoice = make_invoice()

    def transfer(amount: int) -> Any:
        record = v1.payment_records.report_payment(
            {
                "amount_requested": {"currency": "eur", "value": amount},
                "initiated_at": 1_790_000_000,
                "payment_method_details": {"type": "custom", "custom": {"display_name": "Bank transfer"}},
                "outcome": "guaranteed",
                "guaranteed": {"guaranteed_at": 1_790_000_000},
            }
        )
        return v1.invoices.attach_payment(invoice.id, {"payment_record": record.id})

    first = transfer(5_000)
    assert (first.status, first.amount_paid, first.amount_remaining) == ("open", 5_000, 6_900)
    last = transfer(7_000)
    assert (last.status, last.amount_remaining, last.amount_overpaid) == ("paid", 0, 100)
    assert v1.customers.retrieve(customer.id).balance == -100
    assert sorted(p.amount_paid for p in v1.invoice_payments.list({"invoice": last.id, "status": "paid"}).data) == [
        5_000,
        7_000,
    ]


def test_refunds_add_up_to_the_charge_and_no_further(v1: Any, make_invoice: Any) -> None:
    paid(v1, make_invoice())
    charge = v1.charges.list().data[0]
    v1.refunds.create({"payment_intent": charge.payment_intent, "amount": 1_900, "reason": "requested_by_customer"})
    assert v1.charges.retrieve(charge.id).amount_refunded == 1_900
    v1.refunds.create({"charge": charge.id})
    assert v1.charges.retrieve(charge.id).refunded
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.refunds.create({"charge": charge.id})
    assert refused.value.code == "charge_already_refunded"
    assert [r.amount for r in v1.refunds.list({"charge": charge.id}).data] == [10_000, 1_900]


def test_a_credit_note_before_payment_lowers_what_is_due(v1: Any, make_invoice: Any) -> None:
    invoice = make_invoice()
    line = invoice.lines.data[0]
    credited = {"type": "invoice_line_item", "invoice_line_item": line.id, "amount": 2_500}
    note = v1.credit_notes.create({"invoice": invoice.id, "lines": [credited], "reason": "order_change"})
    assert (note.total, note.pre_payment_amount, note.type) == (2_975, 2_975, "pre_payment")
    assert note.total_taxes[0].amount == 475 and note.number == f"{invoice.number}-CN-01"
    assert v1.invoices.retrieve(invoice.id).amount_remaining == 8_925
    assert [n.id for n in v1.credit_notes.list({"invoice": invoice.id}).data] == [note.id]
    assert v1.credit_notes.line_items.list(note.id).data[0].invoice_line_item == line.id
    assert v1.credit_notes.void_credit_note(note.id).status == "void"
    assert v1.invoices.retrieve(invoice.id).amount_remaining == 11_900


def test_crediting_all_of_an_open_invoice_settles_it(v1: Any, make_invoice: Any) -> None:
    invoice = make_invoice()
    v1.credit_notes.create({"invoice": invoice.id, "amount": 11_900})
    assert v1.invoices.retrieve(invoice.id).status == "paid"


def test_after_payment_the_parts_must_add_up(v1: Any, make_invoice: Any, customer: Any) -> None:
    invoice = paid(v1, make_invoice())
    note = {"invoice": invoice.id, "amount": 3_000, "reason": "product_unsatisfactory"}
    with pytest.raises(stripe.InvalidRequestError):
        v1.credit_notes.create({**note, "refund_amount": 2_000})
    made = v1.credit_notes.create({**note, "refund_amount": 2_000, "credit_amount": 1_000})
    assert (made.type, made.post_payment_amount, made.refunds[0].amount_refunded) == ("post_payment", 3_000, 2_000)
    assert v1.customers.retrieve(customer.id).balance == -1_000
    assert v1.refunds.list().data[0].amount == 2_000
    with pytest.raises(stripe.InvalidRequestError):
        v1.credit_notes.create({**note, "amount": 9_000, "credit_amount": 9_000})


def test_a_dispute_is_answered_and_another_given_up(v1: Any, make_invoice: Any) -> None:
    for _ in range(2):
        paid(v1, make_invoice(), "pm_card_createDispute")
    second, first = v1.disputes.list().data
    assert first.status == "needs_response" and first.evidence_details.due_by > first.created
    saved = v1.disputes.update(first.id, {"evidence": {"product_description": "Seats"}, "submit": False})
    assert saved.status == "needs_response" and saved.evidence_details.has_evidence
    assert v1.disputes.update(first.id, {"evidence": {"customer_name": "A"}, "submit": True}).status == "under_review"
    assert v1.disputes.close(second.id).status == "lost"
    assert v1.disputes.list({"charge": first.charge}).data[0].id == first.id
    assert "charge.dispute.closed" in {e.type for e in v1.events.list({"limit": 100}).data}


def test_payment_intents_live_without_an_invoice(v1: Any, customer: Any) -> None:
    intent = v1.payment_intents.create({"amount": 500, "currency": "eur", "customer": customer.id})
    assert intent.status == "requires_payment_method"
    assert v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status == "succeeded"
    other = v1.payment_intents.create({"amount": 500, "currency": "eur"})
    assert v1.payment_intents.cancel(other.id).status == "canceled"


def test_the_rows_of_a_payout_are_found(emulator: Any, v1: Any, make_invoice: Any) -> None:
    paid(v1, make_invoice())
    row = v1.balance_transactions.list({"type": "charge"}).data[0]
    doc = emulator.get("balance_transaction", row.id)
    emulator.load("balance_transaction", [{**doc, "_payout": "po_1"}])
    assert [t.id for t in v1.balance_transactions.list({"payout": "po_1"}).data] == [row.id]
    assert v1.balance_transactions.list({"payout": "po_2"}).data == []
