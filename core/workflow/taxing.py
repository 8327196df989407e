"""Tax of what the house drafts: the built-in table answers at once; an engine outside is asked by a job later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from core.billing.tax import TaxTable
from core.db.tables import Customer, Document, DocumentLine, LegalEntity
from core.documents.model import HOUSE, natural_key
from core.ports import Place, TaxableLine, TaxAnswer, TaxQuestion
from core.workflow.context import Context
from core.workflow.due import Due, DueLine

TABLE = "table"


@dataclass(frozen=True, slots=True)
class Taxed:
    """`rows`: columns of `document_taxes` beside the document; `lines`: tax and percent per position."""

    engine: str
    rows: Sequence[dict[str, Any]] = ()
    lines: Mapping[int, tuple[int, Decimal | None]] = field(default_factory=dict)

    @property
    def is_determined(self) -> bool:
        return bool(self.rows)

    @property
    def total_minor(self) -> int:
        return sum(tax for tax, _ in self.lines.values())

    def of_line(self, position: int) -> tuple[int, Decimal | None]:
        return self.lines.get(position, (0, None))


def engine_of(ctx: Context, entity: LegalEntity) -> str:
    """Which engine taxes what this entity sells: as the setting says, else as it is stored with the entity."""
    return ctx.tax.engines.get(entity.code, entity.tax_engine)


def tax_lines(ctx: Context, due: Due, lines: Sequence[DueLine], ref: str) -> Taxed:
    """Under the law of today: the day of the draft, which is that of the release unless somebody waits. An engine
    outside is not asked here: nothing is called within a transaction."""
    assert due.customer is not None and due.entity is not None
    engine = engine_of(ctx, due.entity)
    if engine != TABLE:
        return Taxed(engine)
    taxable = [
        TaxableLine(str(position), each.line.product_code, each.line.net_minor, each.line.description)
        for position, each in enumerate(lines, start=1)
    ]
    sale = Sale(ref, due.customer, due.entity, due.contract.currency, ctx.now.date())
    return taxed(TABLE, ctx.tax.table.calculate(question(sale, taxable)))


@dataclass(frozen=True, slots=True)
class Sale:
    """A document of the house as far as tax goes; `ref` is its stable id."""

    ref: str
    customer: Customer
    entity: LegalEntity
    currency: str
    day: date
    # What a person put right on the document itself.
    corrections: Mapping[str, Any] = field(default_factory=dict)


def question(sale: Sale, lines: Sequence[TaxableLine]) -> TaxQuestion:
    """Under the key that the document is delivered with, so that what was asked can be committed later."""
    customer, entity = sale.customer, sale.entity
    facts = _facts_of(customer, sale.corrections)
    return TaxQuestion(
        key=natural_key(HOUSE, sale.ref),
        kind="invoice",
        entity=entity.code,
        customer_ref=str(customer.id),
        currency=sale.currency,
        tax_date=sale.day,
        seller=Place(entity.country, entity.region, None, None, entity.address),
        buyer=replace(place_of(customer, entity), line=facts["bill_to"]),
        lines=tuple(lines),
        seller_tax_id=entity.tax_id,
        buyer_tax_id=facts["tax_id"],
        is_exempt=customer.is_tax_exempt,
    )


def buyer_facts(row: Document, customer: Customer) -> dict[str, str | None]:
    """What an invoice of the house says of its buyer: as a person corrected it, else as the CRM says."""
    return _facts_of(customer, row.corrections)


def _facts_of(customer: Customer, corrections: Mapping[str, Any]) -> dict[str, str | None]:
    known = {"tax_id": customer.tax_id, "bill_to": customer.address, "bill_to_country": customer.country}
    return known | {name: corrections[name] for name in known if name in corrections}


def stored_question(
    row: Document, lines: Sequence[DocumentLine], customer: Customer, entity: LegalEntity, *, day: date | None = None
) -> TaxQuestion:
    """Of a draft that is in the store already; `day`: of the tax, when it is not that of the draft."""
    taxable = [
        TaxableLine(
            str(line.position), line.product_code or "", line.amount_minor - line.discount_minor, line.description
        )
        for line in lines
    ]
    sale = Sale(row.source_ref, customer, entity, row.currency, day or row.issue_date, row.corrections)
    return question(sale, taxable)


def tax_gap(table: TaxTable, row: Document, customer: Customer | None, entity: LegalEntity | None) -> str | None:
    """Why the built-in table cannot say the tax of a draft that it is to tax; None when it can."""
    if row.tax_engine != TABLE or row.is_issued or customer is None or entity is None:
        return None
    return table.unclear(stored_question(row, (), customer, entity))


def place_of(customer: Customer, entity: LegalEntity) -> Place:
    """Without a country of its own a customer is taken to be where its seller is; a rule asks for the address."""
    return Place(customer.country or entity.country, customer.region, customer.postal_code, None, customer.address)


def taxed(engine: str, answer: TaxAnswer) -> Taxed:
    """An answer as rows: one per jurisdiction, rate and reason, and what each line bears."""
    groups: dict[tuple[str, str, Decimal, str], list[int]] = {}
    lines: dict[int, tuple[int, Decimal | None]] = {}
    for tax in answer.taxes:
        sums = groups.setdefault((tax.jurisdiction, tax.name, tax.percent, tax.reason), [0, 0])
        sums[0] += tax.taxable_minor
        sums[1] += tax.tax_minor
        before, percent = lines.get(int(tax.line_key), (0, Decimal(0)))
        lines[int(tax.line_key)] = (before + tax.tax_minor, (percent or Decimal(0)) + tax.percent)
    rows = [
        {
            "position": position,
            "jurisdiction": jurisdiction,
            "name": name,
            "percent": percent,
            "taxable_minor": taxable,
            "tax_minor": tax_minor,
            "reason": reason,
        }
        for position, ((jurisdiction, name, percent, reason), (taxable, tax_minor)) in enumerate(groups.items(), 1)
    ]
    return Taxed(engine, rows, lines)
