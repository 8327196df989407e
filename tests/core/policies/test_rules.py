"""A decision table answers the same whether it remembers a question or not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.policies.defaults import default_policies
from core.policies.rules import Policy, decision_table

APPROVAL = default_policies()["approval"]
AMOUNTS = ["4999.99", "5000", "9999.999", "10000", "19999.99", "20000", "20000.01", "100000", "250000"]


def asked(amount: str, discount: str = "0", terms: int = 30, kind: str = "invoice") -> dict[str, Any]:
    return {"kind": kind, "amount": Decimal(amount), "discount_percent": Decimal(discount), "terms_days": terms}


def test_what_is_remembered_is_what_a_fresh_table_says() -> None:
    policy = Policy("approval", 1, APPROVAL)
    for kind in ("invoice", "credit_memo"):
        for amount in AMOUNTS:
            for discount, terms in (("0", 30), ("24.99", 60), ("25", 61), ("40", 90)):
                question = asked(amount, discount, terms, kind)
                assert policy.decide(question) == Policy("approval", 1, APPROVAL).decide(question)


def test_a_verdict_names_the_question_that_was_asked_and_not_one_like_it() -> None:
    policy = Policy("approval", 1, APPROVAL)
    policy.decide(asked("21000"))
    assert policy.decide(asked("22000")).asked["amount"] == 22_000


@pytest.mark.parametrize(
    ("cell", "output"), [("[1000..5000]", "'inside'"), ("> 10 and < 100", "'inside'"), ("> 10", "$.amount * 2")]
)
def test_a_table_that_does_more_than_compare_is_asked_every_time(cell: str, output: str) -> None:
    rows: list[tuple[str, ...]] = [("R1", cell, output), ("R2", "", "'outside'")]
    policy = Policy("odd", 1, decision_table("odd", ["amount"], ["place"], rows))
    for amount in (5, 11, 50, 99, 101, 999, 1000, 3000, 5001):
        fresh = Policy("odd", 1, decision_table("odd", ["amount"], ["place"], rows))
        assert policy.decide({"amount": amount}) == fresh.decide({"amount": amount})
