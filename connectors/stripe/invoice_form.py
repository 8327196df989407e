"""Our documents as Stripe's forms. Pure: the same document makes the same form, or its idempotency keys would clash."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from core.kit.money import exponent
from core.ports import LedgerDocument, LedgerLine, TaxLine

Doc = dict[str, Any]
_LONGEST = 500
_REASONS = {"reverse_charge": "reverse_charge", "exempt": "customer_exempt", "no_nexus": "not_collecting"}


def customer_form(document: LedgerDocument) -> Doc:
    """A customer that Stripe does not know yet; its link comes back with the CRM's id."""
    buyer = document.buyer
    form: Doc = {"metadata": {"sf_account_id": document.customer_ref, "legal_entity": document.entity}}
    if buyer is not None:
        form |= {"name": buyer.name} | ({"email": buyer.email} if buyer.email else {})
    return form


def invoice_form(document: LedgerDocument, customer: str, can_be_charged: bool) -> Doc:
    """A draft under our number. Without a payment method on file Stripe sends the invoice and lets the customer pay."""
    form: Doc = {
        "customer": customer,
        "currency": document.currency.lower(),
        "number": document.number,
        "auto_advance": False,
        "pending_invoice_items_behavior": "exclude",
        "metadata": _metadata(document),
        "effective_at": _unix(document.issue_date),
    }
    if can_be_charged:
        return form | {"collection_method": "charge_automatically"}
    days = max((document.due_date - document.issue_date).days, 0)
    return form | {"collection_method": "send_invoice", "days_until_due": days}


def _metadata(document: LedgerDocument) -> Doc:
    """`house_document` lets what comes back find our document; the other names are those that other invoices carry."""
    found = {
        "house_document": document.document_id,
        "house_key": document.key,
        "house_number": document.number,
        "contract_number": document.contract_number,
        "legal_entity": document.entity,
        "po_number": document.po_number,
    }
    return {name: value[:_LONGEST] for name, value in found.items() if value}


def line_forms(document: LedgerDocument) -> list[Doc]:
    """Our amounts and our tax, line by line: Stripe works nothing out."""
    return [_line(line, document) for line in document.lines]


def _line(line: LedgerLine, document: LedgerDocument) -> Doc:
    form: Doc = {"amount": line.net_minor, "description": _described(line, document.currency)}
    if line.product_code:
        form["metadata"] = {"product_code": line.product_code}
    if line.period_start and line.period_end and line.period_end > line.period_start:
        form["period"] = {"start": _unix(line.period_start), "end": _unix(line.period_end)}
    tax = _tax_of(line, document.taxes)
    if line.tax_minor or tax is not None:
        form["tax_amounts"] = [_tax_amount(line, tax)]
    return form


def _described(line: LedgerLine, currency: str) -> str:
    name = line.description or line.product_code or "Item"
    if line.quantity == 1 or not line.unit_price:
        return name[:_LONGEST]
    return f"{name} ({line.quantity.normalize():f} × {_price(line.unit_price, currency)})"[:_LONGEST]


def _price(price: Decimal, currency: str) -> str:
    """With the currency's digits at least."""
    short = price.normalize()
    digits = max(exponent(currency), -int(short.as_tuple().exponent))
    return f"{short:.{digits}f}"


def _tax_of(line: LedgerLine, taxes: tuple[TaxLine, ...]) -> TaxLine | None:
    return next((tax for tax in taxes if tax.percent == line.tax_percent), None)


def _tax_amount(line: LedgerLine, tax: TaxLine | None) -> Doc:
    rate: Doc = {
        "display_name": tax.name if tax else "Tax",
        "inclusive": False,
        "percentage": str(line.tax_percent),
    }
    if tax is not None:
        rate["jurisdiction"] = tax.jurisdiction
    form: Doc = {"amount": line.tax_minor, "taxable_amount": line.net_minor, "tax_rate_data": rate}
    if tax is not None and tax.reason in _REASONS:
        form["taxability_reason"] = _REASONS[tax.reason]
    return form


def credit_form(document: LedgerDocument, open_minor: int) -> Doc:
    """What is paid already goes to the customer's balance; the rest lowers what is due."""
    form: Doc = {
        "invoice": document.corrects_ref,
        "amount": document.total_minor,
        "memo": f"Credit memo {document.number}",
        "metadata": _metadata(document),
    }
    paid = document.total_minor - open_minor
    return form | ({"credit_amount": paid} if paid > 0 else {})


def _unix(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
