"""Salesforce's rows become canonical records, and what does not fit is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors.salesforce.mapping import to_canonical
from core.canonical import ContractRecord, CustomerRecord, DisputeRecord, OrderLineRecord
from tests.connectors.payloads import ACCOUNT, CASE, CONTRACT, ORDER_ITEM, record

PRODUCT = {"Id": "01tA", "IsDeleted": False, "Name": "Core", "ProductCode": "HC-CORE"}


def test_an_account_is_the_customer_itself() -> None:
    (found,) = to_canonical(record("Account", ACCOUNT))
    assert isinstance(found, CustomerRecord)
    assert (found.source_ref, found.crm_ref, found.number) == ("001A", "001A", "AC-1")
    assert (found.entity, found.segment, found.terms_days, found.owner) == ("UK", "Enterprise", 30, "Owen Pritchard")
    assert (found.is_po_required, found.is_on_hold, found.tax_id) == (True, False, "GB123456789")
    assert found.address == "1 High Street Floor 2, N1 9GU London, GB"


def test_an_account_without_an_owner_or_terms_is_fine() -> None:
    (found,) = to_canonical(record("Account", ACCOUNT, Owner=None, Payment_Terms_Days__c=None))
    assert isinstance(found, CustomerRecord)
    assert (found.owner, found.terms_days) == (None, None)


def test_terms_of_half_a_day_are_told() -> None:
    with pytest.raises(ValueError, match="Payment_Terms_Days__c should be a whole number"):
        to_canonical(record("Account", ACCOUNT, Payment_Terms_Days__c="30.5"))


def test_a_contract_keeps_its_terms_exactly() -> None:
    (found,) = to_canonical(record("Contract", CONTRACT))
    assert isinstance(found, ContractRecord)
    assert (found.number, found.customer_ref, found.status) == ("00010001", "001A", "active")
    assert (found.starts_on, found.ends_on) == (date(2026, 11, 1), date(2027, 10, 31))
    assert (found.discount_percent, found.discount_ends_on) == (Decimal("12.5"), date(2027, 4, 30))
    assert (found.billing_frequency, found.terms_days, found.po_number) == ("quarterly", 30, "PO-77")


@pytest.mark.parametrize(
    ("status", "expected"),
    [("Draft", "draft"), ("In Approval Process", "draft"), ("Activated", "active"), ("Expired", "expired")],
)
def test_contract_states_are_ours(status: str, expected: str) -> None:
    (found,) = to_canonical(record("Contract", CONTRACT, Status=status))
    assert isinstance(found, ContractRecord)
    assert found.status == expected


def test_a_draft_without_a_start_agrees_nothing_yet() -> None:
    assert to_canonical(record("Contract", CONTRACT, Status="Draft", StartDate=None)) == ()


def test_a_contract_in_force_without_a_start_is_told() -> None:
    with pytest.raises(ValueError, match="has no start date"):
        to_canonical(record("Contract", CONTRACT, StartDate=None))


def test_an_amendment_may_take_seats_away() -> None:
    (found,) = to_canonical(record("OrderItem", ORDER_ITEM))
    assert isinstance(found, OrderLineRecord)
    assert (found.contract_ref, found.product_code) == ("800A", "HC-CORE")
    assert (found.quantity, found.unit_price) == (Decimal(-5), Decimal("24.17"))
    assert (found.starts_on, found.ends_on) == (date(2026, 12, 1), None)


def test_an_order_outside_any_contract_means_nothing() -> None:
    assert to_canonical(record("OrderItem", ORDER_ITEM, Order={"ContractId": None})) == ()


def test_deleted_rows_take_their_promise_back() -> None:
    (line,) = to_canonical(record("OrderItem", ORDER_ITEM, IsDeleted=True))
    (contract,) = to_canonical(record("Contract", CONTRACT, IsDeleted=True))
    (dispute,) = to_canonical(record("Case", CASE, IsDeleted=True))
    assert isinstance(line, OrderLineRecord) and line.quantity == 0
    assert isinstance(contract, ContractRecord) and contract.status == "expired"
    assert isinstance(dispute, DisputeRecord) and dispute.state == "withdrawn"
    assert to_canonical(record("Account", ACCOUNT, IsDeleted=True)) == ()


def test_a_case_about_an_invoice_is_a_dispute() -> None:
    (found,) = to_canonical(record("Case", CASE))
    assert isinstance(found, DisputeRecord)
    assert (found.kind, found.number, found.invoice_number) == ("customer", "00020001", "HC-2026-000001")
    assert (found.customer_ref, found.reason, found.state) == ("001A", "Price", "open")
    assert found.sentence == "We were promised 10 percent off."
    assert found.opened_at == datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "state"),
    [("Closed", "withdrawn"), ("Closed - upheld", "upheld"), ("Closed: Rejected", "rejected"), ("Credited", "upheld")],
)
def test_a_closed_case_ends_as_its_status_says(status: str, state: str) -> None:
    closed = {"Status": status, "IsClosed": True, "ClosedDate": "2026-11-05T09:00:00.000+0000"}
    (found,) = to_canonical(record("Case", CASE, **closed))
    assert isinstance(found, DisputeRecord)
    assert (found.state, found.closed_at) == (state, datetime(2026, 11, 5, 9, tzinfo=UTC))


def test_other_cases_mean_nothing() -> None:
    assert to_canonical(record("Case", CASE, Type="Question")) == ()
    assert to_canonical(record("Case", CASE, Type="Rechnung"), "Rechnung") != ()


def test_products_need_a_code() -> None:
    assert len(to_canonical(record("Product2", PRODUCT))) == 1
    assert to_canonical(record("Product2", PRODUCT, ProductCode=None)) == ()


def test_unknown_fields_change_nothing() -> None:
    assert to_canonical(record("Contract", CONTRACT, Surprise__c=1)) == to_canonical(record("Contract", CONTRACT))


@pytest.mark.parametrize(
    ("kind", "doc", "name"),
    [
        ("Account", ACCOUNT, "PO_Required__c"),
        ("Account", ACCOUNT, "Owner"),
        ("Contract", CONTRACT, "Discount_Percent__c"),
        ("OrderItem", ORDER_ITEM, "UnitPrice"),
        ("Case", CASE, "Type"),
    ],
)
def test_a_missing_field_is_named(kind: str, doc: dict[str, object], name: str) -> None:
    with pytest.raises(ValueError, match=f"Salesforce sent “{kind}” .*{name} is missing"):
        to_canonical(record(kind, doc, **{name: ...}))


@pytest.mark.parametrize(
    ("kind", "doc", "name", "value"),
    [
        ("Account", ACCOUNT, "PO_Required__c", "true"),
        ("Contract", CONTRACT, "StartDate", "soon"),
        ("OrderItem", ORDER_ITEM, "Quantity", "many"),
        ("Contract", CONTRACT, "Status", "Suspended"),
    ],
)
def test_a_field_of_another_type_is_named(kind: str, doc: dict[str, object], name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        to_canonical(record(kind, doc, **{name: value}))


def test_a_kind_nobody_sends_is_told() -> None:
    with pytest.raises(ValueError, match="“Lead”"):
        to_canonical(record("Lead", {"Id": "x"}))
