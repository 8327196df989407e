"""Rules about credit memos."""

from __future__ import annotations

from core.validation.model import Facts, Finding, Rule
from core.validation.party_rules import customer_is_known, entity_is_known


def credit_has_reason(facts: Facts) -> tuple[Finding, ...]:
    if facts.reason:
        return ()
    sentence = f"Credit memo {facts.number} gives no reason."
    cause = f"credit.no_reason:{facts.number}"
    return (Finding("credit.no_reason", "blocking", sentence, {"reason": None}, abs(facts.total_minor), cause),)


def credited_invoice_is_known(facts: Facts) -> tuple[Finding, ...]:
    if facts.is_invoice_known:
        return ()
    sentence = f"Credit memo {facts.number} corrects an invoice that is not here."
    cause = f"credit.unknown_invoice:{facts.number}"
    return (Finding("credit.unknown_invoice", "blocking", sentence, {}, abs(facts.total_minor), cause),)


CREDIT_RULES: tuple[Rule, ...] = (customer_is_known, entity_is_known, credit_has_reason, credited_invoice_is_known)
