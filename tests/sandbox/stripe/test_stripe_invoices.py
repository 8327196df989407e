"""The life of an invoice."""

from typing import Any

import httpx
import pytest
import stripe


def test_a_draft_becomes_open_with_number_tax_and_due_date(v1: Any, make_invoice: Any) -> None:
    draft = make_invoice(finalized=False)
    assert (draft.status, draft.number, draft.total) == ("draft", None, 11_900)
    invoice = v1.invoices.finalize_invoice(draft.id)
    assert (invoice.status, invoice.subtotal, invoice.total, invoice.amount_remaining) == (
        "open",
        10_000,
        11_900,
        11_900,
    )
    assert invoice.number.endswith("-0001") and invoice.customer_name == "Arbor GmbH"
    assert invoice.due_date - invoice.status_transitions.finalized_at == 30 * 86_400
    assert invoice.total_taxes[0].amount == 1_900 and invoice.total_taxes[0].taxable_amount == 10_000


def test_a_line_takes_price_quantity_discount_and_tax(v1: Any, customer: Any) -> None:
    product = v1.products.create({"name": "HC-CORE", "metadata": {"product_code": "HC-CORE"}})
    price = v1.prices.create({"product": product.id, "currency": "eur", "unit_amount_decimal": "1250.5"})
    rate = v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False})
    coupon = v1.coupons.create({"percent_off": 10, "duration": "once"})
    draft = v1.invoices.create({"customer": customer.id, "currency": "eur"})
    v1.invoice_items.create(
        {
            "customer": customer.id,
            "invoice": draft.id,
            "pricing": {"price": price.id},
            "quantity": 3,
            "tax_rates": [rate.id],
            "discounts": [{"coupon": coupon.id}],
            "metadata": {"product_code": "HC-CORE"},
        }
    )
    invoice = v1.invoices.retrieve(draft.id)
    line = invoice.lines.data[0]
    assert (line.amount, line.quantity, line.description) == (3_752, 3, "HC-CORE")
    assert line.pricing.price_details.price == price.id and str(line.pricing.unit_amount_decimal) == "1250.5"
    assert (line.discount_amounts[0].amount, line.taxes[0].amount) == (375, 675)
    assert invoice.total == 3_752 - 375 + 675 and invoice.total_excluding_tax == 3_377


def test_many_lines_are_paged_after_ten(v1: Any, customer: Any) -> None:
    draft = v1.invoices.create({"customer": customer.id, "currency": "usd"})
    lines = [{"amount": 100 + n, "description": f"line {n}"} for n in range(13)]
    invoice = v1.invoices.add_lines(draft.id, {"lines": lines})
    assert len(invoice.lines.data) == 10 and invoice.lines.has_more and invoice.total == sum(100 + n for n in range(13))
    walked = list(v1.invoices.line_items.list(draft.id, {"limit": 5}).auto_paging_iter())
    assert [line.description for line in walked] == [f"line {n}" for n in range(13)]


def test_pending_items_go_onto_the_next_invoice_that_includes_them(v1: Any, customer: Any) -> None:
    v1.invoice_items.create({"customer": customer.id, "amount": 700, "currency": "eur", "description": "setup"})
    terms = {"customer": customer.id, "currency": "eur"}
    assert v1.invoices.create({**terms, "pending_invoice_items_behavior": "exclude"}).total == 0
    assert v1.invoices.create({**terms, "pending_invoice_items_behavior": "include"}).total == 700
    assert v1.invoices.create({**terms, "pending_invoice_items_behavior": "include"}).total == 0


def test_a_finalized_invoice_cannot_be_edited(v1: Any, make_invoice: Any, customer: Any) -> None:
    invoice = make_invoice()
    for act in (
        lambda: v1.invoices.finalize_invoice(invoice.id),
        lambda: v1.invoice_items.create(
            {"customer": customer.id, "invoice": invoice.id, "amount": 5, "currency": "eur"}
        ),
        lambda: v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 5}]}),
        lambda: v1.invoices.update(invoice.id, {"days_until_due": 5}),
        lambda: v1.invoices.delete(invoice.id),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            act()
        assert refused.value.code == "invoice_not_editable"
    assert v1.invoices.update(invoice.id, {"metadata": {"case": "7"}}).metadata["case"] == "7"


def test_drafts_are_deleted_and_open_ones_are_voided(v1: Any, make_invoice: Any) -> None:
    draft = make_invoice(finalized=False)
    assert v1.invoices.delete(draft.id).deleted
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.invoices.retrieve(draft.id)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    voided = v1.invoices.void_invoice(make_invoice().id)
    assert voided.status == "void" and voided.status_transitions.voided_at and voided.amount_remaining == 0
    assert v1.invoice_payments.list({"invoice": voided.id}).data[0].status == "canceled"


def test_an_invoice_is_sent_and_given_up(v1: Any, make_invoice: Any) -> None:
    invoice = v1.invoices.send_invoice(make_invoice(finalized=False).id)
    assert invoice.status == "open"
    assert v1.invoices.mark_uncollectible(invoice.id).status == "uncollectible"
    types = {e.type for e in v1.events.list({"limit": 100}).data}
    assert {"invoice.sent", "invoice.marked_uncollectible"} <= types


def test_customer_credit_is_used_at_finalisation(v1: Any, make_invoice: Any, customer: Any) -> None:
    v1.customers.update(customer.id, {"balance": -1_900})
    invoice = make_invoice()
    assert (invoice.total, invoice.starting_balance, invoice.ending_balance) == (11_900, -1_900, 0)
    assert invoice.amount_due == 10_000 and v1.customers.retrieve(customer.id).balance == 0


def test_nothing_due_means_paid(v1: Any, make_invoice: Any, customer: Any) -> None:
    v1.customers.update(customer.id, {"balance": -20_000})
    assert make_invoice().status == "paid"
    assert v1.customers.retrieve(customer.id).balance == -8_100


def test_an_update_tells_what_changed_and_who_asked(v1: Any, customer: Any) -> None:
    changes = {"name": "Arbor SE", "address": {"country": "FR"}, "metadata": {"a": "1"}}
    v1.customers.update(customer.id, changes, {"idempotency_key": "mine"})
    event = v1.events.list({"type": "customer.updated"}).data[0]
    before = event.data.previous_attributes
    assert before["name"] == "Arbor GmbH" and before["address"]["country"] == "DE" and before["metadata"]["a"] is None
    assert event.request.idempotency_key == "mine" and event.request.id.startswith("req_")
    assert event.data.object.name == "Arbor SE"


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ({"customer": "c", "shoe_size": "9"}, "parameter_unknown", "shoe_size"),
        ({"customer": "c", "automatic_tax[wrong]": "1"}, "parameter_unknown", "automatic_tax[wrong]"),
        ({"customer": "c", "days_until_due": "soon"}, "parameter_invalid_integer", "days_until_due"),
        ({"customer": "c", "auto_advance": "maybe"}, "parameter_invalid_boolean", "auto_advance"),
        ({"customer": "c", "collection_method": "post"}, None, "collection_method"),
        ({"customer": "c", "automatic_tax[liability][account]": "1"}, "parameter_missing", "automatic_tax[enabled]"),
        ({}, "parameter_missing", "customer"),
        ({"customer": "cus_none"}, "resource_missing", "customer"),
    ],
)
def test_wrong_parameters_are_named(raw: httpx.Client, form: dict[str, str], code: str | None, param: str) -> None:
    answer = raw.post("/v1/invoices", data=form)
    error = answer.json()["error"]
    assert answer.status_code == 400 and error["type"] == "invalid_request_error"
    assert (error.get("code"), error["param"]) == (code, param)


def test_keys_and_addresses_are_checked(raw: httpx.Client) -> None:
    assert raw.get("/v1/customers", headers={"Authorization": "Bearer sk_test_wrong"}).status_code == 401
    assert raw.get("/v1/customers", headers={"Authorization": ""}).status_code == 401
    assert raw.get("/v1/unicorns").status_code == 404


def test_deleted_customers_are_gone(v1: Any, customer: Any) -> None:
    assert v1.customers.delete(customer.id).deleted
    with pytest.raises(stripe.InvalidRequestError):
        v1.invoices.create({"customer": customer.id})
    assert v1.customers.list().data == []
