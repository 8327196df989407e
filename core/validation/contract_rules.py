"""Rules that hold an invoice against its contract: existence, term, currency, payment terms, purchase order."""

from __future__ import annotations

from core.validation.model import Facts, Finding, Rule


def contract_exists(facts: Facts) -> tuple[Finding, ...]:
    if facts.contract is not None:
        return ()
    named = f"contract {facts.contract_number}" if facts.contract_number else "no contract"
    sentence = f"Invoice {facts.number} names {named}, which the CRM does not have."
    if not facts.contract_number:
        sentence = f"Invoice {facts.number} names no contract."
    evidence = {"contract_on_invoice": facts.contract_number, "contract_in_crm": None}
    cause = f"contract.missing:{facts.contract_number or facts.number}"
    return (Finding("contract.missing", "blocking", sentence, evidence, facts.total_minor, cause),)


def contract_covers_period(facts: Facts) -> tuple[Finding, ...]:
    contract, start = facts.contract, facts.period_start or facts.issue_date
    if contract is None:
        return ()
    is_inside = contract.starts_on <= start and (contract.last_day is None or start <= contract.last_day)
    is_unclear = facts.is_ours and facts.kind == "invoice" and contract.is_over_early
    if is_inside and contract.status != "draft" and not is_unclear:
        return ()
    until = f"{contract.ends_on:%d %b %Y}" if contract.ends_on else "open"
    sentence = (
        f"Contract {contract.number} runs {contract.starts_on:%d %b %Y} – {until}; "
        f"the invoice bills from {start:%d %b %Y}."
    )
    if is_unclear:
        sentence = f"Contract {contract.number} has expired in the CRM before its last day: state when it ended."
    evidence = {
        "starts_on": contract.starts_on,
        "ends_on": contract.ends_on,
        "billed_from": start,
        "status": contract.status,
    }
    cause = f"contract.not_active:{contract.number}"
    return (Finding("contract.not_active", "blocking", sentence, evidence, facts.total_minor, cause),)


def currency_is_the_contracts(facts: Facts) -> tuple[Finding, ...]:
    if facts.contract is None or facts.contract.currency == facts.currency:
        return ()
    sentence = f"Billed in {facts.currency}; contract {facts.contract.number} is in {facts.contract.currency}."
    evidence = {"invoice": facts.currency, "contract": facts.contract.currency}
    cause = f"currency.mismatch:{facts.contract.number}"
    return (Finding("currency.mismatch", "blocking", sentence, evidence, facts.total_minor, cause),)


def terms_are_the_contracts(facts: Facts) -> tuple[Finding, ...]:
    if facts.contract is None or facts.contract.terms_days is None:
        return ()
    billed, agreed = (facts.due_date - facts.issue_date).days, facts.contract.terms_days
    if facts.tolerance("terms.drift").minor >= abs(billed - agreed):
        return ()
    sentence = f"Due after {billed} days; contract {facts.contract.number} grants {agreed}."
    evidence = {"invoice_terms_days": billed, "contract_terms_days": agreed}
    cause = f"terms.drift:{facts.contract.number}:{billed}"
    return (Finding("terms.drift", "blocking", sentence, evidence, facts.total_minor, cause),)


def purchase_order_is_given(facts: Facts) -> tuple[Finding, ...]:
    if facts.customer is None or not facts.customer.is_po_required or facts.po_number:
        return ()
    sentence = f"{facts.customer.name} pays only against a purchase order number; the invoice has none."
    agreed = facts.contract.po_number if facts.contract else None
    evidence = {"invoice_po": None, "contract_po": agreed}
    cause = f"po.missing:{facts.contract_number or facts.customer.name}"
    return (Finding("po.missing", "blocking", sentence, evidence, facts.total_minor, cause),)


CONTRACT_RULES: tuple[Rule, ...] = (
    contract_exists,
    contract_covers_period,
    currency_is_the_contracts,
    terms_are_the_contracts,
    purchase_order_is_given,
)
