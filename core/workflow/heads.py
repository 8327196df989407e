"""What an invoice of the house says beside its amounts: whom it is for, and how its contract wants it paid."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from core.db.tables import Contract, Customer, Document

_DEFAULT_TERMS_DAYS = 30
# What a person put on an invoice about its buyer does not hold for another one.
_OF_BUYER = frozenset({"tax_id", "bill_to"})


def head_of(contract: Contract, customer: Customer, issued: date) -> dict[str, Any]:
    terms = next((days for days in (contract.terms_days, customer.terms_days) if days is not None), _DEFAULT_TERMS_DAYS)
    return {
        "entity": customer.entity,
        "customer_id": customer.id,
        "customer_name": customer.name,
        "currency": contract.currency,
        "due_date": issued + timedelta(days=terms),
        "po_number": contract.po_number,
        "tax_id": customer.tax_id,
        "bill_to": customer.address,
        "bill_to_country": customer.country,
        "collection_method": "charge_automatically" if customer.pays_by == "card" else "send_invoice",
    }


def is_for(row: Document, contract: Contract, customer: Customer) -> bool:
    """Whether it asks this customer, in the money of the contract."""
    wanted = (customer.id, customer.entity, contract.currency)
    return (row.customer_id, row.entity, row.currency) == wanted


def put_head(row: Document, head: dict[str, Any]) -> None:
    """What a person put right on the invoice stands, as far as it is about the same buyer."""
    if row.customer_id != head["customer_id"]:
        row.corrections = {name: value for name, value in row.corrections.items() if name not in _OF_BUYER}
    for name, value in head.items():
        if name not in row.corrections:
            setattr(row, name, value)
