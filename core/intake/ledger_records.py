"""The records that one good row of a ledger file stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from core.canonical import CustomerRecord, DisputeRecord, DocumentLineRecord, InvoiceRecord, PaymentRecord
from core.kit.money import to_decimal

SOURCE = "import"


@dataclass(frozen=True, slots=True)
class Item:
    """One good row; `row` is its number in the file."""

    row: int
    customer: str
    name: str
    number: str
    issued: date
    due: date
    currency: str
    total_minor: int
    settled: date | None
    paid_minor: int
    is_disputed: bool
    entity: str | None


def customers_of(items: Iterable[Item]) -> Iterator[CustomerRecord]:
    """A customer of several names, or entities, is called as on its latest invoice, however the rows are sorted."""
    latest: dict[str, Item] = {}
    for item in items:
        latest[item.customer] = max(latest.get(item.customer, item), item, key=_age)
    for item in latest.values():
        yield CustomerRecord(
            source=SOURCE,
            source_ref=item.customer,
            crm_ref=None,
            number=item.customer,
            name=item.name,
            entity=item.entity,
            currency=item.currency,
        )


def _age(item: Item) -> tuple[bool, date, str]:
    return item.name != item.customer, item.issued, item.number


def invoice_of(item: Item) -> InvoiceRecord:
    line = DocumentLineRecord(
        product_code=None,
        description="As imported",
        quantity=Decimal(1),
        unit_price=to_decimal(item.total_minor, item.currency),
        amount_minor=item.total_minor,
        discount_minor=0,
        tax_minor=0,
        period_start=None,
        period_end=None,
    )
    return InvoiceRecord(
        source=SOURCE,
        source_ref=item.number,
        number=item.number,
        status="paid" if item.settled and item.paid_minor == item.total_minor else "open",
        customer_ref=item.customer,
        customer_name=item.name,
        contract_number=None,
        entity=item.entity,
        currency=item.currency,
        issue_date=item.issued,
        due_date=item.due,
        period_start=None,
        period_end=None,
        lines=(line,),
        subtotal_minor=item.total_minor,
        discount_minor=0,
        tax_minor=0,
        total_minor=item.total_minor,
        po_number=None,
        tax_id=None,
        bill_to=None,
        bill_to_country=None,
        collection_method=None,
    )


def payment_of(item: Item) -> PaymentRecord:
    return PaymentRecord(
        source=SOURCE,
        source_ref=item.number,
        invoice_ref=item.number,
        customer_ref=item.customer,
        currency=item.currency,
        amount_minor=item.paid_minor,
        received_on=item.settled or item.issued,
        method="other",
    )


def dispute_of(item: Item) -> DisputeRecord:
    """The file says only that there was one: it counts as opened on the day of issue and ended by full payment."""
    is_over = item.settled is not None and item.paid_minor == item.total_minor
    return DisputeRecord(
        source=SOURCE,
        source_ref=item.number,
        kind="customer",
        number=None,
        invoice_ref=item.number,
        invoice_number=item.number,
        payment_ref=None,
        customer_ref=item.customer,
        reason="other",
        sentence=None,
        currency=item.currency,
        amount_minor=item.total_minor,
        state="withdrawn" if is_over else "open",
        opened_at=datetime.combine(item.issued, time(), UTC),
        due_at=None,
        closed_at=datetime.combine(item.settled, time(), UTC) if is_over and item.settled else None,
    )
