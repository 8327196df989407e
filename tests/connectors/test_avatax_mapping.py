"""Our questions as AvaTax's transactions and back, without a network."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.avatax.config import Config
from connectors.avatax.mapping import answer, code_of, transaction
from connectors.avatax.shapes import Transaction
from core.ports import Place, Rejected, TaxableLine, TaxQuestion

CONFIG = Config(
    address="https://rest.avatax.example",
    account_id=SecretStr("1"),
    license_key=SecretStr("key"),
    company_code="HALDEN",
    tax_codes={"HC-STORAGE": "SW056003"},
    _env_file=None,
)
TODAY = date(2026, 12, 1)


def question(**changes: Any) -> TaxQuestion:
    asked: dict[str, Any] = {
        "key": "house_CT-1-20261101",
        "kind": "invoice",
        "entity": "US",
        "customer_ref": "17",
        "currency": "USD",
        "tax_date": date(2026, 11, 2),
        "seller": Place("US", "CO"),
        "buyer": Place("US", "TX", "78701"),
        "lines": (TaxableLine("1", "HC-STORAGE", 3_333, "Storage"),),
    }
    return TaxQuestion(**{**asked, **changes})


def said(tax: str = "2.20", total: str = "2.20", detail: str = "2.20") -> Transaction:
    part = {"country": "US", "region": "TX", "jurisType": "STA", "jurisName": "TEXAS", "rate": Decimal("0.0825")}
    details = [part | {"taxableAmount": Decimal("26.66"), "tax": Decimal(detail), "taxName": "TX STATE TAX"}]
    line = {"lineNumber": "1", "lineAmount": Decimal("33.33"), "tax": Decimal(tax), "details": details}
    head = {"id": 1, "code": "x", "date": "2026-11-02", "status": "Saved", "type": "SalesInvoice"}
    sums = {"currencyCode": "USD", "totalAmount": Decimal("33.33"), "totalTax": Decimal(total)}
    return Transaction.model_validate(head | sums | {"lines": [line]})


def test_an_invoice_is_recorded_uncommitted_under_its_key_in_major_units() -> None:
    body = transaction(question(), CONFIG, TODAY)
    assert (body["type"], body["code"], body["date"]) == ("SalesInvoice", "house_CT-1-20261101", "2026-11-02")
    assert body["commit"] is False
    assert (body["lines"][0]["amount"], body["lines"][0]["taxCode"]) == (Decimal("33.33"), "SW056003")


def test_a_credit_memo_is_negative_there_and_dated_back_for_its_tax() -> None:
    body = transaction(question(kind="credit_memo"), CONFIG, TODAY)
    assert (body["type"], body["date"], body["lines"][0]["amount"]) == (
        "ReturnInvoice",
        "2026-12-01",
        Decimal("-33.33"),
    )
    assert (body["taxOverride"]["type"], body["taxOverride"]["taxDate"]) == ("TaxDate", "2026-11-02")


def test_a_currency_without_cents_is_not_divided_by_a_hundred() -> None:
    body = transaction(question(currency="JPY"), CONFIG, TODAY)
    assert body["lines"][0]["amount"] == Decimal(3333)


@pytest.mark.parametrize("key", ["house_CT/1 #2", "house_" + "9" * 60])
def test_a_code_needs_no_escaping_is_short_and_stays_the_same(key: str) -> None:
    code = code_of(key)
    assert len(code) <= 50 and code.replace("-", "").replace("_", "").isalnum()
    assert code == code_of(key) == code_of(f"{key}.void")
    assert code != code_of(f"{key}0")


def test_an_answer_is_taken_to_the_cent() -> None:
    (tax,) = answer(said(), question()).taxes
    assert (tax.jurisdiction, tax.percent, tax.taxable_minor, tax.tax_minor) == ("US-TX", Decimal("8.25"), 2_666, 220)


@pytest.mark.parametrize("wrong", [{"total": "2.21"}, {"detail": "2.19"}], ids=["total", "parts of a line"])
def test_sums_that_do_not_agree_get_onto_no_invoice(wrong: dict[str, str]) -> None:
    with pytest.raises(Rejected) as raised:
        answer(said(**wrong), question())
    assert raised.value.code == "sums_differ"


def test_an_answer_about_other_lines_is_refused() -> None:
    with pytest.raises(Rejected, match="other lines"):
        answer(said(), question(lines=(TaxableLine("2", "HC-CORE", 3_333),)))
