"""All rules per kind of document, in the order in which findings are listed. Every rule runs; nothing is raised."""

from __future__ import annotations

from collections.abc import Iterator

from core.validation.contract_rules import CONTRACT_RULES
from core.validation.credit_rules import CREDIT_RULES
from core.validation.document_rules import DOCUMENT_RULES, HEAD_RULES
from core.validation.model import Facts, Finding, Rule
from core.validation.party_rules import PARTY_RULES
from core.validation.pricing_rules import LINE_RULES, PRICING_RULES
from core.validation.schedule_rules import SCHEDULE_RULES
from core.validation.seller_rules import SELLER_RULES

INVOICE_RULES: tuple[Rule, ...] = (*PARTY_RULES, *CONTRACT_RULES, *PRICING_RULES, *DOCUMENT_RULES)
# What the house drafted is held against its schedule and the tax engine's answer instead of against plain lines alone.
HOUSE_RULES: tuple[Rule, ...] = (
    *PARTY_RULES,
    *SELLER_RULES,
    *CONTRACT_RULES,
    *LINE_RULES,
    *SCHEDULE_RULES,
    *HEAD_RULES,
)
RULES: dict[str, tuple[Rule, ...]] = {
    "invoice": INVOICE_RULES,
    "house_invoice": HOUSE_RULES,
    "credit_memo": CREDIT_RULES,
}


def findings(facts: Facts) -> tuple[Finding, ...]:
    """What is wrong with one document."""
    return tuple(_all(facts))


def _all(facts: Facts) -> Iterator[Finding]:
    for rule in RULES["house_invoice" if facts.is_ours and facts.kind == "invoice" else facts.kind]:
        yield from rule(facts)
