"""An invoice that nobody owes, to see what the letterhead of a legal entity looks like."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from core.billing.tax import TaxTable
from core.db.tables import LegalEntity
from core.documents.paper import file_name, render_invoice
from core.kit.errors import NotFound
from core.kit.money import to_minor
from core.ports import LedgerDocument, LedgerLine, LineTax, Party, Place, TaxableLine, TaxLine, TaxQuestion
from core.runtime import Runtime
from core.workflow.actors import Actor
from core.workflow.ledger_documents import seller_of
from core.workflow.papers import Paper

_BUYER = Party("Sample Customer", ("1 Example Street", "Sampletown"), None, "accounts@customer.example")
_SEATS, _PRICE, _TERMS = Decimal(40), Decimal(25), timedelta(days=30)


def sample_paper(runtime: Runtime, actor: Actor, code: str) -> Paper:
    """Raises NotFound for an entity that is not the reader's."""
    with runtime.reading() as session:
        entity = session.get(LegalEntity, code)
        if entity is None or not actor.may_see(code):
            raise NotFound("This legal entity")
        document = _sample(entity, runtime.now().date())
    return Paper(file_name(document), render_invoice(document))


def _sample(entity: LegalEntity, today: date) -> LedgerDocument:
    first = today.replace(day=1)
    end = (first + timedelta(days=31)).replace(day=1)
    net = to_minor(_SEATS * _PRICE, entity.currency)
    taxes = _taxes(entity, net, today)
    tax, percent = sum(each.tax_minor for each in taxes), sum((each.percent for each in taxes), Decimal(0))
    line = LedgerLine("SAMPLE", "Sample subscription, seats", _SEATS, net, tax, percent, _PRICE, 0, first, end)
    return LedgerDocument(
        key=f"sample_{entity.code}",
        kind="invoice",
        number="SAMPLE",
        entity=entity.code,
        customer_ref="",
        currency=entity.currency,
        issue_date=today,
        due_date=today + _TERMS,
        po_number=None,
        memo="",
        lines=(line,),
        total_minor=net + tax,
        period_start=first,
        period_end=end,
        terms_days=_TERMS.days,
        taxes=tuple([_told(each) for each in taxes]),
        seller=seller_of(entity),
        buyer=_BUYER,
        payment_instructions=entity.payment_instructions,
    )


def _taxes(entity: LegalEntity, net: int, today: date) -> tuple[LineTax, ...]:
    """As for a customer in the same country, by the built-in rates."""
    here = Place(entity.country, entity.region)
    lines = (TaxableLine("1", "SAMPLE", net),)
    question = TaxQuestion(
        f"sample_{entity.code}", "invoice", entity.code, "", entity.currency, today, here, here, lines, entity.tax_id
    )
    return TaxTable({}).calculate(question).taxes


def _told(tax: LineTax) -> TaxLine:
    return TaxLine(tax.jurisdiction, tax.name, tax.percent.normalize(), tax.taxable_minor, tax.tax_minor, tax.reason)
