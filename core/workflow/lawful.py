"""What the tax table says of a document that somebody else has taxed: a second way to the same figure."""

from __future__ import annotations

from decimal import Decimal

from core.billing.tax import TaxTable
from core.db.tables import Customer, Document, LegalEntity
from core.ports import Place, TaxQuestion


def lawful_percents(
    table: TaxTable, row: Document, customer: Customer | None, entity: LegalEntity | None
) -> tuple[Decimal, ...] | None:
    """The rates that may stand on it; None without seller or country of the buyer."""
    country = row.bill_to_country or (customer.country if customer else None)
    if entity is None or country is None:
        return None
    # The region is the CRM's; an invoice that goes to another country goes to another region.
    region = customer.region if customer and country == customer.country else None
    sale = TaxQuestion(
        key="",
        kind=row.kind,
        entity=entity.code,
        customer_ref="",
        currency=row.currency,
        tax_date=row.issue_date,
        seller=Place(entity.country, entity.region),
        buyer=Place(country, region),
        lines=(),
        buyer_tax_id=row.tax_id,
        is_exempt=customer is not None and customer.is_tax_exempt,
    )
    return table.percents(sale)
