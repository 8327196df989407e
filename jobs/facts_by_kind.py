"""Facts of many records under the command's field for their kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.canonical import (
    CanonicalRecord,
    ContractRecord,
    CreditMemoRecord,
    CustomerRecord,
    DatedRecord,
    DeliveryNotice,
    DisputeRecord,
    EntityRecord,
    ExchangeRate,
    InvoiceRecord,
    LedgerRecord,
    MeterRecord,
    OpportunityRecord,
    OrderLineRecord,
    PaymentRecord,
    ProductRecord,
    QuoteRecord,
    SubscriptionRecord,
)

# Tuples of records under the names of the fields of RecordFacts.
Facts = Mapping[str, Any]

FIELDS: dict[type[CanonicalRecord], str] = {
    EntityRecord: "entities",
    ExchangeRate: "rates",
    ProductRecord: "products",
    CustomerRecord: "customers",
    ContractRecord: "contracts",
    OrderLineRecord: "order_lines",
    OpportunityRecord: "opportunities",
    QuoteRecord: "quotes",
    SubscriptionRecord: "subscriptions",
    MeterRecord: "meters",
    LedgerRecord: "ledger",
    InvoiceRecord: "invoices",
    CreditMemoRecord: "credit_memos",
    PaymentRecord: "payments",
    DisputeRecord: "disputes",
    DeliveryNotice: "notices",
}
# How far an invoice, credit memo or dispute has come. What was sent earlier may arrive later, and brings nothing back.
_STAGES = {"draft": 0, "open": 1, "uncollectible": 1, "issued": 1, "paid": 2, "void": 3, "deleted": 3}
_DISPUTE_STAGES = {"open": 0, "rejected": 0, "withdrawn": 0, "upheld": 1}


def by_kind(facts: Iterable[CanonicalRecord]) -> Facts:
    """Of the same record only the one that is furthest on, and of those the latest."""
    latest: dict[tuple[type[CanonicalRecord], str, str], CanonicalRecord] = {}
    for fact in facts:
        key = (type(fact), fact.source, fact.source_ref)
        known = latest.pop(key, fact)
        latest[key] = known if _is_behind(fact, known) else fact
    fields: dict[str, list[CanonicalRecord]] = {}
    for fact in latest.values():
        fields.setdefault(FIELDS[type(fact)], []).append(fact)
    return {name: tuple(records) for name, records in fields.items()}


def _is_behind(fact: CanonicalRecord, known: CanonicalRecord) -> bool:
    if not (isinstance(fact, DatedRecord) and isinstance(known, DatedRecord)):
        return False
    if _stage(fact) != _stage(known):
        return _stage(fact) < _stage(known)
    return fact.told_at is not None and known.told_at is not None and fact.told_at < known.told_at


def _stage(fact: DatedRecord) -> int:
    if isinstance(fact, DisputeRecord):
        return _DISPUTE_STAGES[fact.state]
    return _STAGES[fact.status] if isinstance(fact, InvoiceRecord | CreditMemoRecord) else 0
