"""A document as it is posted to the ledger and sent to the customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from babel import Locale

from core.access.view_links import links_of, signing_key, token_of
from core.db.tables import Customer, Document, DocumentLine, DocumentTax, LegalEntity
from core.documents import store as documents
from core.documents.issued import taxes_of
from core.documents.model import HOUSE, natural_key
from core.parties import store as parties
from core.ports import LedgerDocument, LedgerLine, Party, TaxLine
from core.posting.model import PAYMENTS
from core.workflow.context import Context

_NO_TAX = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Around:
    """What a batch of documents has in common."""

    lines: Mapping[UUID, Sequence[DocumentLine]]
    taxes: Mapping[UUID, Sequence[DocumentTax]]
    customers: Mapping[UUID, Customer]
    crm_refs: Mapping[str, str]
    payer_refs: Mapping[str, str]
    entities: Mapping[str, LegalEntity]
    corrected: Mapping[UUID, tuple[str, str | None, str]]
    key: bytes
    link_generations: Mapping[UUID, int]


def ledger_documents(ctx: Context, rows: Iterable[Document]) -> dict[UUID, LedgerDocument]:
    """Net lines with their tax, under the document's natural key; of the house's own all that a customer is told."""
    every = list(rows)
    around = _around(ctx, every)
    return {row.id: _with_letter(row, around) if row.source == HOUSE else _posted(row, around) for row in every}


def _around(ctx: Context, rows: list[Document]) -> _Around:
    session, ids = ctx.session, [row.id for row in rows]
    customers = [str(row.customer_id) for row in rows if row.customer_id]
    own = [row for row in rows if row.source == HOUSE]
    return _Around(
        lines=documents.lines_of(session, ids),
        taxes=taxes_of(session, [row.id for row in own]) if own else {},
        customers=parties.customers(session, [row.customer_id for row in own if row.customer_id]),
        crm_refs=parties.external_refs(session, "customer", parties.CRM, customers),
        payer_refs=parties.external_refs(session, "customer", PAYMENTS, customers) if own else {},
        entities=parties.entities(session) if own else {},
        corrected=_corrected(ctx, own),
        key=signing_key(session) if own else b"",
        link_generations={id: link.generation for id, link in links_of(session, [row.id for row in own]).items()},
    )


def _corrected(ctx: Context, rows: list[Document]) -> dict[UUID, tuple[str, str | None, str]]:
    """Number of each invoice that is corrected, its id at the payment platform, and the key that it went out under."""
    ids = [row.corrects_id for row in rows if row.corrects_id]
    if not ids:
        return {}
    links = parties.external_refs(ctx.session, "document", PAYMENTS, [str(id) for id in ids])
    refs = {id: links[str(id)].removeprefix("invoice:") for id in ids if str(id) in links}
    found = documents.load(ctx.session, ids)
    there = {id: row.source_ref for id, row in found.items() if row.source == PAYMENTS}
    return {
        id: (row.number, refs.get(id) or there.get(id), natural_key(row.source, row.source_ref))
        for id, row in found.items()
    }


def _posted(row: Document, around: _Around) -> LedgerDocument:
    return LedgerDocument(
        key=natural_key(row.source, row.source_ref),
        kind=row.kind,
        number=row.number,
        entity=row.entity or "",
        customer_ref=around.crm_refs.get(str(row.customer_id), ""),
        currency=row.currency,
        issue_date=row.issue_date,
        due_date=row.due_date,
        po_number=row.po_number,
        memo=f"{row.number} {row.contract_number or ''}".strip(),
        lines=tuple([_line(line, row) for line in around.lines[row.id]]),
        total_minor=abs(row.total_minor),
    )


def _line(line: DocumentLine, row: Document) -> LedgerLine:
    net = line.amount_minor - line.discount_minor
    percent = (Decimal(line.tax_minor * 100) / net).quantize(Decimal("0.1")) if net else _NO_TAX
    if row.source != HOUSE:
        return LedgerLine(line.product_code or "", line.description, line.quantity, net, line.tax_minor, percent)
    span = service_days(line, row)
    return LedgerLine(
        product_code=line.product_code or "",
        description=line.description,
        quantity=line.quantity,
        net_minor=net,
        tax_minor=line.tax_minor,
        tax_percent=percent if line.tax_percent is None else line.tax_percent.normalize(),
        unit_price=line.unit_price,
        discount_minor=line.discount_minor,
        period_start=line.period_start,
        period_end=line.period_end,
        arithmetic=line.arithmetic,
        recognise_from=span[0] if span else None,
        recognise_until=span[1] if span else None,
        is_deferred=span is not None,
    )


def service_days(line: DocumentLine, row: Document) -> tuple[date, date] | None:
    """First and last day on which a prepaid line is earned; None when it is earned by the month of its issue."""
    first, end = line.period_start, line.period_end
    if first is None or end is None or end <= first or not line.amount_minor - line.discount_minor:
        return None
    last = end - timedelta(days=1)
    is_later = (last.year, last.month) > (row.issue_date.year, row.issue_date.month)
    return (first, last) if is_later else None


def _with_letter(row: Document, around: _Around) -> LedgerDocument:
    entity = around.entities.get(row.entity or "")
    customer = around.customers.get(row.customer_id) if row.customer_id else None
    nothing = (None, None, None)
    number, ref, key = around.corrected.get(row.corrects_id, nothing) if row.corrects_id else nothing
    return replace(
        _posted(row, around),
        document_id=str(row.id),
        contract_number=row.contract_number,
        period_start=row.period_start,
        period_end=row.period_end,
        terms_days=None if row.kind == "credit_memo" else (row.due_date - row.issue_date).days,
        taxes=tuple([_tax(each) for each in around.taxes.get(row.id, ())]),
        seller=seller_of(entity) if entity else None,
        buyer=_buyer(row, customer),
        payment_instructions=entity.payment_instructions if entity else None,
        pays_by=customer.pays_by if customer else "transfer",
        payer_ref=around.payer_refs.get(str(row.customer_id)),
        corrects_ref=ref,
        corrects_number=number,
        corrects_key=key,
        view_token=token_of(around.key, row.id, around.link_generations.get(row.id, 0)),
    )


def _tax(row: DocumentTax) -> TaxLine:
    return TaxLine(row.jurisdiction, row.name, row.percent.normalize(), row.taxable_minor, row.tax_minor, row.reason)


def seller_of(entity: LegalEntity) -> Party:
    address = (*_address_lines(entity.address), _country(entity.country))
    return Party(entity.name, tuple(filter(None, address)), entity.tax_id, entity.email)


def _buyer(row: Document, customer: Customer | None) -> Party:
    address = _address_lines(row.bill_to or (customer.address if customer else None))
    country = _country(row.bill_to_country or (customer.country if customer else None))
    is_told = bool(address) and address[-1] in (country, row.bill_to_country)
    lines = (*address[:-1], country) if is_told else (*address, country)
    tax_id = row.tax_id or (customer.tax_id if customer else None)
    return Party(row.customer_name, tuple(filter(None, lines)), tax_id, customer.email if customer else None)


def _address_lines(address: str | None) -> tuple[str, ...]:
    """Stored on one line with commas, or as lines."""
    parts = (address or "").splitlines() if "\n" in (address or "") else (address or "").split(", ")
    return tuple(part.strip() for part in parts if part.strip())


def _country(code: str | None) -> str:
    return str(Locale("en").territories.get(code or "", code or ""))


def for_ledger(document: LedgerDocument) -> LedgerDocument:
    """Without what only a customer is told: the books need no letterhead, and 500 of these are written at once."""
    lines = tuple([replace(line, arithmetic=None) for line in document.lines])
    return replace(
        document,
        lines=lines,
        taxes=(),
        seller=None,
        buyer=None,
        payment_instructions=None,
        payer_ref=None,
        view_token=None,
    )
