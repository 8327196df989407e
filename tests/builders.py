"""Records with sensible defaults; name only what the test is about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from core.canonical import (
    ContractRecord,
    CreditMemoRecord,
    CustomerRecord,
    DisputeRecord,
    DocumentLineRecord,
    EntityRecord,
    ExchangeRate,
    InvoiceRecord,
    LedgerRecord,
    OpportunityRecord,
    OrderLineRecord,
    PaymentRecord,
    ProductRecord,
    QuoteRecord,
)

CRM, PAYMENTS, LEDGER = "salesforce", "stripe", "netsuite"
CRM_CUSTOMER, PAYMENTS_CUSTOMER = "001A", "cus_1"
ISSUED, DUE = date(2026, 10, 1), date(2026, 10, 31)


def customer(**facts: Any) -> CustomerRecord:
    """The customer as the CRM knows it."""
    defaults: dict[str, Any] = {
        "source": CRM,
        "source_ref": CRM_CUSTOMER,
        "crm_ref": None,
        "number": "C-1001",
        "name": "Nordlicht Logistik GmbH",
        "entity": "DE",
        "segment": "Mid-market",
        "currency": "EUR",
        "country": "DE",
        "address": "Hafenstraße 4, 20457 Hamburg",
        "email": "billing@nordlicht.example",
        "tax_id": "DE811234565",
        "is_po_required": False,
        "terms_days": 30,
        "is_on_hold": False,
        "owner": "Erika Lund",
    }
    return CustomerRecord(**{**defaults, **facts})


def payer(**facts: Any) -> CustomerRecord:
    """The same customer as the payment platform knows it."""
    return customer(**{"source": PAYMENTS, "source_ref": PAYMENTS_CUSTOMER, "crm_ref": CRM_CUSTOMER, **facts})


def entity(**facts: Any) -> EntityRecord:
    """A legal entity with all that its letters need."""
    return EntityRecord(
        **{
            "source": LEDGER,
            "source_ref": "4",
            "code": "DE",
            "name": "Halden GmbH",
            "country": "DE",
            "currency": "EUR",
            "address": "Speicherstraße 12, 20457 Hamburg",
            "tax_id": "DE811234565",
            "payment_instructions": "Hafenbank Hamburg\nIBAN DE17 1005 0000 0190 2876 55 · BIC BELADEBE",
            **facts,
        }
    )


def product(**facts: Any) -> ProductRecord:
    return ProductRecord(
        **{"source": CRM, "source_ref": "01tCORE", "code": "HC-CORE", "name": "Halden Core seats", **facts}
    )


def contract(**facts: Any) -> ContractRecord:
    return ContractRecord(
        **{
            "source": CRM,
            "source_ref": "800A",
            "number": "CT-5001",
            "customer_ref": CRM_CUSTOMER,
            "status": "active",
            "starts_on": date(2026, 1, 1),
            "ends_on": date(2026, 12, 31),
            "currency": "EUR",
            "po_number": None,
            "terms_days": 30,
            "discount_percent": Decimal(0),
            "discount_ends_on": None,
            "billing_frequency": "monthly",
            **facts,
        }
    )


def order_line(**facts: Any) -> OrderLineRecord:
    return OrderLineRecord(
        **{
            "source": CRM,
            "source_ref": "802A",
            "contract_ref": "800A",
            "product_code": "HC-CORE",
            "quantity": Decimal(10),
            "unit_price": Decimal("20.00"),
            "starts_on": date(2026, 1, 1),
            "ends_on": date(2026, 12, 31),
            **facts,
        }
    )


def opportunity(**facts: Any) -> OpportunityRecord:
    """Won for what `contract` and `order_line` come to: 10 seats at 20.00 for a year."""
    return OpportunityRecord(
        **{
            "source": CRM,
            "source_ref": "006A",
            "name": "Nordlicht Logistik: first year",
            "customer_ref": CRM_CUSTOMER,
            "contract_ref": "800A",
            "stage": "Closed Won",
            "is_won": True,
            "closes_on": date(2025, 12, 20),
            "currency": "EUR",
            "amount_minor": 240_000,
            "address": "https://crm.example/006A",
            **facts,
        }
    )


def quote(**facts: Any) -> QuoteRecord:
    return QuoteRecord(
        **{
            "source": CRM,
            "source_ref": "0Q0A",
            "opportunity_ref": "006A",
            "number": "Q-77",
            "status": "Accepted",
            "is_chosen": True,
            "currency": "EUR",
            "total_minor": 240_000,
            "po_number": "PO-77",
            "expires_on": date(2026, 1, 19),
            "address": "https://crm.example/0Q0A",
            **facts,
        }
    )


def line(**facts: Any) -> DocumentLineRecord:
    """10 seats at 20.00 for one month, 19 % tax."""
    return DocumentLineRecord(
        **{
            "product_code": "HC-CORE",
            "description": "Halden Core seats",
            "quantity": Decimal(10),
            "unit_price": Decimal("20.00"),
            "amount_minor": 20_000,
            "discount_minor": 0,
            "tax_minor": 3_800,
            "period_start": ISSUED,
            "period_end": DUE,
            **facts,
        }
    )


def invoice(**facts: Any) -> InvoiceRecord:
    """An open invoice whose totals follow its lines unless they are stated."""
    lines = tuple(facts.pop("lines", (line(),)))
    subtotal = sum(each.amount_minor for each in lines)
    discount = sum(each.discount_minor for each in lines)
    tax = sum(each.tax_minor for each in lines)
    return InvoiceRecord(
        **{
            "source": PAYMENTS,
            "source_ref": "in_1",
            "number": "HC-000001",
            "status": "open",
            "customer_ref": PAYMENTS_CUSTOMER,
            "customer_name": "Nordlicht Logistik GmbH",
            "contract_number": "CT-5001",
            "entity": "DE",
            "currency": "EUR",
            "issue_date": ISSUED,
            "due_date": DUE,
            "period_start": ISSUED,
            "period_end": DUE,
            "lines": lines,
            "subtotal_minor": subtotal,
            "discount_minor": discount,
            "tax_minor": tax,
            "total_minor": subtotal - discount + tax,
            "po_number": None,
            "tax_id": "DE811234565",
            "bill_to": "Hafenstraße 4, 20457 Hamburg",
            "bill_to_country": "DE",
            "collection_method": "send_invoice",
            **facts,
        }
    )


def credit_memo(**facts: Any) -> CreditMemoRecord:
    return CreditMemoRecord(
        **{
            "source": PAYMENTS,
            "source_ref": "cn_1",
            "number": "HC-000001-CN-01",
            "invoice_ref": "in_1",
            "status": "issued",
            "customer_ref": PAYMENTS_CUSTOMER,
            "currency": "EUR",
            "issue_date": date(2026, 10, 15),
            "total_minor": 5_000,
            "tax_minor": 798,
            "reason": "order_change",
            **facts,
        }
    )


def payment(**facts: Any) -> PaymentRecord:
    return PaymentRecord(
        **{
            "source": PAYMENTS,
            "source_ref": "inpay_1",
            "invoice_ref": "in_1",
            "customer_ref": PAYMENTS_CUSTOMER,
            "currency": "EUR",
            "amount_minor": 23_800,
            "received_on": date(2026, 10, 20),
            "method": "card",
            **facts,
        }
    )


def dispute(**facts: Any) -> DisputeRecord:
    return DisputeRecord(
        **{
            "source": CRM,
            "source_ref": "500A",
            "kind": "customer",
            "number": "00001042",
            "invoice_ref": None,
            "invoice_number": "HC-000001",
            "payment_ref": None,
            "customer_ref": CRM_CUSTOMER,
            "reason": "price",
            "sentence": "We agreed on another price.",
            "currency": "EUR",
            "amount_minor": 5_000,
            "state": "open",
            "opened_at": datetime(2026, 10, 12, 9, 0, tzinfo=UTC),
            "due_at": None,
            "closed_at": None,
            **facts,
        }
    )


def ledger_record(**facts: Any) -> LedgerRecord:
    """The invoice as the ledger already holds it."""
    return LedgerRecord(
        **{
            "source": LEDGER,
            "source_ref": "7001",
            "kind": "invoice",
            "key": "stripe_in_1",
            "number": "INV7001",
            "currency": "EUR",
            "total_minor": 23_800,
            "open_minor": 23_800,
            "dated_on": ISSUED,
            "modified_at": datetime(2026, 10, 2, 8, 0, tzinfo=UTC),
            **facts,
        }
    )


def rate(**facts: Any) -> ExchangeRate:
    """One euro is 1.10 dollars."""
    return ExchangeRate(
        **{
            "source": LEDGER,
            "source_ref": "EUR-2026-10-01",
            "base": "USD",
            "currency": "EUR",
            "day": ISSUED,
            "rate": Decimal("1.10"),
            **facts,
        }
    )
