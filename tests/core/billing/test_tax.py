"""The built-in tax table: who is charged which tax, on which day, and why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from core.billing.tax import TaxTable, is_valid_tax_id
from core.ports import Place, TaxableLine, TaxQuestion

TABLE = TaxTable({"US": frozenset({"TX", "NY", "CA"})})
QUESTION = TaxQuestion(
    key="house_1",
    kind="invoice",
    entity="DE",
    customer_ref="c",
    currency="EUR",
    tax_date=date(2026, 11, 1),
    seller=Place("DE"),
    buyer=Place("DE"),
    lines=(TaxableLine("1", "SEAT", 10_000), TaxableLine("2", "PLATFORM", 3_333)),
)


def tax(seller: str, buyer: str, region: str | None = None, day: str = "2026-11-01", **changed: object) -> TaxQuestion:
    question = replace(QUESTION, seller=Place(seller), buyer=Place(buyer, region), tax_date=date.fromisoformat(day))
    return replace(question, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "percent", "reason"),
    [
        (tax("DE", "DE"), "19", "standard"),
        (tax("DE", "DE", day="2020-08-01"), "16", "standard"),
        (tax("FR", "FR"), "20", "standard"),
        (tax("GB", "GB"), "20", "standard"),
        (tax("AU", "AU"), "10", "standard"),
        (tax("DE", "FR", buyer_tax_id="FR40303265045"), "0", "reverse_charge"),
        (tax("DE", "FR", buyer_tax_id="FR00000000000"), "20", "standard"),
        (tax("DE", "FI"), "25.5", "standard"),
        (tax("DE", "EE", day="2025-06-30"), "22", "standard"),
        (tax("DE", "EE", day="2025-07-01"), "24", "standard"),
        (tax("DE", "CH"), "0", "export"),
        (tax("GB", "DE"), "0", "export"),
        (tax("CA", "CA", "ON"), "13", "standard"),
        (tax("CA", "CA", "NS", day="2025-03-31"), "15", "standard"),
        (tax("CA", "CA", "NS"), "14", "standard"),
        (tax("CA", "CA", "BC"), "5", "standard"),
        (tax("CA", "US", "NY"), "0", "export"),
        (tax("US", "US", "NY"), "4", "standard"),
        (tax("US", "US", "WA"), "0", "no_nexus"),
        (tax("US", "US", "CA"), "0", "not_taxable"),
        (tax("DE", "DE", is_exempt=True), "0", "exempt"),
    ],
)
def test_a_sale_bears_the_tax_of_its_place_and_day(question: TaxQuestion, percent: str, reason: str) -> None:
    answer = TABLE.calculate(question)
    assert {(line.percent, line.reason) for line in answer.taxes} == {(Decimal(percent), reason)}


def test_tax_is_rounded_half_up_per_line_and_the_lines_sum() -> None:
    answer = TABLE.calculate(QUESTION)
    # 19 % of 100.00 is 19.00; 19 % of 33.33 is 6.3327.
    assert [line.tax_minor for line in answer.taxes] == [1_900, 633]
    assert answer.total_minor == 2_533


def test_texas_taxes_four_fifths_of_software() -> None:
    answer = TABLE.calculate(tax("US", "US", "TX", currency="USD", lines=(TaxableLine("1", "SEAT", 120_000),)))
    assert [(line.taxable_minor, line.tax_minor) for line in answer.taxes] == [(96_000, 6_000)]


def test_a_credit_gives_back_what_the_charge_took() -> None:
    charge, credit = (replace(QUESTION, lines=(TaxableLine("1", "SEAT", net),)) for net in (12_345, -12_345))
    assert TABLE.calculate(charge).total_minor == -TABLE.calculate(credit).total_minor


def test_a_wrong_tax_id_is_told() -> None:
    answer = TABLE.calculate(tax("DE", "FR", buyer_tax_id="FR00000000000"))
    assert answer.sentences == ("The tax id FR00000000000 is not a valid one of FR.",)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (tax("US", "US"), "its address names no state of the United States"),
        (tax("US", "US", " "), "its address names no state of the United States"),
        (tax("US", "US", "Nowhere"), "“Nowhere” in its address is no state of the United States that we know"),
        (tax("CA", "CA"), "its address names no province of Canada"),
        (tax("CA", "CA", "XX"), "“XX” in its address is no province of Canada that we know"),
        (tax("JP", "JP"), "the built-in table has no rates of Japan"),
    ],
)
def test_a_place_that_does_not_say_which_tax_is_due_is_told_and_never_taxed_by_guess(
    question: TaxQuestion, told: str
) -> None:
    answer = TABLE.calculate(question)
    assert answer.taxes == ()
    assert answer.sentences == (told,)


def test_where_no_region_would_make_a_difference_none_is_asked_for() -> None:
    nowhere_registered = TaxTable({"US": frozenset()})
    assert {line.reason for line in nowhere_registered.calculate(tax("US", "US")).taxes} == {"no_nexus"}
    assert {line.reason for line in TABLE.calculate(tax("US", "US", is_exempt=True)).taxes} == {"exempt"}
    assert {line.reason for line in TABLE.calculate(tax("CA", "US")).taxes} == {"export"}


@pytest.mark.parametrize("region", ["NY", "ny", "US-NY", "New York", " new  york "])
def test_a_region_is_known_by_its_code_and_by_its_name(region: str) -> None:
    assert {line.percent for line in TABLE.calculate(tax("US", "US", region)).taxes} == {Decimal(4)}


def test_an_invoice_of_somebody_else_may_bear_any_rate_that_an_unknown_region_leaves_open() -> None:
    assert TABLE.percents(tax("US", "US", "Nowhere")) == (Decimal(0), Decimal(4), Decimal(5))
    assert TABLE.percents(tax("CA", "CA", "XX")) == TABLE.percents(tax("CA", "CA"))
    assert TABLE.percents(tax("JP", "JP")) is None


@pytest.mark.parametrize(
    ("country", "id", "is_valid"),
    [
        ("DE", "DE136695976", True),
        ("DE", "136695976", True),
        ("DE", "DE136695977", False),
        ("GR", "EL094259216", True),
        ("GR", "GR094259216", True),
        ("GR", "094259216", True),
        ("GR", "GR094259217", False),
        ("GB", "GB980780684", True),
        ("GB", "GB802311781", False),
        ("US", "12-3456789", True),
        ("US", " ", False),
    ],
)
def test_a_tax_id_is_held_against_the_check_digits_of_its_country(country: str, id: str, is_valid: bool) -> None:
    assert is_valid_tax_id(country, id) is is_valid
