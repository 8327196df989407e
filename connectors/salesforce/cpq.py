"""Lines of contracts in an org with Salesforce CPQ, where a contract's promises are its subscriptions. Pure.

An amendment is a row of its own with the difference in quantity, and names what it revises: the rows of a chain add
up, and none of them is a second version of another. A row that was terminated promises nothing any more.
`SBQQ__StartDate__c` and `SBQQ__EndDate__c` are formulas that are always filled, unlike the dates that people type.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from connectors.salesforce import shapes
from connectors.salesforce.names import SOURCE
from connectors.salesforce.pricing import KINDS, TIMINGS, word
from connectors.shapes import Records
from core.canonical import ChargeTerms, OrderLineRecord

CPQ_OBJECT = "SBQQ__Subscription__c"
CPQ_FIELDS = (
    "SBQQ__Contract__c SBQQ__Product__r.ProductCode SBQQ__ProductName__c SBQQ__Quantity__c SBQQ__NetPrice__c "
    "SBQQ__StartDate__c SBQQ__EndDate__c SBQQ__TerminatedDate__c SBQQ__RootId__c SBQQ__RevisedSubscription__c "
    "SBQQ__QuoteLine__r.SBQQ__ChargeType__c SBQQ__QuoteLine__r.SBQQ__BillingType__c "
    "SBQQ__QuoteLine__r.SBQQ__BillingFrequency__c"
)
_MONTHS = {"Monthly": "1", "Quarterly": "3", "Semiannual": "6", "Annual": "12"}


def subscription_line(payload: dict[str, Any]) -> Records:
    """The line behind a subscription; its price is per unit and month."""
    found = shapes.CpqSubscription.model_validate(payload)
    if found.SBQQ__Contract__c is None:
        return ()
    code = found.SBQQ__Product__r.ProductCode if found.SBQQ__Product__r else None
    if not code:
        raise ValueError(f"The subscription to {found.SBQQ__ProductName__c or 'something'} has no product code")
    is_over = found.IsDeleted or found.SBQQ__TerminatedDate__c is not None
    start = found.SBQQ__StartDate__c
    root = found.SBQQ__RootId__c or found.SBQQ__RevisedSubscription__c
    line = OrderLineRecord(
        source=SOURCE,
        source_ref=found.Id,
        contract_ref=found.SBQQ__Contract__c,
        product_code=code,
        quantity=Decimal(0) if is_over else found.SBQQ__Quantity__c,
        unit_price=found.SBQQ__NetPrice__c,
        starts_on=start,
        ends_on=start - timedelta(days=1) if is_over else found.SBQQ__EndDate__c,
        root_ref=None if root == found.Id else root,
        description=found.SBQQ__ProductName__c,
        charge=_charge(found.SBQQ__QuoteLine__r),
    )
    return (line,)


def _charge(quote_line: shapes.CpqQuoteLine | None) -> ChargeTerms:
    """What the quote said about billing; usage is told by its meter, which CPQ does not know."""
    if quote_line is None:
        return ChargeTerms()
    months = word(quote_line.SBQQ__BillingFrequency__c, _MONTHS, "billing frequency")
    kind = word(quote_line.SBQQ__ChargeType__c, KINDS, "kind of charge")
    if kind == "usage":
        raise ValueError("Usage is sold through CPQ, which names no meter: sell it by an order line")
    stated: dict[str, Any] = {
        "kind": kind,
        "timing": word(quote_line.SBQQ__BillingType__c, TIMINGS, "billing type"),
        "frequency_months": int(months) if months else None,
    }
    return ChargeTerms(**{name: value for name, value in stated.items() if value is not None})
