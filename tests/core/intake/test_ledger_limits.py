from __future__ import annotations

from datetime import date

import pytest

from core.intake.ledger_file import Reading, parse_ledger
from core.intake.ledger_limits import Limits
from core.intake.ledger_sheet import read_sheet
from core.kit.errors import Refused
from core.kit.money import NotAnAmount, parse_minor

HEADER = "customer_number,customer_name,invoice_number,invoice_date,due_date,amount,currency,entity"
ROW = "C1,Nordlicht,I1,2026-01-01,2026-01-31,100.00,EUR,DE"
LIMITS = Limits(date(2026, 11, 2), frozenset({"DE", "FR"}))


def faults(*rows: str, limits: Limits = LIMITS, form: str = "%Y-%m-%d") -> list[tuple[str, str]]:
    sheet = read_sheet("\n".join([HEADER, *rows]).encode())
    return [(bad.column, bad.sentence) for bad in parse_ledger(sheet, Reading("USD", form, limits=limits)).bad_rows]


def test_a_good_row_keeps_to_every_limit() -> None:
    assert faults(ROW) == []


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (ROW.replace("2026-01-01", "0001-01-01"), "invoice_date", "does not lie between 1990-01-01 and 2036-12-31"),
        (ROW.replace("2026-01-31", "9999-12-31"), "due_date", "does not lie between 1990-01-01 and 2036-12-31"),
        (ROW.replace("2026-01-31", "2025-12-31"), "due_date", "before it was issued on 2026-01-01"),
        (ROW.replace(",DE", ",ZZ"), "entity", "“ZZ” is not a legal entity that you may import for: DE, FR."),
        (ROW.replace("I1", "I" * 5_000), "invoice_number", "has 5,000 characters; at most 100"),
        (ROW.replace("100.00", "92233720368547758.08"), "amount", "more than any invoice can be"),
        (ROW.replace("100.00", "1e5"), "amount", "is not an amount in EUR"),
        (ROW.replace("100.00", "1_000"), "amount", "is not an amount in EUR"),
        (ROW.replace("100.00", "١٢٣"), "amount", "is not an amount in EUR. Write it like 1234.50."),
        (ROW.replace("100.00,EUR", "1.50,JPY"), "amount", "is not an amount in JPY. Write it like 123450."),
    ],
)
def test_what_cannot_be_true_is_a_bad_row(row: str, column: str, words: str) -> None:
    ((where, sentence),) = faults(row)
    assert where == column
    assert words in sentence


def test_a_date_in_the_far_past_is_implausible_whatever_the_day_of_reading() -> None:
    assert [column for column, _ in faults(ROW.replace("2026-01-01", "1989-12-31"), limits=Limits())] == [
        "invoice_date"
    ]


def test_while_no_legal_entity_is_on_file_any_code_is_welcome() -> None:
    assert faults(ROW.replace(",DE", ",ZZ"), limits=Limits()) == []


def test_who_acts_for_some_legal_entities_must_name_one_in_each_row() -> None:
    limits = Limits(None, frozenset({"DE"}), needs_entity=True)
    assert [column for column, _ in faults(ROW.replace(",DE", ","), limits=limits)] == ["entity"]
    assert faults(ROW.replace(",DE", ","), limits=Limits(None, frozenset({"DE"}))) == []


def test_a_file_cannot_add_up_to_more_than_the_store_can_hold() -> None:
    rows = [ROW.replace("I1", f"I{n}").replace("100.00", "9999999999999.00") for n in range(101)]
    assert faults(*rows[:100]) == []
    assert [column for column, _ in faults(*rows)] == ["amount"]


def test_a_format_that_names_a_part_twice_is_refused() -> None:
    with pytest.raises(Refused, match="is not a date format"):
        faults(ROW, form="%d/%m/%Y %d")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_null_character_is_refused_in_any_encoding(encoding: str) -> None:
    with pytest.raises(Refused, match="not a text file"):
        read_sheet("\n".join([HEADER, ROW.replace("Nordlicht", "Nord\0licht")]).encode(encoding))


def test_a_header_alone_is_told_as_that_and_not_as_a_bad_row_of_none() -> None:
    parsed = parse_ledger(read_sheet(HEADER.encode()), Reading("USD"))
    assert parsed.verdict == "The file as a whole cannot be imported"
    bad = parse_ledger(read_sheet(f"{HEADER}\n{ROW.replace('100.00', 'x')}".encode()), Reading("USD"))
    assert bad.verdict == "1 of 1 row cannot be imported"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e5", "1_0", "", "-", ".", "9" * 40])
def test_only_plain_decimals_are_amounts(text: str) -> None:
    with pytest.raises(NotAnAmount):
        parse_minor(text, "USD")


def test_plain_decimals_are_amounts() -> None:
    assert [parse_minor(text, "USD") for text in ("1", "-1.5", "+.25", "7.", " 1.50 ")] == [100, -150, 25, 700, 150]
