"""Documents to put on paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from core.ports import LedgerDocument, LedgerLine, Party, TaxLine

SELLER = Party("Halden GmbH", ("Speicherstraße 12", "10961 Berlin", "Germany"), "DE811234565", "billing@halden.example")
BUYER = Party(
    "Łódzka Żegluga „Wisła” sp. z o.o.",
    ("ul. Piotrkowska 104", "90-926 Łódź", "Poland"),
    "PL5260250995",
    "ap@wisla.example",
)


def line(**facts: Any) -> LedgerLine:
    """120 seats at 20.00 for November, less 10 %."""
    made = LedgerLine(
        product_code="HC-CORE",
        description="Halden Core seats",
        quantity=Decimal(120),
        net_minor=216_000,
        tax_minor=41_040,
        tax_percent=Decimal(19),
        unit_price=Decimal(20),
        discount_minor=24_000,
        period_start=date(2026, 11, 1),
        period_end=date(2026, 12, 1),
        arithmetic="120 × 20.00 × 1 month, less 10 %",
    )
    return replace(made, **facts)


def letter(**facts: Any) -> LedgerDocument:
    """An invoice whose total and taxes follow its lines unless they are stated."""
    lines = facts.pop("lines", (line(),))
    net, tax = sum(each.net_minor for each in lines), sum(each.tax_minor for each in lines)
    made = LedgerDocument(
        key="house_CT-5001-20261101",
        kind="invoice",
        number="DE-2026-000123",
        entity="DE",
        customer_ref="001A",
        currency="EUR",
        issue_date=date(2026, 11, 2),
        due_date=date(2026, 12, 2),
        po_number="PO-4711",
        memo="",
        lines=lines,
        total_minor=net + tax,
        document_id="7f0e7c5c-3a9a-5b0e-9d0c-111111111111",
        contract_number="CT-5001",
        period_start=date(2026, 11, 1),
        period_end=date(2026, 12, 1),
        terms_days=30,
        taxes=(TaxLine("DE", "VAT", Decimal(19), net, tax, "standard"),),
        seller=SELLER,
        buyer=BUYER,
        payment_instructions="Berliner Bank\nIBAN DE89 3704 0044 0532 0130 00",
        view_token="token",
    )
    return replace(made, **facts)
