"""Rules about the customer, the address, tax ids and the mapping to the ledger."""

from __future__ import annotations

from core.kit.tax_ids import is_reverse_charge, is_valid_tax_id, needs_tax_id
from core.validation.model import Facts, Finding, Level, Rule


def customer_is_known(facts: Facts) -> tuple[Finding, ...]:
    if facts.customer is not None:
        return ()
    sentence = f"Invoice {facts.number} names a customer that is not linked to any account in the CRM."
    evidence = {"customer_at_source": facts.customer_ref}
    cause = f"customer.unknown:{facts.customer_ref}"
    return (Finding("customer.unknown", "blocking", sentence, evidence, facts.total_minor, cause),)


def customer_is_not_on_hold(facts: Facts) -> tuple[Finding, ...]:
    if facts.customer is None or not facts.customer.is_on_hold:
        return ()
    sentence = f"{facts.customer.name} is on credit hold; nothing is released until the hold is lifted."
    cause = f"customer.on_hold:{facts.customer.name}"
    return (Finding("customer.on_hold", "blocking", sentence, {"credit_hold": True}, facts.total_minor, cause),)


def address_is_present(facts: Facts) -> tuple[Finding, ...]:
    if facts.customer is None or facts.bill_to or facts.customer.address:
        return ()
    sentence = f"{facts.customer.name} has no postal address, neither on the invoice nor in the CRM."
    evidence = {"invoice_address": None, "crm_address": None}
    cause = f"address.missing:{facts.customer.name}"
    return (Finding("address.missing", "blocking", sentence, evidence, facts.total_minor, cause),)


def tax_id_is_present(facts: Facts) -> tuple[Finding, ...]:
    if facts.customer is None or facts.tax_id:
        return ()
    country = facts.bill_to_country or facts.customer.country
    if not needs_tax_id(facts.entity_country, country):
        return ()
    sentence = f"{facts.customer.name} ({country}) needs a VAT id on the invoice; none is given."
    evidence = {"invoice_tax_id": facts.tax_id, "crm_tax_id": facts.customer.tax_id, "country": country}
    cause = f"tax_id.missing:{facts.customer.name}"
    return (Finding("tax_id.missing", "blocking", sentence, evidence, facts.total_minor, cause),)


def stated_tax_id_is_valid(facts: Facts) -> tuple[Finding, ...]:
    """Of what somebody else has made: there it stops an invoice only where the absence of tax rests on the id."""
    if facts.is_ours or facts.customer is None or not facts.tax_id:
        return ()
    country = facts.bill_to_country or facts.customer.country
    if not needs_tax_id(facts.entity_country, country) or is_valid_tax_id(country or "", facts.tax_id):
        return ()
    rests_on_it = is_reverse_charge(facts.entity_country, country) and facts.tax_minor == 0
    sentence = f"The VAT id {facts.tax_id} of {facts.customer.name} is not a valid one of {country}"
    sentence += "; without one the reverse charge does not hold." if rests_on_it else "."
    evidence = {"invoice_tax_id": facts.tax_id, "crm_tax_id": facts.customer.tax_id, "country": country}
    level: Level = "blocking" if rests_on_it else "warning"
    cause = f"tax_id.invalid:{facts.customer.name}"
    return (Finding("tax_id.invalid", level, sentence, evidence, facts.total_minor, cause),)


def entity_is_known(facts: Facts) -> tuple[Finding, ...]:
    if facts.entity_country is not None:
        return ()
    sentence = f"Invoice {facts.number} names no legal entity that we know ({facts.entity or 'none given'})."
    cause = f"entity.unknown:{facts.entity}"
    return (Finding("entity.unknown", "blocking", sentence, {"entity": facts.entity}, facts.total_minor, cause),)


def products_are_mapped(facts: Facts) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            "mapping.item_missing",
            "blocking",
            f"{line.description} ({line.product_code or 'no code'}) has no item in the ledger.",
            {"product": line.product_code},
            line.amount_minor,
            f"mapping.item_missing:{line.product_code}",
        )
        for line in facts.lines
        if line.product_code is None or line.product_code in facts.unmapped_products
    )


PARTY_RULES: tuple[Rule, ...] = (
    customer_is_known,
    customer_is_not_on_hold,
    entity_is_known,
    address_is_present,
    tax_id_is_present,
    stated_tax_id_is_valid,
    products_are_mapped,
)
