"""What was sold: opportunities and their quotes. Pure.

A deleted opportunity is no longer won, and a deleted quote is none that anything stands for. Totals are net of tax:
`GrandTotal` of a quote has tax and shipping in it, `TotalPrice` has not.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.salesforce import shapes
from connectors.salesforce.names import SOURCE
from connectors.shapes import Records
from core.canonical import OpportunityRecord, QuoteRecord
from core.kit.money import to_minor

OPPORTUNITY_FIELDS = "AccountId Name StageName CloseDate Amount IsWon ContractId CurrencyIsoCode"
QUOTE_FIELDS = "OpportunityId QuoteNumber Status IsSyncing TotalPrice ExpirationDate PO_Number__c CurrencyIsoCode"
CPQ_QUOTE = "SBQQ__Quote__c"
CPQ_QUOTE_FIELDS = (
    "Name SBQQ__Opportunity2__c SBQQ__Status__c SBQQ__Primary__c SBQQ__NetAmount__c SBQQ__ExpirationDate__c "
    "PO_Number__c CurrencyIsoCode"
)
_ACCEPTED = "Accepted"


def opportunity(payload: dict[str, Any]) -> Records:
    found = shapes.Opportunity.model_validate(payload)
    deal = OpportunityRecord(
        source=SOURCE,
        source_ref=found.Id,
        name=found.Name,
        customer_ref=found.AccountId,
        contract_ref=found.ContractId,
        stage="Deleted" if found.IsDeleted else found.StageName,
        is_won=found.IsWon and not found.IsDeleted,
        closes_on=found.CloseDate,
        currency=found.CurrencyIsoCode,
        amount_minor=_minor(found.Amount, found.CurrencyIsoCode),
    )
    return (deal,)


def quote(payload: dict[str, Any]) -> Records:
    found = shapes.Quote.model_validate(payload)
    if found.OpportunityId is None:
        return ()
    offer = QuoteRecord(
        source=SOURCE,
        source_ref=found.Id,
        opportunity_ref=found.OpportunityId,
        number=found.QuoteNumber,
        status="Deleted" if found.IsDeleted else found.Status or "None",
        is_chosen=not found.IsDeleted and (found.IsSyncing or found.Status == _ACCEPTED),
        currency=found.CurrencyIsoCode,
        total_minor=_minor(found.TotalPrice, found.CurrencyIsoCode),
        po_number=found.PO_Number__c,
        expires_on=found.ExpirationDate,
    )
    return (offer,)


def cpq_quote(payload: dict[str, Any]) -> Records:
    """The net amount is over the whole term, and is right once the quote was calculated."""
    found = shapes.CpqQuote.model_validate(payload)
    if found.SBQQ__Opportunity2__c is None:
        return ()
    offer = QuoteRecord(
        source=SOURCE,
        source_ref=found.Id,
        opportunity_ref=found.SBQQ__Opportunity2__c,
        number=found.Name,
        status="Deleted" if found.IsDeleted else found.SBQQ__Status__c or "None",
        is_chosen=found.SBQQ__Primary__c and not found.IsDeleted,
        currency=found.CurrencyIsoCode,
        total_minor=_minor(found.SBQQ__NetAmount__c, found.CurrencyIsoCode),
        po_number=found.PO_Number__c,
        expires_on=found.SBQQ__ExpirationDate__c,
    )
    return (offer,)


def _minor(amount: Decimal | None, currency: str) -> int | None:
    return None if amount is None else to_minor(amount, currency)
