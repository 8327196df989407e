"""All rules per kind of document, in the order in which findings are listed. Every rule runs; nothing is raised."""

from __future__ import annotations

from collections.abc import Iterator

from core.validation.contract_rules import CONTRACT_RULES
from core.validation.credit_rules import CREDIT_RULES
from core.validation.document_rules import DOCUMENT_RULES
from core.validation.model import Facts, Finding, Rule
from core.validation.party_rules import PARTY_RULES
from core.validation.pricing_rules import PRICING_RULES

INVOICE_RULES: tuple[Rule, ...] = (*PARTY_RULES, *CONTRACT_RULES, *PRICING_RULES, *DOCUMENT_RULES)
RULES: dict[str, tuple[Rule, ...]] = {"invoice": INVOICE_RULES, "credit_memo": CREDIT_RULES}


def findings(facts: Facts) -> tuple[Finding, ...]:
    """What is wrong with one document."""
    return tuple(_all(facts))


def _all(facts: Facts) -> Iterator[Finding]:
    for rule in RULES[facts.kind]:
        yield from rule(facts)
