from __future__ import annotations

from datetime import date

import pytest

from core.intake.ledger_columns import format_of, format_words, guess_mapping
from core.intake.ledger_file import BadRow, ParsedLedger, Reading, parse_ledger
from core.intake.ledger_report import report_csv, safe_cell
from core.intake.ledger_sheet import read_sheet, suggested_formats
from core.kit.errors import Refused

HEADER = (
    "customer_number,customer_name,invoice_number,invoice_date,due_date,amount,"
    "currency,settled_date,paid_amount,disputed"
)
ROW = "C1,Nordlicht,I1,2026-01-01,2026-01-31,100.00,EUR,,,"


def parsed(*rows: str, header: str = HEADER, reading: Reading | None = None) -> ParsedLedger:
    return parse_ledger(read_sheet("\n".join([header, *rows]).encode()), reading or Reading("USD"))


def sentences(*rows: str) -> list[tuple[int, str, str]]:
    return [(bad.row, bad.column, bad.sentence) for bad in parsed(*rows).bad_rows]


def test_an_open_row_is_an_open_invoice_of_its_customer() -> None:
    found = parsed(ROW)
    assert found.is_clean
    invoice = found.invoices[0]
    assert (invoice.number, invoice.status, invoice.total_minor, invoice.currency) == ("I1", "open", 10_000, "EUR")
    assert [(c.number, c.name) for c in found.customers] == [("C1", "Nordlicht")]
    assert found.payments == ()


def test_a_settled_row_was_paid_in_full_on_that_day() -> None:
    found = parsed(ROW.replace("EUR,,", "EUR,2026-02-03,"))
    assert (found.payments[0].amount_minor, found.payments[0].received_on) == (10_000, date(2026, 2, 3))
    assert found.invoices[0].status == "paid"


def test_a_part_payment_leaves_the_invoice_open() -> None:
    found = parsed(ROW.replace("EUR,,", "EUR,2026-02-03,40"))
    assert (found.payments[0].amount_minor, found.invoices[0].status) == (4_000, "open")


def test_a_dispute_is_open_until_its_invoice_is_paid() -> None:
    found = parsed(ROW + "yes", ROW.replace("I1", "I2").replace("EUR,,", "EUR,2026-02-03,") + "Yes")
    assert [dispute.state for dispute in found.disputes] == ["open", "withdrawn"]


def test_amounts_may_have_thousands_separators_and_as_many_digits_as_the_currency() -> None:
    rows = [ROW.replace("100.00", '"1,234.50"'), ROW.replace("I1", "I2").replace("100.00,EUR", "900,JPY")]
    assert parsed(*rows).billed == {"EUR": 123_450, "JPY": 900}


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (ROW.replace("100.00", "a lot"), "amount", "is not an amount in EUR"),
        (ROW.replace("100.00", "1.001"), "amount", "is not an amount in EUR"),
        (ROW.replace("100.00", "1.500"), "amount", "may be thousands or a fraction. Write it like 1234.50."),
        (ROW.replace("100.00", '"1.500,00"'), "amount", "is not an amount in EUR"),
        (ROW.replace("100.00", "-5"), "amount", "negative"),
        (ROW.replace("100.00", "NaN"), "amount", "is not an amount in EUR"),
        (ROW.replace("100.00", ""), "amount", "There is no amount."),
        (ROW.replace("EUR", "XQQ"), "currency", "not a currency code"),
        (ROW.replace("EUR", "XXX"), "currency", "not a currency code"),
        (ROW.replace("EUR", "XAU"), "currency", "not a currency code"),
        (ROW.replace("I1", '"I\n1"'), "invoice_number", "has a line break in it"),
        (ROW.replace("Nordlicht", '"Nord\r\nlicht"'), "customer_name", "has a line break in it"),
        (ROW.replace("Nordlicht", "Nord\u2028licht"), "customer_name", "has a line break in it"),
        (ROW.replace("Nordlicht", "Nord\x1b[31mlicht"), "customer_name", "cannot be seen"),
        (ROW.replace("I1", "I\u202e1"), "invoice_number", "cannot be seen"),
        (ROW.replace("100.00", "1\x1b[2J"), "amount", "cannot be seen"),
        (ROW.replace("2026-01-01", "2026-02-30"), "invoice_date", "is not a date like 2013-11-28"),
        (ROW.replace("2026-01-31", ""), "due_date", "There is no due date."),
        (ROW.replace("EUR,,", "EUR,2025-12-31,"), "settled_date", "before it was issued"),
        (ROW.replace("EUR,,", "EUR,2026-02-01,150"), "paid_amount", "150.00 was paid on an invoice of 100.00."),
        (ROW.replace("EUR,,", "EUR,,50"), "paid_amount", "A payment needs its day"),
        (ROW + "maybe", "disputed", "neither yes nor no"),
        (ROW.replace("C1", ""), "customer_number", "There is no customer number."),
        (ROW + ",surplus", "", "The row has 11 cells, the header 10."),
    ],
)
def test_a_bad_row_is_named_with_its_number_column_and_a_sentence(row: str, column: str, words: str) -> None:
    good = ROW.replace("I1", "I0")
    found = sentences(good, row)
    assert [(number, where) for number, where, _ in found] == [(3, column)]
    assert words in found[0][2]


def test_an_invoice_number_may_occur_once() -> None:
    assert sentences(ROW, ROW) == [(3, "invoice_number", "Invoice I1 is already in row 2.")]


def test_every_bad_cell_of_a_row_is_reported() -> None:
    bad = ROW.replace("100.00", "x").replace("2026-01-31", "soon")
    assert [column for _, column, _ in sentences(bad)] == ["due_date", "amount"]


def test_a_missing_column_is_named_before_any_row_is_read() -> None:
    found = parsed("C1,I1", header="customer_number,invoice_number")
    assert {bad.column for bad in found.bad_rows} == {"invoice_date", "due_date", "amount"}
    assert not found.is_clean


def test_a_mapping_to_a_column_that_is_not_there_is_named() -> None:
    mapping = {**guess_mapping(HEADER.split(",")), "amount": "Betrag", "colour": "x"}
    found = parsed(ROW, reading=Reading("USD", mapping=mapping))
    assert [bad.column for bad in found.bad_rows] == ["colour", "amount"]
    assert "no column “Betrag”" in found.bad_rows[1].sentence


def test_headers_of_other_programs_are_recognised() -> None:
    header = ("countryCode", "customerID", "PaperlessDate", "invoiceNumber", "InvoiceDate", "DueDate", "InvoiceAmount")
    assert guess_mapping((*header, "Disputed", "SettledDate")) == {
        "customer_number": "customerID",
        "invoice_number": "invoiceNumber",
        "invoice_date": "InvoiceDate",
        "due_date": "DueDate",
        "amount": "InvoiceAmount",
        "settled_date": "SettledDate",
        "disputed": "Disputed",
    }


def test_date_formats_that_cannot_be_told_apart_are_all_suggested() -> None:
    sheet = read_sheet(b"invoice_date,due_date\n1/2/2013,3/4/2013\n")
    assert suggested_formats(sheet, guess_mapping(sheet.header)) == ("%m/%d/%Y", "%d/%m/%Y")
    sheet = read_sheet(b"invoice_date,due_date\n1/2/2013,3/24/2013\n")
    assert suggested_formats(sheet, guess_mapping(sheet.header)) == ("%m/%d/%Y",)


@pytest.mark.parametrize("form", ["%Y-%m", "nonsense", "%Q"])
def test_a_date_format_without_day_month_and_year_is_refused(form: str) -> None:
    with pytest.raises(Refused, match="is not a date format"):
        parsed(ROW, reading=Reading("USD", date_format=form))


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"PK\x03\x04\0\0", "not a text file"), (b"a,a\n1,2", "twice"), (b'a,b\n"1,2', "not readable")],
)
def test_a_file_that_is_no_csv_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read_sheet(content)


def test_semicolons_byte_order_marks_and_old_encodings_are_understood() -> None:
    text = "\n".join([HEADER, ROW.replace("Nordlicht", "Müller")]).replace(",", ";")
    for encoding in ("utf-8-sig", "cp1252", "utf-16"):
        assert parse_ledger(read_sheet(text.encode(encoding)), Reading("USD")).customers[0].name == "Müller"


def test_a_bad_byte_in_a_file_of_utf_8_spoils_its_cell_and_no_other() -> None:
    good, bad = (
        ROW.replace("Nordlicht", "Müller").encode(),
        ROW.replace("I1", "I2").encode().replace(b"licht", b"l\x81t"),
    )
    found = parse_ledger(read_sheet(b"\n".join([HEADER.encode(), good, bad])), Reading("USD"))
    assert [each.name for each in found.customers] == ["Müller"]
    assert [(each.row, each.column, each.value) for each in found.bad_rows] == [(3, "customer_name", "Nordl\ufffdt")]


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b""])
def test_a_byte_that_is_a_character_in_no_encoding_is_named(start: bytes) -> None:
    row = ROW.encode().replace(b"licht", b"\x81cht")
    found = parse_ledger(read_sheet(start + b"\n".join([HEADER.encode(), row])), Reading("USD"))
    assert "not readable. Save the file as UTF-8 again." in found.bad_rows[0].sentence


def test_what_cannot_be_seen_is_neither_shown_nor_written_to_the_report() -> None:
    found = parsed(ROW.replace("Nordlicht", "Nord\x1b[31mlicht"), header=HEADER.replace("currency", "cur\x1brency"))
    assert "\x1b" not in repr(found.bad_rows) + report_csv(found.bad_rows)
    assert found.bad_rows[0].value == "Nord\ufffd[31mlicht"


def test_a_header_over_two_lines_is_one_header() -> None:
    assert read_sheet(b'"invoice\nnumber",amount\n1,2').header == ("invoice number", "amount")


def test_a_file_without_rows_is_not_importable() -> None:
    assert not parsed().is_clean


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1"])
def test_the_report_cannot_run_formulas(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    assert f"'{text}" in report_csv([BadRow(2, "amount", text, "No.")])


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("%Y-%m-%d", "2026-11-28 (year-month-day)"),
        ("%d.%m.%Y", "28.11.2026 (day.month.year)"),
        ("%d %b %Y", "28 Nov 2026 (day month year)"),
        ("%Y%m%d", "20261128 (year, month, day)"),
        ("%Y-%m-%d %H:%M:%S", "2026-11-28 14:05:00 (year-month-day and time)"),
        ("%j", "%j"),
    ],
)
def test_a_date_format_is_told_by_an_example_and_in_words(form: str, words: str) -> None:
    assert format_words(form) == words


@pytest.mark.parametrize(
    ("written", "form"),
    [("DD-MM-YYYY", "%d-%m-%Y"), ("mm/dd/yy", "%m/%d/%y"), (" %d-%m-%Y ", "%d-%m-%Y"), ("soon", "soon")],
)
def test_a_date_format_may_be_written_in_letters(written: str, form: str) -> None:
    assert format_of(written) == form
