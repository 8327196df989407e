"""What the house drafted is held against its own schedule: each rule finds its violation and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.validation.model import DueFacts, LineFacts, PriorInvoice
from core.validation.rules import findings
from tests.core.validation.test_rules import CONTRACT, END, LINE, START, USAGE, right

ITEM, METERED = UUID(int=7), UUID(int=8)
DUE = DueFacts(ITEM, "S1", "recurring", START, END, 20_000, is_on_invoice=True)
SEATS = replace(LINE, kind="recurring", charge_key="S1", schedule_item_id=ITEM, arithmetic="10 × 20.00")


def ours(**facts: Any) -> Any:
    lines = facts.pop("lines", (SEATS,))
    tax = sum(line.tax_minor for line in lines)
    return right(**{"source": "house", "due": (DUE,), "stated_tax_minor": tax, "lines": lines, **facts})


def codes(facts: Any) -> list[str]:
    return [finding.code for finding in findings(facts)]


def test_a_draft_that_is_what_the_schedule_says_has_no_finding() -> None:
    assert codes(ours()) == []


def test_a_scheduled_charge_without_a_line_is_missing() -> None:
    other = DueFacts(UUID(int=9), "P1", "recurring", START, END, 5_000, is_on_invoice=True)
    (found,) = findings(ours(due=(DUE, other)))
    assert (found.code, found.stake_minor) == ("charge.missing", 5_000)


def test_a_metered_charge_that_nobody_used_is_not_missing() -> None:
    assert codes(ours(due=(DUE, DueFacts(METERED, "U1", "usage", START, END, None, is_on_invoice=True)))) == []


def test_a_line_that_is_not_scheduled_is_extra() -> None:
    assert codes(ours(lines=(SEATS, replace(SEATS, schedule_item_id=None, product_code="HC-CORE")))) == ["charge.extra"]


def test_an_amount_that_was_planned_otherwise_is_found_with_its_difference() -> None:
    (found,) = findings(ours(due=(replace(DUE, expected_minor=19_000),)))
    assert (found.code, found.stake_minor) == ("schedule.differs", 1_000)


def test_a_period_that_another_invoice_bills_is_a_duplicate() -> None:
    assert codes(ours(due=(replace(DUE, twin="DE-2026-000007"),))) == ["period.duplicate"]


def test_a_credit_needs_a_reason() -> None:
    credit = replace(SEATS, amount_minor=-500, tax_minor=-95, is_plain=False, arithmetic=None)
    due = (replace(DUE, expected_minor=19_500),)
    assert codes(ours(lines=(SEATS, credit), due=due)) == ["credit.no_reason"]
    explained = replace(credit, arithmetic="service credit 5.00")
    assert codes(ours(lines=(SEATS, explained), due=due)) == []


def test_tax_must_have_been_determined_and_must_be_what_was_determined() -> None:
    assert codes(ours(stated_tax_minor=None)) == ["tax.undetermined"]
    assert codes(ours(stated_tax_minor=3_799)) == ["tax.mismatch"]


def test_a_vat_id_with_wrong_check_digits_is_found_before_it_makes_a_consumer_of_the_buyer() -> None:
    abroad = {"entity_country": "DE", "bill_to_country": "PL"}
    assert codes(ours(**abroad, tax_id="PL1060000062")) == []
    assert codes(ours(**abroad, tax_id="PL1060000063")) == ["tax_id.invalid"]
    assert codes(ours(entity_country="US", bill_to_country="PL", tax_id="PL1060000063")) == []


def test_a_discount_that_ends_inside_a_line_is_left_to_the_schedule() -> None:
    assert SEATS.period_start is not None and SEATS.period_end is not None
    halfway = replace(CONTRACT, discount_percent=Decimal(10), discount_ends_on=SEATS.period_start + timedelta(days=9))
    part = replace(SEATS, discount_minor=600)
    assert "discount.wrong" not in codes(ours(contract=halfway, lines=(part,)))
    whole = replace(halfway, discount_ends_on=SEATS.period_end)
    assert "discount.wrong" in codes(ours(contract=whole, lines=(part,)))


def test_a_flat_fee_is_not_held_against_quantity_and_price() -> None:
    flat = replace(SEATS, quantity=Decimal(1), unit_price=Decimal(200), is_plain=False)
    assert codes(ours(lines=(flat,))) == []
    assert "price.outdated" in codes(ours(lines=(replace(flat, is_plain=True),)))


def prior(n: int, *products: str) -> PriorInvoice:
    day = date(2026, 10 - n, 1)
    return PriorInvoice(
        UUID(int=20 + n),
        f"HC-{n}",
        day,
        date(2026, 11 - n, 1),
        20_000,
        23_800,
        day,
        dict.fromkeys(products, Decimal(10)),
    )


def test_a_usual_charge_that_is_gone_is_a_warning_from_three_invoices_on() -> None:
    contract = replace(CONTRACT, promises=(*CONTRACT.promises, USAGE))
    usual = [prior(n, "HC-CORE", "HC-USAGE") for n in (1, 2, 3)]
    (found,) = findings(ours(contract=contract, prior=tuple(usual)))
    assert (found.code, found.level) == ("charge.absent", "warning")
    assert codes(ours(contract=contract, prior=tuple(usual[:2]))) == []
    rare = (*usual[:2], prior(3, "HC-CORE"), prior(4, "HC-CORE"))
    assert codes(ours(contract=contract, prior=rare)) == []


def test_a_single_charge_makes_no_invoice_unusual() -> None:
    usual = tuple(prior(n, "HC-CORE") for n in (1, 2, 3, 4))
    once = LineFacts(
        "HC-CORE", "Set-up", Decimal(1), Decimal(2000), 200_000, 0, 38_000, START, END, "one_off", "O1", METERED, "x",
        is_plain=False,
    )  # fmt: skip
    due = (DUE, DueFacts(METERED, "O1", "one_off", START, END, 200_000, is_on_invoice=True))
    assert codes(ours(lines=(SEATS, once), due=due, prior=usual)) == []
