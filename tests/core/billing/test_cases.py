"""The golden file: cases worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.billing.amending import adjustments
from core.billing.model import Agreement, Charge, Measured, RatedLine, Step
from core.billing.periods import slots
from core.billing.rating import rate
from core.canonical import ChargeTerms
from core.kit.money import parse_minor

CASES = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))["cases"]
DAYS = ("starts_on", "ends_on", "discount_ends_on")
RATES = ("discount_percent", "uplift_percent")


def charge_of(key: str, said: Mapping[str, Any]) -> Charge:
    terms = ChargeTerms.model_validate({name: value for name, value in said.items() if name != "steps"})
    steps = tuple(
        Step(date.fromisoformat(first), date.fromisoformat(last) if last else None, Decimal(quantity), Decimal(price))
        for first, last, quantity, price in said["steps"]
    )
    return Charge(key, key.upper(), key, terms, steps)


def agreement_of(said: Mapping[str, Any], charges: Mapping[str, Any]) -> Agreement:
    facts: dict[str, Any] = {"currency": "USD", "starts_on": "2026-01-01", "ends_on": None, "frequency_months": 1}
    facts |= said
    facts |= {name: date.fromisoformat(facts[name]) for name in DAYS if facts.get(name)}
    facts |= {name: Decimal(facts[name]) for name in RATES if name in facts}
    facts.setdefault("anchor_day", facts["starts_on"].day)
    return Agreement(number="C-1", charges=tuple(charge_of(key, each) for key, each in charges.items()), **facts)


def measured(said: str | list[Any]) -> Measured:
    return Measured(Decimal(said)) if isinstance(said, str) else Measured(Decimal(said[0]), said[1])


def shown(line: RatedLine) -> dict[str, Any]:
    return {
        "charge": line.charge_key,
        "kind": line.kind,
        "quantity": line.quantity,
        "amount_minor": line.amount_minor,
        "discount_minor": line.discount_minor,
        "days": f"{line.span.starts_on}/{line.span.ends_on}",
        "earned_by": line.earned_by,
        "arithmetic": line.arithmetic,
    }


def expected(line: Mapping[str, Any], agreement: Agreement) -> dict[str, Any]:
    kinds = {charge.key: charge.terms.kind for charge in agreement.charges}
    return {
        "charge": line["charge"],
        "kind": line.get("kind", kinds[line["charge"]]),
        "quantity": Decimal(line["quantity"]),
        "amount_minor": parse_minor(line["amount"], agreement.currency),
        "discount_minor": parse_minor(line.get("discount", "0"), agreement.currency),
        "days": line["days"],
        "earned_by": line.get("earned_by"),
        "arithmetic": line["arithmetic"],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_case_worked_out_by_hand_is_rated_as_it_says(case: dict[str, Any]) -> None:
    agreement = agreement_of(case.get("agreement", {}), case["charges"])
    since, until = (date.fromisoformat(day) for day in case["bill"])
    due = slots(agreement, until, since=since)
    if "billed_on" in case:
        assert [f"{slot.bill_on}" for slot in due] == case["billed_on"]
    if "after" in case:
        amended = case["after"]
        after = agreement_of(
            amended.get("agreement", case.get("agreement", {})), amended.get("charges", case["charges"])
        )
        lines: tuple[RatedLine, ...] = adjustments(agreement, after, due)
    else:
        rated = rate(agreement, due, {key: measured(said) for key, said in case.get("usage", {}).items()})
        lines = rated.lines
        assert {problem.charge_key: problem.code for problem in rated.problems} == case.get("problems", {})
        drawn = {key: parse_minor(said, agreement.currency) for key, said in case.get("drawn", {}).items()}
        assert rated.drawn_minor == drawn
    assert [shown(line) for line in lines] == [expected(line, agreement) for line in case["lines"]]
    prices = [
        (line.unit_price, said["price"]) for line, said in zip(lines, case["lines"], strict=True) if "price" in said
    ]
    assert [price for price, _ in prices] == [Decimal(said) for _, said in prices]


def test_there_are_cases_enough_and_each_has_a_name_of_its_own() -> None:
    names = [case["name"] for case in CASES]
    assert len(names) >= 64
    assert len(set(names)) == len(names)
