"""Frozen, provider-free records: what every outside fact is translated into, with the raw original kept beside it."""

from core.canonical.records import (
    CanonicalRecord,
    ContractRecord,
    CreditMemoRecord,
    CustomerRecord,
    DisputeRecord,
    DocumentLineRecord,
    EntityRecord,
    ExchangeRate,
    InvoiceRecord,
    LedgerRecord,
    OrderLineRecord,
    PaymentRecord,
    ProductRecord,
)

__all__ = [
    "CanonicalRecord",
    "ContractRecord",
    "CreditMemoRecord",
    "CustomerRecord",
    "DisputeRecord",
    "DocumentLineRecord",
    "EntityRecord",
    "ExchangeRate",
    "InvoiceRecord",
    "LedgerRecord",
    "OrderLineRecord",
    "PaymentRecord",
    "ProductRecord",
]
