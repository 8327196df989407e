"""Our questions as AvaTax's transactions, and its transactions as our answers. Pure."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from hashlib import blake2b

from connectors.avatax.client import TITLE, Doc
from connectors.avatax.config import Config
from connectors.avatax.shapes import Address, Detail, Line, Transaction
from core.kit.money import format_minor, to_decimal, to_minor
from core.ports import LedgerDocument, LineTax, Place, Rejected, TaxAnswer, TaxQuestion

TYPES = {"invoice": "SalesInvoice", "credit_memo": "ReturnInvoice", "void": "SalesInvoice"}
# A taking back has a key of its own: that of the document, with this behind it.
VOID_ENDING = ".void"
_LONGEST_CODE = 50
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]")
# Of a state or country the place itself says enough.
_WHOLE = ("STA", "State", "CNT", "Country")


def code_of(key: str) -> str:
    """The document code: the key itself where it needs no escaping in an address, else a readable part and a digest."""
    key = key.removesuffix(VOID_ENDING)
    if len(key) <= _LONGEST_CODE and not _UNFIT.search(key):
        return key
    digest = blake2b(key.encode(), digest_size=6).hexdigest()
    return f"{_UNFIT.sub('-', key)[: _LONGEST_CODE - len(digest) - 1]}-{digest}"


def transaction(question: TaxQuestion, config: Config, today: date) -> Doc:
    """A credit memo is a return: its amounts are negative there, taxed as on the day of its invoice."""
    is_return = question.kind == "credit_memo"
    sign = -1 if is_return else 1
    lines = [
        {
            "number": line.key,
            "quantity": 1,
            "amount": to_decimal(sign * line.net_minor, question.currency),
            "taxCode": config.tax_codes.get(line.product_code, config.tax_code),
            "itemCode": line.product_code[:50],
            "description": line.description[:255],
        }
        for line in question.lines
    ]
    body: Doc = {
        "type": TYPES[question.kind],
        "companyCode": config.company_code,
        "code": code_of(question.key),
        "date": (today if is_return else question.tax_date).isoformat(),
        "customerCode": question.customer_ref[:50],
        "currencyCode": question.currency,
        "commit": False,
        "addresses": {"shipFrom": _address(question.seller), "shipTo": _address(question.buyer)},
        "lines": lines,
    }
    if is_return:
        body["taxOverride"] = _dated(question.tax_date)
    if question.buyer_tax_id:
        body["businessIdentificationNo"] = question.buyer_tax_id[:25]
    if question.is_exempt:
        body["exemptionNo"] = "EXEMPT"
    return body


def _dated(day: date) -> Doc:
    return {"type": "TaxDate", "taxDate": day.isoformat(), "reason": "Corrects an invoice of that day"}


def _address(place: Place) -> Doc:
    told = {
        "line1": place.line[:50] if place.line else None,
        "city": place.city,
        "region": place.region,
        "country": place.country,
        "postalCode": place.postal_code,
    }
    return {name: value for name, value in told.items() if value}


def answer(found: Transaction, question: TaxQuestion) -> TaxAnswer:
    """Raises Rejected when the sums do not agree: such an answer must not get onto an invoice."""
    sign = -1 if question.kind == "credit_memo" else 1
    check_sums(found)
    _check_lines(found, question)
    taxes = tuple(tax for line in found.lines for tax in _taxes(line, question, sign))
    remarks = [message.summary for message in found.messages if message.summary and message.severity != "Success"]
    if not any(tax.tax_minor for tax in taxes):
        remarks.append(f"{TITLE} says that no tax is due.")
    return TaxAnswer(taxes, tuple(remarks))


def check_sums(found: Transaction) -> None:
    lines = sum((line.tax for line in found.lines), Decimal(0))
    if lines != found.total_tax:
        told = f"The lines of {TITLE}'s answer bear {lines} of tax, its total is {found.total_tax}."
        raise Rejected(told, "sums_differ")
    for line in found.lines:
        details = sum((detail.tax for detail in line.details), Decimal(0))
        if line.details and details != line.tax:
            told = f"Line {line.line_number} of {TITLE}'s answer bears {line.tax} of tax, its parts come to {details}."
            raise Rejected(told, "sums_differ")


def _check_lines(found: Transaction, question: TaxQuestion) -> None:
    asked, told = [line.key for line in question.lines], [line.line_number for line in found.lines]
    if sorted(asked) != sorted(told):
        raise Rejected(f"{TITLE} answered about other lines than it was asked about.", "lines_differ")


def _taxes(line: Line, question: TaxQuestion, sign: int) -> tuple[LineTax, ...]:
    details = [detail for detail in line.details if detail.tax or detail.taxable_amount]
    if details:
        return tuple(_tax(line, detail, question.currency, sign) for detail in details)
    buyer = question.buyer
    jurisdiction = f"{buyer.country}-{buyer.region}" if buyer.region else buyer.country
    reason = "exempt" if question.is_exempt else "not_taxable" if line.details else "no_nexus"
    return (LineTax(line.line_number, jurisdiction, "No tax", Decimal(0), 0, 0, reason),)


def _tax(line: Line, detail: Detail, currency: str, sign: int) -> LineTax:
    region = f"{detail.country}-{detail.region}" if detail.region else detail.country
    jurisdiction = region if detail.juris_type in _WHOLE or not detail.juris_name else f"{region} {detail.juris_name}"
    return LineTax(
        line.line_number,
        jurisdiction,
        detail.tax_name,
        (detail.rate * 100).normalize(),
        sign * to_minor(detail.taxable_amount, currency),
        sign * to_minor(detail.tax, currency),
        "standard",
    )


def totals_of(found: Transaction) -> tuple[int, int]:
    """Total with tax, and the tax, in minor units; of a return without its sign."""
    currency = found.currency_code
    return abs(to_minor(found.total_amount + found.total_tax, currency)), abs(to_minor(found.total_tax, currency))


def tax_of(document: LedgerDocument) -> int:
    return abs(sum(line.tax_minor for line in document.lines))


def differing_tax(document: LedgerDocument, theirs: int) -> Rejected:
    ours = format_minor(tax_of(document), document.currency)
    told = f"The tax of {document.number} is {ours} here and {format_minor(theirs, document.currency)} in {TITLE}."
    return Rejected(told, "tax_differs")


def return_of(document: LedgerDocument, corrected: Transaction, config: Config) -> Doc:
    """A credit memo as the return of an invoice that AvaTax knows, between the same places. The tax is what we give
    back: a share of what was charged, which worked out anew could differ by a cent."""
    lines = [
        {
            "number": str(position),
            "quantity": 1,
            "amount": -to_decimal(abs(line.net_minor), document.currency),
            "taxOverride": {
                "type": "TaxAmount",
                "taxAmount": -to_decimal(abs(line.tax_minor), document.currency),
                "taxDate": corrected.date.isoformat(),
                "reason": "Gives back what was charged",
            },
            "taxCode": config.tax_codes.get(line.product_code, config.tax_code),
            "itemCode": line.product_code[:50],
            "description": line.description[:255],
        }
        for position, line in enumerate(document.lines, start=1)
    ]
    by_id = {address.id: address for address in corrected.addresses}
    ends = {"shipFrom": corrected.origin_address_id, "shipTo": corrected.destination_address_id}
    return {
        "type": TYPES["credit_memo"],
        "companyCode": config.company_code,
        "code": code_of(document.key),
        "date": document.issue_date.isoformat(),
        "customerCode": corrected.customer_code,
        "currencyCode": document.currency,
        "commit": False,
        "referenceCode": corrected.code,
        "taxOverride": _dated(corrected.date),
        "addresses": {name: _as_told(by_id[id]) for name, id in ends.items() if id in by_id},
        "lines": lines,
    }


def _as_told(address: Address) -> Doc:
    return address.model_dump(exclude_none=True, exclude={"id"}, by_alias=True)
