"""What a customer reads on the PDF."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from io import BytesIO

import pypdf
import pytest

from core.documents.paper import file_name, render_invoice
from core.ports import LedgerDocument, Party, TaxLine
from tests.core.documents.letters import BUYER, letter, line

REVERSE = (TaxLine("PL", "No tax", Decimal(0), 216_000, 0, "reverse_charge"),)


def pages(document: LedgerDocument) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(BytesIO(render_invoice(document))).pages]


def said(document: LedgerDocument) -> str:
    return " ".join("\n".join(pages(document)).split())


def test_it_says_who_writes_whom_what_for_and_how_to_pay() -> None:
    text = said(letter())
    for told in (
        "Invoice number DE-2026-000123",
        "Halden GmbH",
        "Speicherstraße 12",
        "Tax id DE811234565",
        "Łódzka Żegluga „Wisła” sp. z o.o.",
        "90-926 Łódź",
        "Tax id PL5260250995",
        "Issued 2 Nov 2026",
        "Due 2 Dec 2026",
        "Payment terms 30 days net",
        "Purchase order PO-4711",
        "Contract CT-5001",
        "Service period 1 Nov 2026 – 30 Nov 2026",
        "120 × 20.00 × 1 month, less 10 %",
        "state the reference DE-2026-000123",
        "IBAN DE89 3704 0044 0532 0130 00",
    ):
        assert told in text


def test_lines_discounts_taxes_and_total_add_up_on_paper() -> None:
    text = said(letter())
    for told in ("Subtotal 2,400.00", "Discounts −240.00", "Net amount 2,160.00", "Total due EUR 2,570.40"):
        assert told in text
    assert "VAT 19 % (DE) on 2,160.00 410.40" in text


def test_each_tax_has_its_own_line_with_its_jurisdiction() -> None:
    taxes = (
        TaxLine("US-NY", "Sales tax", Decimal(4), 216_000, 8_640, "standard"),
        TaxLine("New York City", "Sales tax", Decimal("4.875"), 216_000, 10_530, "standard"),
    )
    text = said(letter(taxes=taxes, currency="USD", total_minor=235_170))
    assert "Sales tax 4 % (US-NY) on 2,160.00 86.40" in text
    assert "Sales tax 4.875 % (New York City) on 2,160.00 105.30" in text


def test_reverse_charge_names_the_rule_and_both_ids() -> None:
    text = said(letter(lines=(line(tax_minor=0, tax_percent=Decimal(0)),), taxes=REVERSE))
    assert "VAT reverse charge: the customer accounts for the tax" in text
    assert "Article 196" in text
    assert "supplier DE811234565 · customer PL5260250995" in text


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("exempt", "Exempt from tax"),
        ("export", "Export: no tax is charged"),
        ("no_nexus", "No tax is due in US-OR"),
        ("not_taxable", "Not subject to tax in US-OR"),
    ],
)
def test_why_there_is_no_tax_is_said(reason: str, told: str) -> None:
    taxes = (TaxLine("US-OR", "No tax", Decimal(0), 216_000, 0, reason),)
    assert told in said(letter(lines=(line(tax_minor=0),), taxes=taxes))


def test_a_credit_memo_names_the_invoice_and_asks_for_nothing() -> None:
    text = said(letter(kind="credit_memo", number="DE-CM-2026-000004", corrects_number="DE-2026-000100"))
    assert text.startswith("Credit memo")
    assert "Corrects invoice DE-2026-000100" in text
    assert "Total credit EUR 2,570.40" in text
    assert "Nothing is to be paid" in text
    assert "IBAN" not in text


def test_who_pays_by_card_is_not_asked_to_transfer() -> None:
    text = said(letter(pays_by="card"))
    assert "collected from your payment method on file" in text
    assert "IBAN" not in text


@pytest.mark.parametrize(
    ("currency", "total", "price"),
    [("JPY", "JPY 257,040", "20 "), ("KWD", "KWD 257.040", "20.000"), ("EUR", "EUR 2,570.40", "20.00")],
)
def test_each_currency_has_its_own_digits(currency: str, total: str, price: str) -> None:
    text = said(letter(currency=currency))
    assert total in text
    assert price in text


def test_small_unit_prices_keep_their_digits() -> None:
    text = said(letter(lines=(line(unit_price=Decimal("0.00042"), quantity=Decimal("1234567.5")),)))
    assert "1,234,567.5" in text
    assert "0.00042" in text


def test_many_lines_fill_pages_that_are_counted_and_headed() -> None:
    found = pages(letter(lines=tuple(line(description=f"Position {n}") for n in range(80))))
    assert len(found) > 2
    for number, text in enumerate(found, start=1):
        assert f"Page {number} of {len(found)}" in text
        assert "Halden GmbH · Invoice DE-2026-000123" in text
    assert all("Unit price" in text for text in found[:-1])
    told = re.findall(r"Position (\d+)", " ".join(found))
    assert told == [str(n) for n in range(80)], "every line once and in order"


def test_names_of_any_length_and_with_markup_are_printed_as_they_are() -> None:
    name = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" * 3 + " <b>& Söhne</b>"
    text = said(letter(buyer=Party(name, ("<script>",)), lines=(line(description="A & B <i>c</i>"),)))
    assert "<b>& Söhne</b>" in text
    assert "<script>" in text
    assert "A & B <i>c</i>" in text
    assert name.split()[0] in text.replace(" ", "")


def test_the_same_document_is_the_same_bytes_whenever_it_is_made() -> None:
    assert render_invoice(letter()) == render_invoice(letter())
    assert render_invoice(letter()) != render_invoice(letter(number="DE-2026-000124"))


def test_a_document_of_which_little_is_known_is_printed_all_the_same() -> None:
    bare = letter(seller=None, buyer=None, taxes=(), po_number=None, contract_number=None, payment_instructions=None)
    assert "Total due EUR 2,570.40" in said(bare)
    assert "Tax 410.40" in said(bare)


def test_characters_that_the_font_lacks_do_not_spoil_the_page() -> None:
    text = said(letter(buyer=Party("株式会社ハルデン \x00\u200b Ltd", BUYER.address), due_date=date(2027, 1, 1)))
    assert "Due 1 Jan 2027" in text
    assert "Ltd" in text


def test_the_file_has_a_name_that_every_system_takes() -> None:
    assert file_name(letter()) == "Invoice-DE-2026-000123.pdf"
    assert file_name(letter(kind="credit_memo", number="DE/CM 4")) == "Credit-memo-DE-CM-4.pdf"
