"""Rules about the seller's letterhead, without which an invoice of the house must not go out."""

from __future__ import annotations

from collections.abc import Iterator

from core.kit.tax_ids import is_reverse_charge, needs_tax_id
from core.validation.model import Facts, Finding, Rule, SellerFacts


def letterhead_is_whole(facts: Facts) -> tuple[Finding, ...]:
    missing = list(_missing(facts, facts.seller)) if facts.seller is not None else []
    if facts.seller is None or not missing:
        return ()
    told = " and no ".join(missing)
    sentence = f"{facts.seller.name} has no {told} on its letterhead: add it under Govern › Legal entities."
    evidence = {"entity": facts.entity, "missing": missing}
    cause = f"seller.incomplete:{facts.entity}"
    return (Finding("seller.incomplete", "blocking", sentence, evidence, facts.total_minor, cause),)


def _missing(facts: Facts, seller: SellerFacts) -> Iterator[str]:
    if not seller.tax_id and _states_vat(facts):
        yield "VAT id"
    if not seller.address:
        yield "postal address"


def account_is_named(facts: Facts) -> tuple[Finding, ...]:
    """What is to be transferred needs an account to go to; a payer who knows it from before can pay nevertheless."""
    seller = facts.seller
    if seller is None or seller.payment_instructions or facts.is_collected or facts.total_minor <= 0:
        return ()
    sentence = (
        f"{seller.name} names no account on its letterhead, but the invoice asks for a transfer: add payment "
        "instructions under Govern › Legal entities."
    )
    evidence = {"entity": facts.entity, "missing": ["payment instructions"]}
    cause = f"seller.no_account:{facts.entity}"
    return (Finding("seller.no_account", "warning", sentence, evidence, facts.total_minor, cause),)


def _states_vat(facts: Facts) -> bool:
    """Whether VAT is charged, or is the customer's to account for."""
    country = facts.bill_to_country or (facts.customer.country if facts.customer else None)
    has_vat = needs_tax_id(facts.entity_country, facts.entity_country)
    return has_vat and (facts.tax_minor != 0 or is_reverse_charge(facts.entity_country, country))


SELLER_RULES: tuple[Rule, ...] = (letterhead_is_whole, account_is_named)
