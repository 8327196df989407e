"""What a letter says, in words: amounts, days, quantities, and why a tax is what it is."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from babel.numbers import format_decimal

from core.kit.money import exponent, format_minor
from core.ports import LedgerDocument, TaxLine

_REASONS = {
    "reverse_charge": "{name} reverse charge: the customer accounts for the tax",
    "exempt": "Exempt from {name}",
    "export": "Export: no {name} is charged",
    "no_nexus": "No {name} is due in {place}",
    "not_taxable": "Not subject to {name} in {place}",
}
_EU_RULE = "Article 196 of Council Directive 2006/112/EC"


def title(document: LedgerDocument) -> str:
    return "Credit memo" if document.kind == "credit_memo" else "Invoice"


def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def period(start: date | None, end: date | None) -> str:
    """A period is told by its first and last day; `end` is the first day after."""
    if start is None or end is None:
        return ""
    last = end - timedelta(days=1)
    return day(start) if last <= start else f"{day(start)} – {day(last)}"


def amount(minor: int, currency: str) -> str:
    """Negative amounts carry a real minus sign."""
    return format_minor(minor, currency).replace("-", "−")


def unit_price(price: Decimal, currency: str) -> str:
    """With the currency's digits, and with more where the price has more."""
    digits = exponent(currency)
    pattern = "#,##0." + "0" * digits + "#" * (10 - digits) if digits else "#,##0.##########"
    return format_decimal(price, format=pattern, locale="en_US").replace("-", "−")


def quantity(value: Decimal) -> str:
    return format_decimal(value, format="#,##0.##########", locale="en_US").replace("-", "−")


def percent(value: Decimal) -> str:
    return f"{value.normalize():f} %"


def tax(line: TaxLine, currency: str) -> str:
    """The label of a tax line: what, where, how much of what, or why not."""
    place = line.jurisdiction
    if line.reason == "standard":
        return f"{line.name} {percent(line.percent)} ({place}) on {amount(line.taxable_minor, currency)}"
    sentence = _REASONS.get(line.reason, "{name} is not charged")
    name = "tax" if line.name == "No tax" else line.name
    told = sentence.format(name=_vat_of(line) if line.reason == "reverse_charge" else name, place=place)
    return told[:1].upper() + told[1:]


def _vat_of(line: TaxLine) -> str:
    return "VAT" if line.name == "No tax" else line.name


def reverse_charge(document: LedgerDocument) -> str | None:
    """What the law wants said when the customer accounts for the tax; None when nobody has to."""
    if not any(line.reason == "reverse_charge" for line in document.taxes):
        return None
    seller = document.seller.tax_id if document.seller else None
    buyer = document.buyer.tax_id if document.buyer else None
    ids = [f"supplier {seller}" if seller else "", f"customer {buyer}" if buyer else ""]
    told = " · ".join(part for part in ids if part)
    return f"Reverse charge: the customer accounts for the VAT ({_EU_RULE})." + (f" VAT ids: {told}." if told else "")


def terms(document: LedgerDocument) -> str | None:
    days = document.terms_days
    if days is None:
        return None
    return "Due on receipt" if days == 0 else f"{days} days net"


def payment(document: LedgerDocument) -> tuple[str, ...]:
    """How to pay, or that there is nothing to do."""
    if document.kind == "credit_memo":
        number = f" invoice {document.corrects_number}" if document.corrects_number else " what is open"
        return (f"This amount is credited against{number}. Nothing is to be paid.",)
    if document.total_minor == 0:
        return ("Nothing is to be paid.",)
    if document.pays_by == "card":
        return ("This invoice is collected from your payment method on file. Please do not transfer it as well.",)
    reference = f"Please pay by {day(document.due_date)} and state the reference {document.number}."
    instructions = tuple((document.payment_instructions or "").splitlines())
    return (reference, *instructions)
